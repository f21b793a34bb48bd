/** The demo shop with the same description save one word, from cdk8s' files and by `meshspan remote-secrets`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { MeshDescription } from "../../src";
import { remoteSecretName } from "../../src/core/objects/remoteSecrets";
import { parsed } from "../cli/run";
import { certificatesFolder, installCdk8s } from "./cdk8sMesh";
import { eventually } from "./eventually";
import { Lab, workFolder } from "./lab";
import { Operator } from "./operator";
import { firstPage, labShop, showCalls } from "./shop";

const shop = labShop(2);
const description: MeshDescription = { ...shop.description, distribution: "endpoints" };
const file = join(workFolder, "mesh.yaml");

let lab: Lab;
let operator: Operator;

beforeAll(async () => {
  lab = await Lab.start({
    clusters: description.clusters,
    name: "endpointsShop",
    openApiServers: true,
  });
  await installCdk8s(lab, { ...shop, description });
  writeFileSync(file, stringify(description));
  operator = await Operator.arrive(lab, "198.51.100.1");
}, 400_000);

afterAll(() => lab.stop());

const remoteSecrets = (...args: readonly string[]) =>
  operator.meshspan(["remote-secrets", "--file", file, ...args]);

const readings = [
  { cluster: "east", peer: "west" },
  { cluster: "west", peer: "east" },
];

it("says that no control plane reads another cluster yet: files have no token", async () => {
  const run = await eventually("istiods that are ready", async () => {
    const said = await remoteSecrets("--output", "json");
    return said.status === 1 && said.stdout !== "" && parsed("remote-secrets", said.stdout);
  });
  expect(run.found).toMatchObject({
    ok: false,
    readings: readings.map((reading) => ({ ...reading, state: "unknown" })),
  });
});

it("has every call of the shop arrive once it's applied, through gateways, with the identities of both ends", async () => {
  const run = await remoteSecrets("--apply");
  expect(run).toMatchObject({ status: 0 });
  expect(run.stdout).toContain("every control plane reads the clusters that it calls");
  await firstPage(lab);
  const crossing = shop.calls.filter(({ crosses }) => crosses);
  expect(crossing).toHaveLength(9);
  await showCalls(lab, crossing);
});

it("changes nothing when it's applied again", async () => {
  const run = await remoteSecrets("--apply", "--output", "json");
  const { applied, ok } = parsed("remote-secrets", run.stdout);
  expect(ok).toBe(true);
  expect(new Set(applied.map(({ action }: any) => action))).toEqual(new Set(["unchanged"]));
});

/** What `status` says that isn't fine. */
async function complaints(): Promise<readonly string[]> {
  const args = ["status", "--file", file, "--certs", certificatesFolder, "--output", "json"];
  const { findings } = parsed("status", (await operator.meshspan(args)).stdout);
  return findings
    .filter(({ state }: any) => state === "error")
    .map(({ cluster, code, subject }: any) => `${cluster} ${code} ${subject}`);
}

it("has a status without a fault, which names the cluster that isn't read when its secret goes", async () => {
  await eventually("a status without a fault", async () => {
    const found = await complaints();
    return found.length === 0 || Promise.reject(new Error(found.join("; ")));
  });
  const east = lab.cluster("east");
  const name = remoteSecretName("west");
  await east.delete({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "istio-system" },
  });
  await eventually("a complaint", async () =>
    (await complaints()).some((text) => text.startsWith("east peer_not_read")),
  );
  expect(await remoteSecrets("--apply")).toMatchObject({ status: 0 });
  await firstPage(lab);
}, 600_000);
