import { MeshError } from "../../src/core/issues";
import {
  defaultPlacement,
  onlineBoutique,
  placeShop,
  shopClusters,
  type ShopPort,
  workloadNames,
} from "../../src/demo";

const names = Object.keys(shopClusters(8));

function protocolsThatCross(count: number): readonly ShopPort["protocol"][] {
  const crossing = placeShop(defaultPlacement(names.slice(0, count))).calls.filter(
    ({ crosses }) => crosses,
  );
  return [...new Set(crossing.map(({ to }) => onlineBoutique[to].port.protocol))].sort();
}

test("one cluster runs everything, and nothing is global", () => {
  const placement = defaultPlacement(["one"]);
  expect(placement).toEqual({ one: workloadNames });
  expect(placeShop(placement).services).toEqual({});
});

test("two clusters are split as in the talk: the front, and what it calls elsewhere", () => {
  const placement = defaultPlacement(["east", "west"]);
  expect(placement).toEqual({
    east: [
      "frontend",
      "adservice",
      "cartservice",
      "checkoutservice",
      "currencyservice",
      "recommendationservice",
    ],
    west: [
      "redis-cart",
      "productcatalogservice",
      "shippingservice",
      "paymentservice",
      "emailservice",
      "loadgenerator",
    ],
  });
  expect(Object.keys(placeShop(placement).services)).toEqual([
    "emailservice.default",
    "frontend.default",
    "paymentservice.default",
    "productcatalogservice.default",
    "redis-cart.default",
    "shippingservice.default",
  ]);
});

describe.each([2, 3, 4, 5, 6, 7, 8])("over %i clusters", (count) => {
  const placement = defaultPlacement(names.slice(0, count));
  const timesPlaced = (name: string) =>
    Object.values(placement).filter((listed) => listed.some((each) => each === name)).length;

  test("HTTP, gRPC and Redis cross", () => {
    expect(protocolsThatCross(count)).toEqual(["GRPC", "HTTP", "TCP"]);
  });

  test("every cluster runs something, and the first is the shop front", () => {
    expect(Object.keys(placement)).toEqual(names.slice(0, count));
    expect(Object.values(placement).every((listed) => listed.length > 0)).toBe(true);
    expect(placement.east).toContain("frontend");
  });

  test("every workload runs once, save the catalog that runs near its callers and away from them", () => {
    for (const name of workloadNames) {
      expect([name, timesPlaced(name)]).toEqual([
        name,
        count > 2 && name === "productcatalogservice" ? 2 : 1,
      ]);
    }
    const catalog = placeShop(placement).calls.filter(({ to }) => to === "productcatalogservice");
    expect(catalog.some(({ fromCluster, crosses }) => fromCluster === "east" && !crosses)).toBe(
      count > 2,
    );
  });
});

test.each<[string, readonly string[], readonly (readonly [string, string])[]]>([
  ["no cluster", [], [["clusters", "no_clusters"]]],
  ["more than eight", [...names, "moon"], [["clusters", "too_many"]]],
  ["a name twice", ["east", "west", "east"], [["clusters/2", "cluster_duplicate"]]],
])("%s is refused", (_, clusters, faults) => {
  expect.assertions(2);
  try {
    defaultPlacement(clusters);
  } catch (error) {
    expect(error).toBeInstanceOf(MeshError);
    expect((error as MeshError).issues.map(({ path, code }) => [path.join("/"), code])).toEqual(
      faults,
    );
  }
});
