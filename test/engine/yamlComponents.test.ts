/** examples/pulumi-yaml-components: single components of a program in another language, on the real engine over real API servers. */
import { planMesh, safeParseMeshYaml } from "../../src";
import type { TestCluster } from "./cluster";
import { differencesFromPlan, fromCharts } from "./meshStack";
import { exampleFile, plannedNames, startExampleClusters, YamlProject } from "./yamlProject";

const example = "pulumi-yaml-components";
const parsed = safeParseMeshYaml(exampleFile(example, "mesh.yaml"));
if (!parsed.ok) throw new Error("the example's description is faulty");
const whole = planMesh(parsed.mesh);
/** What single components make: namespaces of workloads are `Mesh`'s. */
const plan = {
  ...whole,
  clusters: whole.clusters.map(({ objects, ...cluster }) => ({
    ...cluster,
    objects: objects.filter(({ component }) => component !== "Mesh"),
  })),
};
const bankNamespace = /^core\/Namespace\/\/bank$/;

jest.setTimeout(240_000);

let project: YamlProject;
let clusters: readonly TestCluster[];

beforeAll(async () => {
  clusters = await startExampleClusters();
  const bank = { apiVersion: "v1", kind: "Namespace", metadata: { name: "bank" } };
  for (const { api } of clusters) await api.post("/api/v1/namespaces", bank);
  project = await YamlProject.start(example, clusters);
});

afterAll(async () => {
  await Promise.all(clusters.map((cluster) => cluster.stop()));
  project.remove();
});

it("previews every object of the components, before any address is known", async () => {
  const planned = plannedNames(plan);
  const previewed = await project.previewedNames();
  expect(planned.length).toBeGreaterThan(20);
  expect(planned.filter((name) => !previewed.includes(name))).toEqual([]);
});

it("says every fault of a component with its place, and makes nothing", async () => {
  await project.previewFails(
    ({ gatewayDublin }) => {
      gatewayDublin.properties.cluster = "dubln";
    },
    /gatewayDublin has 1 fault/,
    /cluster: the mesh has no cluster "dubln": did you mean "dublin"\?/,
  );
  await project.previewFails(({ ledger }) => {
    delete ledger.properties.gatewayAddresses.dublin;
  }, /gatewayAddresses\.dublin: nothing says where the gateway of "dublin" is reached/);
  await project.previewFails(
    ({ ledger }) => {
      ledger.properties.name = "ledger";
      ledger.properties.namespace = "bank";
    },
    /ledger has 2 faults/,
    /name: service says which service it is/,
  );
});

it("makes what is planned, once, and nothing else", async () => {
  await project.pulumi("up", "--yes", "--skip-preview");
  for (const cluster of clusters)
    expect(await differencesFromPlan(plan, cluster, [...fromCharts, bankNamespace])).toEqual([]);
  const { ledger, gateways, rootCertificate } = JSON.parse(
    (await project.pulumi("stack", "output", "--json")).stdout,
  );
  expect(ledger).toBe("ledger.bank.global");
  expect(rootCertificate).toContain("BEGIN CERTIFICATE");
  // What the gateway in Dublin was given is what callers in Frankfurt dial.
  const [frankfurt] = clusters;
  const entry = [...(await frankfurt!.snapshot())].find(([key]) => key.includes("ServiceEntry"));
  expect(entry?.[1].spec.endpoints[0].address).toBe(gateways.dublin);

  await project.pulumi("preview", "--expect-no-changes");
});

it("has one provider for each cluster, and what components share below it, once", async () => {
  const state = (await project.pulumi("stack", "export")).stdout;
  const { deployment } = JSON.parse(state) as {
    readonly deployment: {
      readonly resources: readonly {
        readonly urn: string;
        readonly type: string;
        readonly parent?: string;
      }[];
    };
  };
  const named = (type: string) =>
    deployment.resources.filter((resource) => resource.type === type).map(({ urn }) => urn);
  const short = (urn = "") => urn.split("::").slice(2).join("::");
  expect(named("pulumi:providers:kubernetes").map(short).sort()).toEqual(
    ["dublin", "frankfurt"].map(
      (name) => `meshspan:index:ExistingCluster$pulumi:providers:kubernetes::${name}`,
    ),
  );
  const shared = deployment.resources.filter(({ type }) => type.endsWith(":SharedObject"));
  expect(shared.map(({ urn }) => short(urn).split("::")[1]).sort()).toEqual([
    "bank/dublin/istio-eastwest",
    "bank/dublin/istio-system",
    "bank/dublin/kube-system/coredns",
    "bank/frankfurt/istio-eastwest",
    "bank/frankfurt/istio-system",
  ]);
  for (const { parent } of shared)
    expect(short(parent)).toMatch(/^meshspan:index:ExistingCluster::/);
  for (const { kubeconfig } of clusters)
    expect(state).not.toContain(JSON.stringify(kubeconfig).slice(1, -1));
});

it("takes it all away, and leaves what was there", async () => {
  await project.pulumi("destroy", "--yes", "--skip-preview");
  const kept = [...fromCharts, bankNamespace];
  for (const cluster of clusters) {
    const left = await cluster.leftovers();
    expect(left.filter((key) => !kept.some((pattern) => pattern.test(key)))).toEqual([]);
    expect(left.filter((key) => bankNamespace.test(key))).toHaveLength(1);
  }
});

it("ends with what to do where a cluster can't be reached", async () => {
  const [frankfurt] = clusters;
  const nowhere = frankfurt!.kubeconfig.replaceAll(frankfurt!.server, "https://127.0.0.1:1");
  await project.pulumi("config", "set", "--secret", "frankfurtKubeconfig", nowhere);
  await expect(project.pulumi("up", "--yes", "--skip-preview")).rejects.toThrow(
    /of cluster frankfurt can't be made: the API server can't be reached/,
  );
});
