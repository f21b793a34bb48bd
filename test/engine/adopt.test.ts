/** Objects that were made by hand become the mesh's: in place, after they were read into a description. */
import { importMesh, type Manifest } from "../../src";
import { differencesFromPlan, fromCharts, type MeshStack, startMesh } from "./meshStack";
import { steps } from "./stack";

jest.setTimeout(180_000);

const path = (kind: string, name = "") =>
  `/apis/networking.istio.io/v1/namespaces/shop/${kind}/${name}`.replace(/\/$/, "");

/** As somebody applied it with kubectl, without server names and identities; pods of the service run in west. */
const entry: Manifest = {
  apiVersion: "networking.istio.io/v1",
  kind: "ServiceEntry",
  metadata: { name: "cart", namespace: "shop", labels: { team: "carts" } },
  spec: {
    hosts: ["cart.shop.global"],
    location: "MESH_INTERNAL",
    resolution: "DNS",
    addresses: ["240.7.7.7"],
    ports: [{ name: "grpc", number: 9090, protocol: "GRPC" }],
    endpoints: [{ address: "203.0.113.20", ports: { grpc: 15443 } }],
  },
};
const rule: Manifest = {
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: { name: "cart.global", namespace: "shop" },
  spec: { host: "cart.shop.global", trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } },
};
const workload: Manifest = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "cart", namespace: "shop" },
  spec: {
    selector: { matchLabels: { app: "cart" } },
    template: {
      metadata: { labels: { app: "cart" } },
      spec: { serviceAccountName: "carts", containers: [{ name: "app", image: "app" }] },
    },
  },
};

const imported = importMesh(
  { east: [entry, rule], west: [workload] },
  { name: "shop", gateways: { west: "203.0.113.20" } },
);
const { description } = imported;
const described = {
  ...description,
  clusters: {
    east: { ...description.clusters.east, gateway: { address: "203.0.113.10" } },
    west: { ...description.clusters.west },
  },
};

let mesh: MeshStack;
let before: readonly string[];

const uids = async (): Promise<readonly string[]> => {
  const { api } = mesh.clusters.east!;
  const found = await Promise.all([
    api.find(path("serviceentries", "cart")),
    api.find(path("destinationrules", "cart.global")),
  ]);
  return found.map(({ metadata }) => metadata.uid as string);
};

beforeAll(async () => {
  mesh = await startMesh(["east", "west"], { description: { ...described, services: {} } });
  // Istio and its kinds are there before anything is adopted.
  expect((await mesh.stack.up()).error).toBeUndefined();
  const { api } = mesh.clusters.east!;
  await api.post("/api/v1/namespaces", { metadata: { name: "shop" } });
  await api.post(path("serviceentries"), entry);
  await api.post(path("destinationrules"), rule);
  before = await uids();
});

afterAll(() => mesh.stop());

it("is told by the import what will change in place", () => {
  expect(
    imported.objects.map(({ object, state, changes }) => [
      object.replace(/^[^/]*\//, ""),
      state,
      ...changes.map((change) => change.path),
    ]),
  ).toEqual([
    ["ServiceEntry/shop/cart", "changed", "spec.resolution"],
    [
      "DestinationRule/shop/cart.global",
      "changed",
      "spec.trafficPolicy.connectionPool",
      "spec.trafficPolicy.tls.sni",
      "spec.trafficPolicy.tls.subjectAltNames",
    ],
    ["Deployment/shop/cart", "not_expressed"],
  ]);
});

it("takes nothing over unasked: a field of somebody else's is an error that says so", async () => {
  mesh.settings.description = described;
  const run = await mesh.stack.up();
  expect(run.error).toBeDefined();
  expect(`${run.error} ${run.output}`).toMatch(/adopt: true/);
  const { spec } = await mesh.clusters.east!.api.find(path("serviceentries", "cart"));
  expect(spec.resolution).toBe("DNS");
});

it("adopts the objects in place: they are the same ones, as planned, with what others added", async () => {
  mesh.settings.adopt = true;
  const run = await mesh.stack.up();
  expect(run.error).toBeUndefined();
  expect(steps(run).filter((step) => /^(?:delete|replace|create-replacement)/.test(step))).toEqual(
    [],
  );
  expect(await uids()).toEqual(before);
  for (const live of Object.values(mesh.clusters))
    expect(await differencesFromPlan(mesh.plan(), live, fromCharts)).toEqual([]);
  const { metadata } = await mesh.clusters.east!.api.find(path("serviceentries", "cart"));
  expect(metadata.labels.team).toBe("carts");
});

it("owns a field alone once it has changed it, and takes the objects down with the mesh", async () => {
  const cart = described.services!["cart.shop"]!;
  const { api } = mesh.clusters.east!;
  // Until then the field is also that of who made the object, since both had the same value.
  for (const [adopt, address] of [
    [true, "240.7.7.8"],
    [false, "240.7.7.9"],
  ] as const) {
    mesh.settings.adopt = adopt;
    const services = { "cart.shop": { ...cart, address } };
    mesh.settings.description = { ...described, services };
    expect((await mesh.stack.up()).error).toBeUndefined();
    expect(await uids()).toEqual(before);
    expect((await api.find(path("serviceentries", "cart"))).spec.addresses).toEqual([address]);
  }
  mesh.settings.description = { ...described, services: {} };
  expect((await mesh.stack.up()).error).toBeUndefined();
  expect(await api.find(path("serviceentries", "cart"))).toBeUndefined();
});
