/** What makes calls seen is made of other projects' kinds: their own definitions take every object of it, field by field. */
import { type Manifest, type MeshDescription, parseMesh, planMesh } from "../../src";
import { toLiteral } from "../../src/core/literals";
import { dryRun } from "./agreement/dryRun";
import { startCluster, type TestCluster } from "./cluster";

jest.setTimeout(120_000);

const base: MeshDescription = {
  name: "seen",
  trust: { issuer: "existing" },
  clusters: {
    east: { gateway: { address: "203.0.113.10" } },
    west: { gateway: { address: "203.0.113.20" }, dns: { mode: "coredns", address: "10.96.0.53" } },
  },
  services: {
    "cart.shop": {
      ports: [{ name: "grpc", port: 9090, protocol: "GRPC" }],
      serviceAccount: "cart",
      servedBy: ["east", "west"],
    },
  },
};

/** Objects of what is to be seen, of both clusters. */
function objectsOf(description: MeshDescription): readonly Manifest[] {
  return planMesh(parseMesh(description)).clusters.flatMap(({ objects }) =>
    objects
      .filter(({ stage }) => stage === "observability")
      .map(({ manifest }) => toLiteral(manifest)),
  );
}

let server: TestCluster;
beforeAll(async () => {
  server = await startCluster("observability", {
    ...{ crds: true, monitoring: true, anyNamespace: true },
  });
});
afterAll(() => server.stop());

it.each<[string, Partial<MeshDescription>]>([
  ["everything", { observability: true }],
  [
    "rules in a file, every call in the logs",
    { observability: { rules: "configMap", accessLogs: "all" } },
  ],
  [
    "a namespace and labels of one's own",
    { observability: { namespace: "monitoring", labels: { release: "kube-prometheus-stack" } } },
  ],
  ["a hub", { observability: true, distribution: "hub", istio: { image: "istio/pilot:1.31.0" } }],
  ["endpoints that are read", { observability: true, distribution: "endpoints" }],
])("every object is taken: %s", async (_, change) => {
  const objects = objectsOf({ ...base, ...change });
  expect(objects.length).toBeGreaterThan(4);
  expect(await dryRun(server.api, objects)).toEqual([]);
});

it("a field that a kind doesn't have, or a rule that is none, is refused", async () => {
  const objects = objectsOf({ ...base, observability: true });
  const broken = (kind: string, spec: object): Manifest => ({
    ...objects.find((one) => one.kind === kind)!,
    spec,
  });
  const refused = await dryRun(server.api, [
    broken("PodMonitor", { selector: {}, podMetricsEndpoints: [{ portName: "http" }] }),
    broken("PrometheusRule", { groups: [{ name: "one", rules: [{ alert: "NoExpression" }] }] }),
    broken("Telemetry", { accessLogs: [] }),
  ]);
  expect(refused).toHaveLength(3);
});
