/** What goes wrong is said in words that help, within a minute, and without a stack trace. */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MeshDescription } from "../../src";
import { KindCluster, Mesh } from "../../src/pulumi";
import { type MeshStack, startMesh } from "./meshStack";
import { diagnostics, type Run, TestStack } from "./stack";

jest.setTimeout(120_000);

const waiting: MeshDescription = {
  name: "m",
  clusters: {
    a: { provider: "existing" },
    b: { provider: "existing", gateway: { address: "203.0.113.2" } },
  },
  services: {
    "cart.default": {
      ports: [{ name: "tcp", port: 6379, protocol: "TCP" }],
      serviceAccount: "cart",
      servedBy: ["a"],
      consumedBy: ["b"],
    },
  },
};

/** Nothing here has to wait for a load balancer. */
const nodePort: MeshDescription = {
  name: "m",
  clusters: {
    a: { provider: "existing", gateway: { service: "NodePort", address: "203.0.113.1" } },
  },
  services: {
    "cart.default": { ...waiting.services!["cart.default"]!, consumedBy: ["a"] },
  },
};

/** Seconds that an operation takes here anyway: what a machine is slow at isn't a failure's. */
let usual = 0;

function expectReadable(run: Run, message: RegExp): void {
  expect(run.error).toBeDefined();
  const said = diagnostics(run);
  expect(said).toMatch(message);
  expect(said).not.toMatch(/\n\s+at \S+ ?\(/);
  expect(run.seconds).toBeLessThan(60 + 2 * usual);
}

describe("with a cluster", () => {
  let mesh: MeshStack;
  beforeAll(async () => {
    mesh = await startMesh(["a", "b"], { description: nodePort }, { loadBalancerRange: "none" });
    usual = (await mesh.stack.preview()).seconds;
  });
  afterAll(() => mesh.stop());

  it("an API server that nobody listens at", async () => {
    const { kubeconfig, server } = mesh.clusters.a!;
    mesh.settings.kubeconfigs = { a: kubeconfig.replace(server, "https://127.0.0.1:9") };
    expectReadable(
      await mesh.stack.up(),
      /Namespace .* of cluster a can't be made: the API server can't be reached .*check that the cluster runs/,
    );
    await mesh.stack.destroy();
  });

  it("an API server that doesn't answer", async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const { kubeconfig, server } = mesh.clusters.a!;
    mesh.settings.kubeconfigs = { a: kubeconfig.replace(server, `https://127.0.0.1:${port}`) };
    expectReadable(await mesh.stack.up(), /the API server doesn't answer: no reply in 20 s/);
    silent.close();
    mesh.settings.kubeconfigs = {};
    await mesh.stack.destroy();
  });

  it("kinds that the cluster doesn't know", async () => {
    mesh.settings.description = nodePort;
    mesh.settings.args = { istio: { install: false } };
    expectReadable(
      await mesh.stack.up(),
      /doesn't know Istio's kinds. Install Istio's chart "base"/,
    );
    await mesh.stack.destroy();
  });

  it("an address that never arrives, and then does", async () => {
    mesh.settings.args = { gatewayTimeout: "5s" };
    mesh.settings.description = waiting;
    expectReadable(
      await mesh.stack.up(),
      /the load balancer has no address.*gateway\.service to NodePort/,
    );
    await mesh.clusters.a!.api.setLoadBalancer("istio-eastwest", "istio-eastwestgateway", {
      ip: "198.51.100.77",
    });
    await mesh.clusters.b!.api.setLoadBalancer("istio-eastwest", "istio-eastwestgateway", {
      ip: "198.51.100.78",
    });
    const again = await mesh.stack.up();
    expect(again.error).toBeUndefined();
    expect((await mesh.stack.outputs()).gatewayAddresses).toEqual({
      a: "198.51.100.77",
      b: "203.0.113.2",
    });
    const { spec } = await mesh.clusters.b!.api.find(
      "/apis/networking.istio.io/v1/namespaces/default/serviceentries/cart",
    );
    expect(spec.endpoints[0].address).toBe("198.51.100.77");
    expect((await mesh.stack.destroy()).error).toBeUndefined();
  });

  it("a field that somebody else manages: nothing is overwritten", async () => {
    const { api } = mesh.clusters.a!;
    const labels = { "istio-injection": "disabled" };
    await api.post("/api/v1/namespaces", { metadata: { name: "theirs", labels } });
    mesh.settings.description = nodePort;
    mesh.settings.workloads = {
      a: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace: "theirs" } }],
    };
    expectReadable(
      await mesh.stack.up(),
      /Namespace theirs of cluster a can't be made.*conflict.*somebody else/s,
    );
    expect((await api.find("/api/v1/namespaces/theirs")).metadata.labels).toMatchObject(labels);
    await mesh.stack.destroy();
  });

  it("a faulty description: every fault in one error, and no resource registered", async () => {
    mesh.settings.workloads = {};
    mesh.settings.description = { ...waiting, domain: "Global", trustDomain: "no/domain" };
    const run = await mesh.stack.preview();
    expectReadable(run, /m has 2 faults:[^]*description\.domain[^]*description\.trustDomain/);
    expect(run.error).not.toMatch(/\n\s+at \S+ ?\(/);
  });
});

it("a kind that isn't installed", async () => {
  const bin = mkdtempSync(join(tmpdir(), "meshspan-bin-"));
  for (const tool of ["sh", "env", "mktemp", "rm", "ps", "cat", "grep"])
    symlinkSync(`/usr/bin/${tool}`, join(bin, tool));
  const stack = await TestStack.create(() => {
    const clusters = { a: new KindCluster("m-a") };
    new Mesh("m", { description: { name: "m", clusters: { a: { provider: "kind" } } }, clusters });
    return Promise.resolve({});
  });
  const { path } = stack.plugins;
  const run = await stack.up({ env: { PATH: `${path}:${bin}` } });
  expectReadable(run, /kind isn't installed, or isn't on PATH: install it as https:\/\/kind\.sigs/);
  stack.remove();
  rmSync(bin, { recursive: true });
});
