/** What keeps the next stage of a root's replacement waiting. */
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { LiveCluster } from "../../src/live/liveCluster";
import { progressOf, type StageBarrier } from "../../src/live/rotation";
import { certificates } from "./status/soundMesh";

let server: Server;
let rootPem: string;
let chain: string;
beforeAll(async () => {
  const set = await certificates();
  rootPem = set.root.certificatePem;
  chain = set.clusters.east!["cert-chain.pem"];
  const bytes = (pem: string) => ({ inline_bytes: Buffer.from(pem).toString("base64") });
  const dump = {
    configs: [
      { secret: { validation_context: { trusted_ca: bytes(rootPem) } } },
      { secret: { tls_certificate: { certificate_chain: bytes(chain) } } },
    ],
  };
  server = createServer((_request, response) => response.end(JSON.stringify(dump)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => server.close());

/** A cluster with a proxy that trusts the root, and with lists that istiod wrote so many seconds ago. */
function clusterWith(lists: string, secondsAgo: number) {
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
  const pod = {
    metadata: { name: "web", namespace: "default", creationTimestamp: ago(9999) },
    spec: {
      containers: [{ name: "web" }, { name: "istio-proxy" }],
      volumes: [{ name: "istio-ca-crl", configMap: { name: "istio-ca-crl" } }],
    },
    status: { phase: "Running" },
  };
  const configMap = {
    metadata: {
      ...{ name: "istio-ca-crl", namespace: "default" },
      managedFields: [{ time: ago(secondsAgo) }],
    },
    data: { "ca-crl.pem": lists },
  };
  const live = {
    name: "east",
    list: (_version: string, kind: string) => Promise.resolve(kind === "Pod" ? [pod] : [configMap]),
    forward: () => Promise.resolve(connect((server.address() as AddressInfo).port, "127.0.0.1")),
  } as unknown as LiveCluster;
  return new Map([["east", live]]);
}

const stage = (changes: Partial<StageBarrier> = {}): StageBarrier => ({
  ...{ barrier: { kind: "trusts", root: "2027" }, rootPem, lists: undefined },
  ...changes,
});

it("is nothing, where proxies trust the next root", async () => {
  expect(await progressOf(clusterWith("", 0), stage())).toEqual([
    { cluster: "east", proxies: 1, behind: [] },
  ]);
});

it.each([
  ["lists that istiod doesn't hand out", "others", 9999, "istiod hasn't given its namespace these"],
  ["lists that kubelets may not have brought yet", "lists", 30, "its kubelet may take 120 s"],
])("is a proxy without the next CAs' lists: %s", async (_name, handedOut, ago, why) => {
  const [progress] = await progressOf(clusterWith(handedOut, ago), stage({ lists: "lists" }));
  expect(progress?.behind).toEqual([
    { cluster: "east", pod: "default/web", why: expect.stringContaining(why) },
  ]);
});

it("is no proxy that has them, nor any once the next root signs", async () => {
  const [reached] = await progressOf(clusterWith("lists", 200), stage({ lists: "lists" }));
  expect(reached?.behind).toEqual([]);
  const signing = stage({ lists: "lists", barrier: { kind: "signedBy", root: "2027" } });
  expect((await progressOf(clusterWith("others", 0), signing))[0]?.behind).not.toContainEqual(
    expect.objectContaining({ why: expect.stringContaining("lists") }),
  );
});
