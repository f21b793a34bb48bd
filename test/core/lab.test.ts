import { type Manifest, type MeshDescription, parseMesh, planMesh } from "../../src";

/**
 * Objects with which real istiod and Envoy carried Redis between two clusters. They are written out
 * here, as they were applied, so that the plan is held against what was seen to work.
 */
const san = "spiffe://cluster.local/ns/default/sa/redis-cart";
const sni = (subset: string) => `outbound_.6379_.${subset}_.redis-cart.default.svc.cluster.local`;
const tls = (subset: string) => ({
  mode: "ISTIO_MUTUAL",
  sni: sni(subset),
  subjectAltNames: [san],
});

const description = (service: object): MeshDescription => ({
  name: "lab",
  clusters: {
    a: { gateway: { address: "10.213.1.10" } },
    b: { gateway: { address: "10.213.2.10" } },
  },
  services: {
    "redis-cart.default": {
      ports: [{ name: "redis", port: 6379, protocol: "TCP" }],
      serviceAccount: "redis-cart",
      servedBy: ["b"],
      consumedBy: ["a"],
      address: "240.12.3.6",
      ...service,
    },
  },
});

function specOf(service: object, cluster: string, kind: string, name?: string): unknown {
  const plan = planMesh(parseMesh(description(service)));
  const objects: readonly Manifest[] = plan.clusters
    .find((c) => c.cluster.name === cluster)!
    .objects.map((o) => o.manifest);
  const found = objects.filter(
    (m) => m.kind === kind && (name === undefined || m.metadata.name === name),
  );
  expect(found).toHaveLength(1);
  return found[0]!.spec;
}

describe("objects that the lab has shown to work come out of a description", () => {
  it("ServiceEntry of the consuming cluster", () => {
    expect(specOf({}, "a", "ServiceEntry")).toEqual({
      hosts: ["redis-cart.default.global"],
      location: "MESH_INTERNAL",
      ports: [{ name: "redis", number: 6379, protocol: "TCP" }],
      resolution: "STATIC",
      addresses: ["240.12.3.6"],
      endpoints: [{ address: "10.213.2.10", ports: { redis: 15443 } }],
    });
  });

  it("DestinationRule of the consuming cluster", () => {
    expect(specOf({}, "a", "DestinationRule")).toEqual({
      host: "redis-cart.default.global",
      trafficPolicy: { tls: tls("") },
    });
  });

  it("Gateway of the serving cluster", () => {
    expect(specOf({}, "b", "Gateway")).toEqual({
      selector: { app: "istio-eastwestgateway", "meshspan.dev/gateway": "lab" },
      servers: [
        {
          port: { number: 15443, name: "tls", protocol: "TLS" },
          tls: { mode: "AUTO_PASSTHROUGH" },
          hosts: ["redis-cart.default.svc.cluster.local"],
        },
      ],
    });
  });

  const versions = {
    versions: { v1: { version: "v1" }, v2: { version: "v2" } },
    routes: [
      {
        to: [
          { version: "v2", weight: 80 },
          { version: "v1", weight: 20 },
        ],
      },
    ],
  };

  it("versions: endpoints labelled with what the gateway can reach", () => {
    expect(specOf(versions, "a", "ServiceEntry")).toMatchObject({
      endpoints: [
        { address: "10.213.2.10", ports: { redis: 15443 }, labels: { version: "v1" } },
        { address: "10.213.2.10", ports: { redis: 15443 }, labels: { version: "v2" } },
      ],
    });
  });

  it("versions: a subset with a server name of its own", () => {
    expect(specOf(versions, "a", "DestinationRule")).toEqual({
      host: "redis-cart.default.global",
      trafficPolicy: { tls: tls("") },
      subsets: [
        { name: "v1", labels: { version: "v1" }, trafficPolicy: { tls: tls("v1") } },
        { name: "v2", labels: { version: "v2" }, trafficPolicy: { tls: tls("v2") } },
      ],
    });
  });

  it("versions: weights by port for opaque traffic", () => {
    expect(specOf(versions, "a", "VirtualService")).toEqual({
      hosts: ["redis-cart.default.global"],
      tcp: [
        {
          match: [{ port: 6379 }],
          route: [
            { destination: { host: "redis-cart.default.global", subset: "v2" }, weight: 80 },
            { destination: { host: "redis-cart.default.global", subset: "v1" }, weight: 20 },
          ],
        },
      ],
    });
  });

  it("versions: subsets on the serving side, from which the gateway's chains come", () => {
    expect(specOf(versions, "b", "DestinationRule")).toEqual({
      host: "redis-cart.default.svc.cluster.local",
      subsets: [
        { name: "v1", labels: { version: "v1" } },
        { name: "v2", labels: { version: "v2" } },
      ],
    });
  });

  it("a cluster that serves and consumes: a second entry of the host for its own pods, and local first", () => {
    const both = { servedBy: ["a", "b"], consumedBy: ["a", "b"] };
    expect(specOf(both, "a", "ServiceEntry", "redis-cart.local")).toMatchObject({
      hosts: ["redis-cart.default.global"],
      addresses: ["240.12.3.6"],
      workloadSelector: { labels: { app: "redis-cart" } },
    });
    expect(specOf(both, "a", "DestinationRule")).toEqual({
      host: "redis-cart.default.global",
      trafficPolicy: {
        tls: tls(""),
        loadBalancer: {
          localityLbSetting: {
            enabled: true,
            failoverPriority: [
              "topology.istio.io/network",
              "topology.kubernetes.io/region",
              "topology.kubernetes.io/zone",
            ],
          },
        },
        outlierDetection: {
          consecutiveGatewayErrors: 3,
          consecutive5xxErrors: 0,
          interval: "1s",
          baseEjectionTime: "10s",
          maxEjectionPercent: 100,
          minHealthPercent: 1,
        },
      },
    });
  });

  it("only a listed identity may call, over mutual TLS", () => {
    const callers = { callers: ["cartservice.default"] };
    expect(specOf(callers, "b", "PeerAuthentication")).toEqual({
      selector: { matchLabels: { app: "redis-cart" } },
      mtls: { mode: "STRICT" },
    });
    expect(specOf(callers, "b", "AuthorizationPolicy")).toEqual({
      selector: { matchLabels: { app: "redis-cart" } },
      action: "ALLOW",
      rules: [
        {
          from: [{ source: { principals: ["cluster.local/ns/default/sa/cartservice"] } }],
          to: [{ operation: { ports: ["6379"] } }],
        },
      ],
    });
  });
});
