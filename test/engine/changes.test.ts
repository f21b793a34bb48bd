/** What changes when a description does, and what doesn't. */
import type { MeshDescription } from "../../src";
import { differencesFromPlan, fromCharts, type MeshStack, startMesh } from "./meshStack";
import { steps } from "./stack";

jest.setTimeout(180_000);

const cluster = (address: string) => ({ provider: "existing" as const, gateway: { address } });
const service = (servedBy: readonly string[], consumedBy: readonly string[]) => ({
  ports: [{ name: "grpc", port: 9090, protocol: "GRPC" as const }],
  serviceAccount: "server",
  servedBy: [...servedBy],
  consumedBy: [...consumedBy],
});

const two: MeshDescription = {
  name: "shop",
  clusters: { east: cluster("203.0.113.10"), west: cluster("203.0.113.20") },
  services: {
    "cart.shop": service(["west"], ["east"]),
    "pay.shop": service(["west"], ["east"]),
  },
};

/** A third cluster that serves one of the services too. */
const three: MeshDescription = {
  ...two,
  clusters: { ...two.clusters, north: cluster("203.0.113.30") },
  services: { ...two.services, "cart.shop": service(["west", "north"], ["east"]) },
};

describe("a mesh on two clusters, and then on three", () => {
  let mesh: MeshStack;
  let rootBefore: string;
  beforeAll(async () => {
    mesh = await startMesh(["east", "west", "north"], { description: two });
    const up = await mesh.stack.up();
    expect(up.error).toBeUndefined();
    rootBefore = (await mesh.stack.outputs()).rootCertificate as string;
  });
  afterAll(() => mesh.stop());

  it("updates endpoints, and nothing else, with a gateway's new address", async () => {
    const moved = { ...two.clusters, west: cluster("203.0.113.21") };
    mesh.settings.description = { ...two, clusters: moved };
    const run = await mesh.stack.up();
    expect(run.error).toBeUndefined();
    expect(steps(run).map((step) => step.replace(/ .*\$/, " "))).toEqual([
      "update kubernetes:networking.istio.io/v1:ServiceEntry shop/east/shop/cart",
      "update kubernetes:networking.istio.io/v1:ServiceEntry shop/east/shop/pay",
    ]);
    mesh.settings.description = two;
    expect((await mesh.stack.up()).error).toBeUndefined();
  });

  it("replaces nothing when a kubeconfig rotates", async () => {
    const { kubeconfig } = mesh.clusters.west!;
    const rotated = kubeconfig.replace("name: test", "name: test\n    # rotated");
    expect(rotated).not.toBe(kubeconfig);
    const extra = kubeconfig.replace(/token: (.*)/, 'token: $1\n      as: ""');
    mesh.settings.kubeconfigs = { west: extra };
    const run = await mesh.stack.up();
    expect(run.error).toBeUndefined();
    const ops = new Set(steps(run).map((step) => step.split(" ")[0]));
    expect([...ops]).toEqual(["update"]);
    const kinds = steps(run).map((step) => step.replace(/^update (?:.*\$)?(\S+) .*$/, "$1"));
    expect(new Set(kinds)).toEqual(
      new Set(["pulumi:providers:kubernetes", "pulumi-nodejs:dynamic/meshspan:SharedObject"]),
    );
    mesh.settings.kubeconfigs = {};
    expect((await mesh.stack.up()).error).toBeUndefined();
  });

  it("changes exactly what refers to a cluster that joins", async () => {
    mesh.settings.description = three;
    const run = await mesh.stack.up();
    expect(run.error).toBeUndefined();
    const others = steps(run).filter(
      (step) => !/ (?:shop\/north\/|north$|shop-[a-z-]*north$)/.test(step),
    );
    expect(others.map((step) => step.replace(/ .*\$/, " "))).toEqual([
      // Who calls the service that it serves has one more endpoint.
      "update kubernetes:networking.istio.io/v1:DestinationRule shop/east/shop/cart.global",
      "update kubernetes:networking.istio.io/v1:ServiceEntry shop/east/shop/cart",
    ]);
    for (const live of Object.values(mesh.clusters))
      expect(await differencesFromPlan(mesh.plan(), live, fromCharts)).toEqual([]);
    expect((await mesh.stack.outputs()).rootCertificate).toBe(rootBefore);
  });

  it("leaves no trace of a cluster that goes", async () => {
    mesh.settings.description = two;
    const run = await mesh.stack.up();
    expect(run.error).toBeUndefined();
    expect(await mesh.clusters.north!.leftovers()).toEqual([]);
    for (const name of ["east", "west"]) {
      const live = mesh.clusters[name]!;
      expect(await differencesFromPlan(mesh.plan(), live, fromCharts)).toEqual([]);
      expect(JSON.stringify(await live.api.objects())).not.toMatch(/203\.0\.113\.30|north/);
    }
    expect(JSON.stringify(await mesh.stack.state())).not.toContain("north");
  });

  it("takes down namespaces that it made, and leaves those that were there", async () => {
    const { api } = mesh.clusters.east!;
    await api.post("/api/v1/namespaces", { metadata: { name: "older", labels: { team: "a" } } });
    const older = { ...two.services!["pay.shop"]! };
    mesh.settings.description = { ...two, services: { ...two.services, "pay.older": older } };
    const run = await mesh.stack.up();
    expect(run.error).toBeUndefined();
    mesh.settings.description = two;
    expect((await mesh.stack.up()).error).toBeUndefined();
    const { metadata } = await api.find("/api/v1/namespaces/older");
    expect(metadata.labels).toEqual({ team: "a", "kubernetes.io/metadata.name": "older" });
    expect(metadata.annotations).toBeUndefined();
    expect(await mesh.clusters.west!.api.find("/api/v1/namespaces/older")).toBeUndefined();
  });

  it("leaves a namespace that it made to those who work in it by now", async () => {
    const { api } = mesh.clusters.east!;
    const metadata = { name: "theirs", namespace: "shop" };
    const labels = { app: "theirs" };
    const containers = [{ name: "app", image: "app" }];
    await api.post("/apis/apps/v1/namespaces/shop/deployments", {
      metadata,
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      },
    });
    mesh.settings.description = { ...two, services: {} };
    expect((await mesh.stack.up()).error).toBeUndefined();
    expect(await api.find("/apis/apps/v1/namespaces/shop/deployments/theirs")).toBeDefined();
    expect(await mesh.clusters.west!.api.find("/api/v1/namespaces/shop")).toBeUndefined();
    const namespace = await api.find("/api/v1/namespaces/shop");
    expect(namespace.metadata.annotations).toBeUndefined();
  });
});
