/** The clusters too: `kind` is a program that remembers, the API servers in its place are real. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shopMesh } from "../../src/demo";
import { Mesh } from "../../src/pulumi";
import { type FakeKind, fakeKind } from "../fakeKind";
import { startCluster, type TestCluster } from "./cluster";
import { steps, TestStack } from "./stack";

jest.setTimeout(180_000);

const names = ["east", "west"];

describe("the demo shop on kind", () => {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-kind-"));
  const fake: FakeKind = fakeKind(folder);
  let servers: readonly TestCluster[];
  let stack: TestStack;
  beforeAll(async () => {
    servers = await Promise.all(names.map((name) => startCluster(name)));
    servers.forEach(({ name, kubeconfig }, index) => {
      fake.describe(`shop-${name}`, kubeconfig, `172.18.0.${index + 2}`);
    });
    const clusters = Object.fromEntries(names.map((name) => [name, { provider: "kind" as const }]));
    const { description, workloads } = shopMesh({ clusters });
    stack = await TestStack.create(
      () => {
        const mesh = new Mesh("shop", { description, workloads });
        return Promise.resolve({ addresses: mesh.gatewayAddresses, kubeconfigs: mesh.kubeconfigs });
      },
      fake.env,
      [fake.bin],
    );
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    stack.remove();
    rmSync(folder, { recursive: true });
  });

  it("shows every resource by its name before any cluster exists, and makes them", async () => {
    const preview = await stack.preview();
    expect(preview.error).toBeUndefined();
    expect(fake.calls()).toEqual([]);
    const up = await stack.up();
    expect(up.error).toBeUndefined();
    expect(steps(up)).toEqual(steps(preview));
    expect([...fake.calls()].sort()).toEqual(["create shop-east", "create shop-west"]);
  });

  it("dials gateways at the nodes' addresses, by a fixed port", async () => {
    expect((await stack.outputs()).addresses).toEqual({ east: "172.18.0.2", west: "172.18.0.3" });
    const entry = await servers[0]!.api.find(
      "/apis/networking.istio.io/v1/namespaces/default/serviceentries/redis-cart",
    );
    expect(entry.spec.endpoints).toEqual([
      { address: "172.18.0.3", ports: { "tcp-redis": 31443 } },
    ]);
    const service = await servers[1]!.api.find(
      "/api/v1/namespaces/istio-eastwest/services/istio-eastwestgateway",
    );
    expect(service.spec).toMatchObject({ type: "NodePort", ports: [{ nodePort: 31443 }] });
  });

  it("changes nothing the second time, and keeps credentials secret", async () => {
    expect(steps(await stack.up())).toEqual([]);
    for (const [where, text] of stack.everythingWritten()) {
      expect(`${where}: ${text.includes("token-of-the-administrator")}`).toBe(`${where}: false`);
    }
  });

  it("deletes the clusters when it's destroyed", async () => {
    expect((await stack.destroy()).error).toBeUndefined();
    expect(fake.clusters()).toEqual([]);
    for (const server of servers) expect(await server.leftovers()).toEqual([]);
  });
});
