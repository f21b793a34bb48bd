import fc from "fast-check";
import { MeshError } from "../../src/core/issues";
import { parseMesh } from "../../src/core/parse";
import { planMesh } from "../../src/core/plan";
import {
  shopCallsOf,
  onlineBoutique,
  type PlacedShop,
  type Placement,
  placeShop,
  serviceNames,
  shopClusters,
  shopMesh,
  type WorkloadName,
  workloadNames,
} from "../../src/demo";
import { containersOf, find, podOf, serviceOf } from "./reading";

/** Everything in east, save what is said to run elsewhere. */
function splitOff(
  west: readonly WorkloadName[],
  alsoEast: readonly WorkloadName[] = [],
): Placement {
  return {
    east: workloadNames.filter((name) => !west.includes(name) || alsoEast.includes(name)),
    west,
  };
}

function faultsOf(
  placement: unknown,
): readonly (readonly [path: string, code: string, message: string, hint: string])[] {
  try {
    placeShop(placement as Placement);
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    return error.issues.map(({ path, code, message, hint }) => [
      path.join("/"),
      code,
      message,
      hint,
    ]);
  }
  return [];
}

describe("a service becomes global", () => {
  test("when it is called from a cluster where it doesn't run", () => {
    const { services } = placeShop(splitOff(["redis-cart"]));
    expect(services).toEqual({
      "redis-cart.default": {
        ports: [{ name: "tcp-redis", port: 6379, protocol: "TCP" }],
        serviceAccount: "redis-cart",
        selector: { app: "redis-cart" },
        servedBy: ["west"],
        consumedBy: ["east"],
        callers: ["cartservice.default"],
      },
    });
  });

  test("when it runs in several clusters", () => {
    const { services, calls } = placeShop(splitOff(["emailservice"], ["emailservice"]));
    expect(services).toEqual({
      "emailservice.default": {
        ports: [{ name: "grpc", port: 5000, protocol: "GRPC", targetPort: 8080 }],
        serviceAccount: "emailservice",
        selector: { app: "emailservice" },
        servedBy: ["east", "west"],
        consumedBy: ["east"],
        callers: ["checkoutservice.default"],
      },
    });
    expect(calls.filter(({ to }) => to === "emailservice")).toEqual([
      {
        from: "checkoutservice",
        fromCluster: "east",
        to: "emailservice",
        env: "EMAIL_SERVICE_ADDR",
        host: "emailservice.default.global",
        port: 5000,
        crosses: false,
      },
    ]);
  });

  test("and not when it moves together with all of its callers", () => {
    const { services } = placeShop(splitOff(["cartservice", "redis-cart"]));
    expect(Object.keys(services)).toEqual(["cartservice.default"]);
  });

  test("for all of its callers, those beside it too", () => {
    const { calls } = placeShop(splitOff(["recommendationservice", "productcatalogservice"]));
    const catalog = calls.filter(({ to }) => to === "productcatalogservice");
    expect(catalog.map(({ from, host, crosses }) => [from, host, crosses])).toEqual([
      ["frontend", "productcatalogservice.default.global", true],
      ["checkoutservice", "productcatalogservice.default.global", true],
      ["recommendationservice", "productcatalogservice.default.global", false],
    ]);
  });

  test("in the namespace and the domain that were asked for", () => {
    const { services, workloads, calls } = placeShop(splitOff(["redis-cart"]), {
      namespace: "shop",
      domain: "mesh.example",
    });
    expect(services["redis-cart.shop"]?.callers).toEqual(["cartservice.shop"]);
    expect(calls.find(({ env }) => env === "REDIS_ADDR")?.host).toBe(
      "redis-cart.shop.mesh.example",
    );
    const [container] = podOf(workloads, "east", "cartservice").spec.containers;
    expect(container?.env).toEqual([
      { name: "REDIS_ADDR", value: "redis-cart.shop.mesh.example:6379" },
    ]);
    expect(
      new Set(
        Object.values(workloads)
          .flat()
          .map(({ metadata }) => metadata.namespace),
      ),
    ).toEqual(new Set(["shop"]));
  });
});

describe("a workload that is global changes what is around it", () => {
  test("the frontend's load balancer is there only while the frontend isn't global", () => {
    expect(
      serviceOf(placeShop(splitOff(["redis-cart"])).workloads, "east", "frontend-external"),
    ).toEqual({
      type: "LoadBalancer",
      selector: { app: "frontend" },
      ports: [{ name: "http", port: 80, targetPort: 8080 }],
    });
    const { workloads } = placeShop(splitOff(["loadgenerator"]));
    expect(
      Object.values(workloads)
        .flat()
        .filter(({ metadata }) => metadata.name === "frontend-external"),
    ).toEqual([]);
  });

  test("a check before start that calls a global name gets its sidecar first", () => {
    const annotation = (placement: Placement, cluster: string) =>
      podOf(placeShop(placement).workloads, cluster, "loadgenerator").metadata.annotations?.[
        "sidecar.istio.io/nativeSidecar"
      ];
    expect(annotation(splitOff(["loadgenerator"]), "west")).toBe("true");
    expect(annotation(splitOff(["redis-cart"]), "east")).toBeUndefined();
  });
});

test("manifests have their keys in the conventional order", () => {
  const { workloads } = placeShop(splitOff(["redis-cart"]));
  for (const manifest of Object.values(workloads).flat()) {
    expect(Object.keys(manifest)).toEqual([
      "apiVersion",
      "kind",
      "metadata",
      ...(manifest.kind === "ServiceAccount" ? [] : ["spec"]),
    ]);
    expect(Object.keys(manifest.metadata).slice(0, 2)).toEqual(["name", "namespace"]);
  }
});

test("the order in which a placement is written changes nothing", () => {
  const east = workloadNames.filter((name) => name !== "redis-cart");
  const one = placeShop({ east, west: ["redis-cart", "adservice"] });
  const other = placeShop({ west: ["adservice", "redis-cart"], east: [...east].reverse() });
  expect(JSON.stringify(other)).toBe(JSON.stringify(one));
});

test("a cluster may run nothing", () => {
  const { workloads, services } = placeShop({ east: workloadNames, west: [] });
  expect(workloads.west).toEqual([]);
  expect(services).toEqual({});
});

describe("a faulty placement is refused", () => {
  test.each<[string, unknown, readonly (readonly string[])[]]>([
    [
      "an unknown workload",
      { east: ["chartservice", ...workloadNames] },
      [
        [
          "placement/east/0",
          "unknown_placement",
          'the shop has no workload "chartservice"',
          'did you mean "cartservice"?',
        ],
      ],
    ],
    [
      "a misspelt one isn't missing too",
      { east: ["redis-card", ...workloadNames.filter((name) => name !== "redis-cart")] },
      [
        [
          "placement/east/0",
          "unknown_placement",
          'the shop has no workload "redis-card"',
          'did you mean "redis-cart"?',
        ],
      ],
    ],
    [
      "a missing workload",
      { east: workloadNames.slice(1), west: [] },
      [
        [
          "placement",
          "unknown_placement",
          'no cluster runs "frontend"',
          'add it to one, such as "east"',
        ],
      ],
    ],
    [
      "a workload listed twice",
      { east: [...workloadNames, "adservice"] },
      [
        [
          "placement/east/12",
          "unknown_placement",
          '"adservice" is listed twice',
          "remove one of them",
        ],
      ],
    ],
    [
      "no clusters",
      {},
      [
        [
          "placement",
          "unknown_placement",
          "it names no cluster",
          "write which workloads run in each: { east: [frontend, …] }",
        ],
      ],
    ],
    [
      "something else than a list",
      { east: workloadNames, west: "adservice" },
      [
        [
          "placement/west",
          "unknown_placement",
          '"adservice" is not a list',
          "write the workloads that run there: [frontend, …], or []",
        ],
      ],
    ],
  ])("%s", (_, placement, faults) => {
    expect(faultsOf(placement)).toEqual(faults);
  });

  test("with all of its faults at once", () => {
    const paths = faultsOf({
      east: ["constructor", 7, ...workloadNames.slice(2)],
      west: ["adservice", "adservice"],
    }).map(([path]) => path);
    expect(paths).toEqual([
      "placement/east/0",
      "placement/east/1",
      "placement/west/1",
      "placement",
    ]);
  });
});

/** Placements over 1 to 8 clusters in which every workload runs in one to three of them. */
const placements: fc.Arbitrary<Placement> = fc.integer({ min: 1, max: 8 }).chain((count) => {
  const clusters = Object.keys(shopClusters(count));
  const places = fc.uniqueArray(fc.constantFrom(...clusters), {
    minLength: 1,
    maxLength: Math.min(3, count),
  });
  return fc
    .array(places, { minLength: workloadNames.length, maxLength: workloadNames.length })
    .map((chosen) =>
      Object.fromEntries(
        clusters.map((cluster) => [
          cluster,
          workloadNames.filter((_, index) => chosen[index]?.includes(cluster)),
        ]),
      ),
    );
});

const clustersOf = (placement: Placement, name: WorkloadName) =>
  Object.keys(placement).filter((cluster) => placement[cluster]?.includes(name));

describe("whatever runs where", () => {
  test("the description is valid, and the plan has every workload", () => {
    fc.assert(
      fc.property(placements, (placement) => {
        const { description, workloads } = shopMesh({ placement });
        const plan = planMesh(parseMesh(description), { workloads });
        for (const { cluster, objects } of plan.clusters) {
          const planned = objects
            .filter(({ stage }) => stage === "workloads")
            .map(({ manifest }) => manifest);
          expect(planned).toEqual(workloads[cluster.name]);
          expect(new Set(objects.map(({ key }) => key)).size).toBe(objects.length);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("each call's variable names a Service that is there, or a global service consumed there by that caller", () => {
    fc.assert(
      fc.property(placements, (placement) => {
        const placed = placeShop(placement);
        for (const call of placed.calls) expectReachable(placed, call);
        const expected = workloadNames.flatMap((name) =>
          clustersOf(placement, name).flatMap((cluster) =>
            shopCallsOf(onlineBoutique[name]).map(({ env }) => `${name} ${cluster} ${env}`),
          ),
        );
        expect(
          new Set(
            placed.calls.map(({ from, fromCluster, env }) => `${from} ${fromCluster} ${env}`),
          ),
        ).toEqual(new Set(expected));
        expect(placed.calls).toHaveLength(expected.length);
      }),
    );
  });

  test("every place has its Deployment and ServiceAccount, and a Service exactly where its pods run", () => {
    fc.assert(
      fc.property(placements, (placement) => {
        const { workloads } = placeShop(placement);
        for (const cluster of Object.keys(placement)) {
          for (const name of workloadNames) {
            const isHere = placement[cluster]?.includes(name) === true;
            expect(find(workloads, cluster, "Deployment", name) !== undefined).toBe(isHere);
            expect(find(workloads, cluster, "ServiceAccount", name) !== undefined).toBe(isHere);
            expect(find(workloads, cluster, "Service", name) !== undefined).toBe(
              isHere && name !== "loadgenerator",
            );
          }
        }
      }),
    );
  });

  test("nothing is global that need not be, and nothing else is consumed or admitted than what is called", () => {
    fc.assert(
      fc.property(placements, (placement) => {
        const { services } = placeShop(placement);
        for (const name of serviceNames) {
          const serving = clustersOf(placement, name);
          const callers = workloadNames.filter((caller) =>
            shopCallsOf(onlineBoutique[caller]).some(({ service }) => service === name),
          );
          const calling = [
            ...new Set(callers.flatMap((caller) => clustersOf(placement, caller))),
          ].sort();
          const needed =
            serving.length > 1 || calling.some((cluster) => !serving.includes(cluster));
          const described = services[`${name}.default`];
          expect(described !== undefined).toBe(needed);
          if (described === undefined) continue;
          expect(described.servedBy).toEqual([...serving].sort());
          expect(described.consumedBy).toEqual(calling);
          expect(described.callers).toEqual(callers.map((caller) => `${caller}.default`).sort());
        }
        expect(Object.keys(services)).toEqual(Object.keys(services).sort());
      }),
    );
  });
});

function expectReachable(placed: PlacedShop, call: PlacedShop["calls"][number]): void {
  const { from, fromCluster, to, env, host, port, crosses } = call;
  const variables = containersOf(podOf(placed.workloads, fromCluster, from)).flatMap((container) =>
    (container.env ?? []).filter(({ name }) => name === env),
  );
  expect(new Set(variables.map(({ value }) => value))).toEqual(new Set([`${host}:${port}`]));
  const local = serviceOf(placed.workloads, fromCluster, to);
  expect(crosses).toBe(local === undefined);
  if (host === to) {
    expect(local?.ports.map((each) => each.port)).toEqual([port]);
    return;
  }
  expect(host).toBe(`${to}.default.global`);
  const described = placed.services[`${to}.default`];
  expect(described?.ports.map((each) => each.port)).toEqual([port]);
  expect(described?.consumedBy).toContain(fromCluster);
  expect(described?.callers).toContain(`${from}.default`);
}
