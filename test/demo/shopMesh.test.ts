import { MeshError } from "../../src/core/issues";
import { lateValuesIn } from "../../src/core/late";
import { parseMesh } from "../../src/core/parse";
import { planMesh } from "../../src/core/plan";
import {
  defaultPlacement,
  shopClusters,
  shopMesh,
  type ShopMeshOptions,
  workloadNames,
} from "../../src/demo";

function issuesOf(
  make: () => unknown,
): readonly (readonly [path: string, code: string, hint: string])[] {
  try {
    make();
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    return error.issues.map(({ path, code, hint }) => [path.join("/"), code, hint]);
  }
  return [];
}

test("without options it is the shop on east and west", () => {
  const { description, workloads } = shopMesh();
  expect(description.name).toBe("shop");
  expect(Object.keys(description.clusters)).toEqual(["east", "west"]);
  expect(description.clusters.east).toEqual({
    provider: "existing",
    locality: "us-east1/us-east1-b",
    gateway: { address: "203.0.113.10" },
    dns: "proxy",
  });
  expect(description.clusters.west).toMatchObject({
    locality: "us-west1/us-west1-a",
    gateway: { address: "203.0.113.20" },
    dns: "proxy",
  });
  expect(Object.keys(workloads)).toEqual(["east", "west"]);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "the mesh of %i clusters is valid and waits for no cluster to be there",
  (count) => {
    const { description, workloads } = shopMesh({
      clusters: shopClusters(count),
      trust: { issuer: "existing" },
    });
    const plan = planMesh(parseMesh(description), { workloads });
    expect(plan.clusters).toHaveLength(count);
    expect(
      lateValuesIn(plan.clusters.flatMap(({ objects }) => objects.map(({ manifest }) => manifest))),
    ).toEqual([]);
    expect(plan.clusters.every(({ cluster }) => cluster.gateway.service === "LoadBalancer")).toBe(
      true,
    );
    expect(new Set(plan.clusters.map(({ cluster }) => cluster.gateway.address)).size).toBe(count);
  },
);

test("the same options give the same bytes", () => {
  expect(JSON.stringify(shopMesh())).toBe(JSON.stringify(shopMesh()));
});

test("clusters, placement, names and settings can be given", () => {
  const { description, calls } = shopMesh({
    clusters: { a: { provider: "kind" }, b: { provider: "kind", network: "lan" } },
    placement: defaultPlacement(["b", "a"]),
    name: "boutique",
    namespace: "shop",
    domain: "mesh.example",
    trustDomain: "example.org",
  });
  expect(description).toMatchObject({
    name: "boutique",
    domain: "mesh.example",
    trustDomain: "example.org",
  });
  expect(description.clusters).toEqual({
    a: { provider: "kind" },
    b: { provider: "kind", network: "lan" },
  });
  expect(parseMesh(description).services.map(({ host }) => host)).toContain(
    "redis-cart.shop.mesh.example",
  );
  expect(calls.find(({ env }) => env === "REDIS_ADDR")).toMatchObject({
    fromCluster: "b",
    host: "redis-cart.shop.mesh.example",
  });
});

test("a placement without clusters takes those default clusters that it names", () => {
  const { description } = shopMesh({ placement: { asia: workloadNames, north: [] } });
  expect(Object.keys(description.clusters)).toEqual(["north", "asia"]);
});

test.each<[string, ShopMeshOptions, readonly (readonly string[])[]]>([
  [
    "a cluster that isn't described",
    { clusters: { east: {} }, placement: { east: workloadNames, esat: [] } },
    [["placement/esat", "unknown_cluster", 'did you mean "east"?']],
  ],
  [
    "a cluster that isn't a default one",
    { placement: { oceanic: workloadNames } },
    [["placement/oceanic", "unknown_cluster", 'did you mean "oceania"?']],
  ],
  [
    "faults of both kinds",
    { placement: { est: workloadNames.slice(1) } },
    [
      ["placement", "unknown_placement", 'add it to one, such as "est"'],
      ["placement/est", "unknown_cluster", 'did you mean "east"?'],
    ],
  ],
  [
    "an empty placement",
    { placement: {} },
    [
      [
        "placement",
        "unknown_placement",
        "write which workloads run in each: { east: [frontend, …] }",
      ],
    ],
  ],
])("%s is refused", (_, options, faults) => {
  expect(issuesOf(() => shopMesh(options))).toEqual(faults);
});

test.each([0, 9, 1.5])("there are no %d default clusters", (count) => {
  expect(issuesOf(() => shopClusters(count))).toEqual([
    ["count", "out_of_range", "use a whole number from 1 to 8"],
  ]);
});
