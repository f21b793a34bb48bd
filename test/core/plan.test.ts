import fc from "fast-check";
import {
  type MeshDescription,
  type MeshError,
  parseMesh,
  planMesh,
  stages,
  tracePlan,
  type Workloads,
} from "../../src";
import { shopMesh } from "../../src/demo";
import {
  objectOf,
  objectsOf,
  sampleDescription,
  sampleMesh,
  samplePlan,
  sampleWorkloads,
} from "./sampleMesh";

/** The same value with the keys of every map in another order. */
function shuffled(value: unknown, order: (keys: readonly string[]) => readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, order));
  if (typeof value !== "object" || value === null) return value;
  const map = value as Record<string, unknown>;
  return Object.fromEntries(order(Object.keys(map)).map((key) => [key, shuffled(map[key], order)]));
}

describe("the plan of a mesh", () => {
  const { description, workloads } = shopMesh();
  const bytes = (input: unknown) =>
    JSON.stringify(planMesh(parseMesh(input as MeshDescription), { workloads }));

  it("is the same, byte for byte, in ten runs", () => {
    expect(
      new Set(Array.from({ length: 10 }, () => bytes(structuredClone(description)))).size,
    ).toBe(1);
  });

  it("is the same, byte for byte, under any order of keys", () => {
    const expected = bytes(description);
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (numbers) => {
        const order = (keys: readonly string[]) =>
          keys
            .map((key) => ({ key, rank: numbers.next().value as number }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ key }) => key);
        expect(bytes(shuffled(description, order))).toBe(expected);
      }),
      { numRuns: 50 },
    );
  });

  it("has unique keys in each cluster, and every object's needs before it", () => {
    for (const { objects } of samplePlan.clusters) {
      const keys = objects.map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
      objects.forEach(({ dependsOn }, index) => {
        for (const key of dependsOn) expect(keys.indexOf(key)).toBeLessThan(index);
      });
    }
  });

  it("applies namespaces first, then trust, gateways, services, DNS and workloads", () => {
    const seen = [...new Set(objectsOf(samplePlan, "west").map(({ stage }) => stage))];
    expect(seen).toEqual(stages.filter((stage) => stage !== "observability"));
    const observed = planMesh(parseMesh({ ...sampleDescription, observability: true }));
    expect(observed.clusters[0]!.objects.at(-1)!.stage).toBe(stages.at(-1));
  });

  it("names whose each object is, claims nothing that others own, and leaves that when the mesh goes", () => {
    for (const { objects } of samplePlan.clusters) {
      for (const { manifest, shared, stage } of objects) {
        if (stage === "workloads") continue;
        const { labels = {}, annotations = {} } = manifest.metadata;
        expect(labels["app.kubernetes.io/managed-by"]).toBe(shared ? undefined : "meshspan");
        expect(labels["app.kubernetes.io/part-of"]).toBe(shared ? undefined : "sample");
        expect(annotations["kustomize.toolkit.fluxcd.io/prune"]).toBe(
          shared ? "disabled" : undefined,
        );
      }
    }
    const shared = new Set(
      samplePlan.clusters.flatMap(({ objects }) =>
        objects.filter((object) => object.shared).map(({ key }) => key),
      ),
    );
    expect([...shared].sort()).toEqual([
      "core/ConfigMap/kube-system/coredns",
      "core/Namespace//default",
      "core/Namespace//istio-eastwest",
      "core/Namespace//istio-system",
    ]);
  });

  it("plans each namespace once, with all of its labels", () => {
    const { description, workloads } = shopMesh({
      namespace: "istio-system",
      trust: { issuer: "existing" },
    });
    const plan = planMesh(parseMesh(description), { workloads });
    const namespaces = objectsOf(plan, "east").filter(
      ({ manifest }) => manifest.kind === "Namespace",
    );
    expect(
      namespaces.map(({ manifest }) => [manifest.metadata.name, manifest.metadata.labels]),
    ).toEqual([
      ["istio-system", { "topology.istio.io/network": "east" }],
      ["istio-eastwest", { "pod-security.kubernetes.io/enforce": "restricted" }],
    ]);
  });

  it("refuses workloads of no cluster, and workloads that are its own objects", () => {
    const issuesOf = (own: Workloads) => {
      try {
        planMesh(sampleMesh, { workloads: own });
      } catch (error) {
        return (error as MeshError).issues.map(({ code, path }) => [code, ...path]);
      }
      return [];
    };
    const { east = [] } = sampleWorkloads;
    expect(issuesOf({ East: east })).toEqual([["unknown_cluster", "workloads", "East"]]);
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "istio-system" } };
    expect(issuesOf({ east: [...east, namespace, east[0]!] })).toEqual([
      ["conflicting_keys", "workloads", "east", "core/Namespace//istio-system"],
      ["conflicting_keys", "workloads", "east", "apps/Deployment/default/front"],
    ]);
  });

  it("takes workloads of the other clusters for somebody else's where only some are given", () => {
    const plan = planMesh(sampleMesh, { workloads: { west: sampleWorkloads.west! } });
    expect(plan.clusters.map(({ hasWorkloads }) => hasWorkloads)).toEqual([false, true]);
    expect(tracePlan(plan).map(({ ok, call }) => [ok, call.cluster])).toEqual([
      [true, "east"],
      [true, "east"],
      [true, "east"],
      [true, "west"],
      [true, "west"],
    ]);
  });

  it("refuses objects that are larger than Kubernetes takes, and says what makes them smaller", () => {
    const many = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, i) => [
        `service-${i}.${"n".repeat(40)}`,
        {
          ...sampleDescription.services["cart.default"],
          address: `240.1.${Math.floor(i / 250)}.${(i % 250) + 1}`,
        },
      ]),
    );
    const mesh = parseMesh({ ...sampleDescription, services: many });
    expect(() => planMesh(mesh)).toThrow(
      /Gateway\/istio-eastwest\/istio-eastwestgateway of west would have \d+ bytes.*: say in consumedBy/,
    );
  });

  it("puts resources only where a service is consumed or served", () => {
    const plan = planMesh(
      parseMesh({
        ...sampleDescription,
        clusters: { ...sampleDescription.clusters, north: {} },
        services: {
          "cart.default": { ...sampleDescription.services["cart.default"], consumedBy: ["east"] },
        },
      }),
    );
    const kinds = (cluster: string) =>
      objectsOf(plan, cluster)
        .filter(({ service }) => service !== undefined)
        .map(({ manifest }) => manifest.kind);
    expect(kinds("east")).toEqual(["DestinationRule", "ServiceEntry"]);
    expect(kinds("west")).toEqual(["PeerAuthentication", "AuthorizationPolicy"]);
    expect(kinds("north")).toEqual([]);
  });

  it("shares one object among consumers that see the same thing", () => {
    const clusters = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`c${i}`, {}]));
    const plan = planMesh(
      parseMesh({
        name: "wide",
        clusters,
        services: {
          "cart.default": { ...sampleDescription.services["cart.default"], servedBy: ["c0"] },
        },
      }),
    );
    const entries = plan.clusters.flatMap(({ objects }) =>
      objects.filter(({ key }) => key.includes("ServiceEntry")),
    );
    expect(entries).toHaveLength(20);
    expect(new Set(entries).size).toBe(2);
  });

  it("keeps a gateway shut for services that only its own cluster consumes", () => {
    const plan = planMesh(
      parseMesh({
        ...sampleDescription,
        services: {
          "cart.default": { ...sampleDescription.services["cart.default"], consumedBy: ["west"] },
        },
      }),
    );
    expect(objectsOf(plan, "west").map(({ manifest }) => manifest.kind)).not.toContain("Gateway");
  });

  it("makes namespaces that services and workloads need, and labels those with workloads for injection", () => {
    expect(objectOf(samplePlan, "east", "core/Namespace//default").metadata.labels).toMatchObject({
      "istio-injection": "enabled",
    });
    const described = planMesh(
      parseMesh({
        ...sampleDescription,
        services: { "cart.shop": { ...sampleDescription.services["cart.default"] } },
      }),
    );
    expect(objectOf(described, "east", "core/Namespace//shop").metadata.labels).toBeUndefined();
    const revised = planMesh(parseMesh({ ...sampleDescription, istio: { revision: "stable" } }), {
      workloads: sampleWorkloads,
    });
    expect(objectOf(revised, "east", "core/Namespace//default").metadata.labels).toMatchObject({
      "istio.io/rev": "stable",
    });
  });
});
