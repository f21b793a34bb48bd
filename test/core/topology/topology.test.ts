import type { TopologyEdge } from "../../../src/core/topology/model";
import { topologyOf } from "../../../src/core/topology/topology";
import { tracePlan } from "../../../src/core/trace/trace";
import { describedPlan, smallPlan, without, workload } from "./mesh";

/** `front@east -gRPC 7070 local-> cart@east`, in the edges' order. */
function inShort({ from, to, kind, protocol, version }: TopologyEdge): string {
  const what = [protocol, ...(version === undefined ? [] : [version]), kind].join(" ");
  return `${from.name}@${from.cluster} -${what}-> ${to.name}@${to.cluster}`;
}

const edgesOf = (plan: Parameters<typeof topologyOf>[0]) => topologyOf(plan).edges.map(inShort);

describe("the topology of a plan with workloads", () => {
  it("has local calls, calls that cross, and calls that only fail over", () => {
    expect(edgesOf(smallPlan())).toEqual([
      "cart.default@east -Redis 6379 crossing-> redis-cart.default@west",
      "front.default@east -gRPC 7070 local-> cart.default@east",
      "front.default@east -gRPC 3550 local-> catalog.default@east",
      "front.default@east -gRPC 3550 failover-> catalog.default@west",
    ]);
  });

  it("says of an edge what it carries, and to which host", () => {
    expect(topologyOf(smallPlan()).edges[0]).toEqual({
      from: { cluster: "east", name: "cart.default" },
      to: { cluster: "west", name: "redis-cart.default" },
      kind: "crossing",
      protocol: "Redis 6379",
      host: "redis-cart.default.global",
      port: 6379,
      version: undefined,
      fault: undefined,
    });
  });

  it("has clusters with their localities, gateways and workloads", () => {
    expect(topologyOf(smallPlan()).clusters).toEqual([
      {
        name: "east",
        locality: "us-east1/us-east1-b",
        gateway: "address to come",
        nodes: [
          { name: "cart.default", label: "cart", kind: "workload" },
          { name: "catalog.default", label: "catalog", kind: "workload" },
          { name: "front.default", label: "front", kind: "workload" },
        ],
      },
      {
        name: "west",
        locality: undefined,
        gateway: "203.0.113.20:15443",
        nodes: [
          { name: "catalog.default", label: "catalog", kind: "workload" },
          { name: "redis-cart.default", label: "redis-cart", kind: "workload" },
        ],
      },
    ]);
  });

  it("shows the port that peers dial, which is the nodes' for a NodePort", () => {
    const gateway = { address: "172.18.0.2", service: "NodePort", nodePort: 31443 } as const;
    const { clusters } = topologyOf(smallPlan({ clusters: { east: { gateway }, west: {} } }));
    expect(clusters.map((cluster) => cluster.gateway)).toEqual([
      "172.18.0.2:31443",
      "address to come",
    ]);
  });

  it("takes places that share the calls as crossing, not as failing over", () => {
    const catalog = {
      ports: [{ name: "grpc", port: 3550, protocol: "GRPC" }],
      serviceAccount: "catalog",
      servedBy: ["east", "west"],
    };
    const redis = { ...catalog, ports: [{ name: "redis", port: 6379, protocol: "REDIS" }] };
    const services = (failover: boolean) => ({
      "catalog.default": { ...catalog, failover },
      "redis-cart.default": { ...redis, serviceAccount: "redis-cart", servedBy: ["west"] },
    });
    const kinds = (failover: boolean) =>
      topologyOf(smallPlan({ services: services(failover) }))
        .edges.filter(({ host }) => host === "catalog.default.global")
        .map(({ kind }) => kind);
    expect(kinds(true)).toEqual(["local", "failover"]);
    expect(kinds(false)).toEqual(["local", "crossing"]);
  });

  it("leads to the workload of each version that routes choose", () => {
    const services = {
      "reviews.default": {
        ports: [{ name: "http", port: 9080, protocol: "HTTP" }],
        serviceAccount: "reviews",
        servedBy: { east: ["v1"], west: ["v2"] },
        versions: { v1: { version: "v1" }, v2: { version: "v2" } },
        routes: [
          {
            to: [
              { version: "v1", weight: 90 },
              { version: "v2", weight: 10 },
            ],
          },
        ],
      },
    };
    const reviews = (version: string) => {
      const labels = { version };
      return workload(`reviews-${version}`, { app: "reviews", port: 9080, labels });
    };
    const east = [
      ...workload("page", { calls: ["reviews.default.global:9080"] }),
      ...reviews("v1"),
    ];
    expect(edgesOf(smallPlan({ services }, { east, west: reviews("v2") }))).toEqual([
      "page.default@east -HTTP 9080 v1 local-> reviews-v1.default@east",
      "page.default@east -HTTP 9080 v2 crossing-> reviews-v2.default@west",
    ]);
  });

  it("keeps namespaces in the labels where there are several", () => {
    const east = [...workload("front"), ...workload("front", { namespace: "test" })];
    const { clusters } = topologyOf(smallPlan({ services: {} }, { east, west: [] }));
    expect(clusters[0]?.nodes.map(({ label }) => label)).toEqual(["front.default", "front.test"]);
  });

  it("is the same for the same description, whatever its order", () => {
    const clusters = {
      west: { gateway: { address: "203.0.113.20" } },
      east: { locality: "us-east1/us-east1-b" },
    };
    expect(topologyOf(smallPlan({ clusters }))).toEqual(topologyOf(smallPlan()));
    expect(JSON.stringify(topologyOf(smallPlan()))).toBe(JSON.stringify(topologyOf(smallPlan())));
  });

  it("has the edges of the traces that it is given", () => {
    const plan = smallPlan();
    const traces = tracePlan(plan).filter(({ call }) => call.host.startsWith("redis-cart"));
    expect(topologyOf(plan, [...traces, ...traces]).edges.map(inShort)).toEqual([
      "cart.default@east -Redis 6379 crossing-> redis-cart.default@west",
      "front.default@east -gRPC 7070 local-> cart.default@east",
    ]);
  });
});

describe("a hop that is missing from a plan", () => {
  it("makes an edge to the callee where the way leads to its cluster", () => {
    const plan = without(smallPlan(), "west", "Deployment", "redis-cart");
    const missing = topologyOf(plan).edges.filter(({ kind }) => kind === "missing");
    expect(missing.map(inShort)).toEqual([
      "cart.default@east -Redis 6379 missing-> redis-cart.default@west",
    ]);
    expect(missing[0]?.fault).toEqual({
      hop: "pods",
      text: "west runs no pods with app=redis-cart in default",
    });
  });

  it("makes an edge to nowhere, in the caller's cluster, where the way ends before", () => {
    const { edges, clusters } = topologyOf(
      without(smallPlan(), "east", "ServiceEntry", "redis-cart"),
    );
    const name = "redis-cart.default.global:6379";
    expect(edges.filter(({ kind }) => kind === "missing")).toEqual([
      expect.objectContaining({
        from: { cluster: "east", name: "cart.default" },
        to: { cluster: "east", name },
        protocol: "Redis 6379",
        fault: {
          hop: "address",
          text: expect.stringMatching(/^no ServiceEntry of east/) as string,
        },
      }),
    ]);
    expect(clusters[0]?.nodes).toContainEqual({ name, label: name, kind: "nowhere" });
  });
});

describe("the topology of a plan whose workloads are somebody else's", () => {
  it("has the described services, and calls from any pod of the consuming clusters", () => {
    const { clusters } = topologyOf(describedPlan());
    expect(edgesOf(describedPlan())).toEqual([
      "any pod@east -gRPC 3550 local-> catalog.default@east",
      "any pod@east -gRPC 3550 failover-> catalog.default@west",
      "any pod@east -Redis 6379 crossing-> redis-cart.default@west",
      "any pod@west -gRPC 3550 failover-> catalog.default@east",
      "any pod@west -gRPC 3550 local-> catalog.default@west",
      "any pod@west -Redis 6379 local-> redis-cart.default@west",
    ]);
    expect(clusters[0]?.nodes).toEqual([
      { name: "any pod", label: "any pod", kind: "described" },
      { name: "catalog.default", label: "catalog", kind: "described" },
    ]);
  });

  it("has the callers that the description names", () => {
    const services = {
      "pay.money": {
        ports: [{ name: "http", port: 80, protocol: "HTTP" }],
        serviceAccount: "pay",
        servedBy: ["west"],
        consumedBy: ["east"],
        callers: ["checkout.shop"],
      },
    };
    expect(edgesOf(describedPlan({ services }))).toEqual([
      "checkout.shop@east -HTTP 80 crossing-> pay.money@west",
    ]);
  });
});
