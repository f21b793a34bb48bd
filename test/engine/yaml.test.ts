/** examples/pulumi-yaml: a program in another language, with the package as a plugin, on the real engine over real API servers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { planMesh, safeParseMeshYaml } from "../../src";
import type { TestCluster } from "./cluster";
import {
  exampleFile,
  plannedNames,
  repository,
  startExampleClusters,
  YamlProject,
} from "./yamlProject";

const example = "pulumi-yaml";
const description = exampleFile(example, "mesh.yaml");

jest.setTimeout(240_000);

let project: YamlProject;
let clusters: readonly TestCluster[];

beforeAll(async () => {
  clusters = await startExampleClusters();
  project = await YamlProject.start(example, clusters);
});

afterAll(async () => {
  await Promise.all(clusters.map((cluster) => cluster.stop()));
  project.remove();
});

it("gives the schema that is committed", async () => {
  const plugin = "./node_modules/.bin/pulumi-resource-meshspan";
  const { stdout } = await project.pulumi("package", "get-schema", plugin);
  const committed = readFileSync(join(repository, "schema/pulumi-package.json"), "utf8");
  expect(JSON.parse(stdout)).toEqual(JSON.parse(committed));
});

it("previews every object of the plan", async () => {
  const parsed = safeParseMeshYaml(description);
  if (!parsed.ok) throw new Error("the example's description is faulty");
  const planned = plannedNames(planMesh(parsed.mesh));
  const previewed = await project.previewedNames();
  expect(planned.length).toBeGreaterThan(20);
  expect(planned.filter((name) => !previewed.includes(name))).toEqual([]);
});

it("makes them, keeps credentials out of the state, and takes them away", async () => {
  await project.pulumi("up", "--yes", "--skip-preview");
  const { gatewayAddresses, services } = JSON.parse(
    (await project.pulumi("stack", "output", "--json")).stdout,
  );
  expect(Object.keys(gatewayAddresses).sort()).toEqual(["dublin", "frankfurt"]);
  expect(services["ledger.bank"].host).toBe("ledger.bank.global");
  const keys = [...(await clusters[0]!.snapshot()).keys()];
  expect(keys.filter((key) => key.includes("ServiceEntry")).length).toBeGreaterThan(0);

  const state = (await project.pulumi("stack", "export")).stdout;
  for (const { kubeconfig } of clusters)
    expect(state).not.toContain(JSON.stringify(kubeconfig).slice(1, -1));
  await project.pulumi("destroy", "--yes", "--skip-preview");
  for (const cluster of clusters)
    expect((await cluster.leftovers()).filter((key) => key.includes("istio.io/"))).toEqual([]);
});

it("says every fault with its place, and makes nothing", async () => {
  const fails = (change: (properties: any) => void, message: RegExp) =>
    project.previewFails(({ bank }) => change(bank.properties), message);
  await fails((properties) => {
    properties.yaml = description.replace("protocol: GRPC", "protocol: UDP");
  }, /yaml\.services\["ledger\.bank"\]\.ports\[0\]\.protocol: line \d+: /);
  await fails((properties) => {
    properties.clusters.dublin.kubeConfig = "typo";
  }, /kubeConfig/);
  await fails((properties) => {
    delete properties.clusters.dublin;
  }, /clusters\.dublin: the cluster is there already/);
});
