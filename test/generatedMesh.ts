/** Valid descriptions of every sort, for tests that hold for all of them. */
import fc from "fast-check";
import type { MeshDescription, ServiceDescription } from "../src";

/** Names of clusters that generated meshes have, in this order. */
export const generatedClusters = ["east", "west", "north"] as const;

const subset = (names: readonly string[], minLength: number) =>
  fc.uniqueArray(fc.constantFrom(...names), { minLength, maxLength: names.length });

const anyPort = fc.constantFrom(
  { name: "http", port: 80, protocol: "HTTP", targetPort: 8080 },
  { name: "grpc", port: 9090, protocol: "GRPC" },
  { name: "tcp-redis", port: 6379, protocol: "TCP" },
  { name: "tls", port: 8443, protocol: "TLS" },
);

function anyService(clusters: readonly string[]): fc.Arbitrary<ServiceDescription> {
  return fc
    .record({
      ports: fc.uniqueArray(anyPort, { minLength: 1, maxLength: 3 }),
      servers: subset(clusters, 1),
      consumers: subset(clusters, 1),
      callers: fc.constantFrom(undefined, ["front.shop"], ["front.shop", "admin.tools"]),
      versioned: fc.boolean(),
      failover: fc.boolean(),
      shortName: fc.boolean(),
    })
    .map(({ ports, servers, consumers, callers, versioned, failover, shortName }) => ({
      ports: [...ports],
      serviceAccount: "server",
      servedBy: versioned
        ? Object.fromEntries(
            servers.map((name, index) => [name, index === 0 ? ["v1", "v2"] : ["v1"]]),
          )
        : servers,
      consumedBy: consumers,
      ...(callers === undefined ? {} : { callers: [...callers] }),
      ...(versioned ? { versions: { v1: { version: "v1" }, v2: { version: "v2" } } } : {}),
      ...(versioned && ports.every(({ protocol }) => protocol === "HTTP" || protocol === "GRPC")
        ? {
            routes: [
              {
                match: { headers: { "x-user": "tester" } },
                to: [{ version: "v2" }],
                timeout: "2s",
              },
              {
                to: [
                  { version: "v1", weight: 80 },
                  { version: "v2", weight: 20 },
                ],
              },
            ],
          }
        : {}),
      failover,
      shortName: shortName && ports.every(({ protocol }) => protocol !== "TLS"),
    }));
}

/** kubeadm's Corefile, shortened. */
export const clusterCorefile =
  ".:53 {\n    errors\n    forward . /etc/resolv.conf\n    cache 30\n}\n";

/**
 * A description whose objects are in namespaces and addresses of its own, so that many can share clusters.
 * @param slot From 0 to 199.
 */
function anyDescription(slot: number): fc.Arbitrary<MeshDescription> {
  return subset(generatedClusters, 1).chain((chosen) => {
    const clusters = [...chosen].sort();
    return fc
      .record({
        services: fc.array(anyService(clusters), { minLength: 1, maxLength: 3 }),
        dns: fc.constantFrom("proxy", "coredns", "custom"),
        hostname: fc.boolean(),
        revision: fc.constantFrom(undefined, "canary"),
        replicas: fc.constantFrom(undefined, { min: 1, max: 1 }, { min: 3, max: 9 }),
      })
      .map(({ services, dns, hostname, revision, replicas }) => ({
        name: `mesh-${slot}`,
        domain: `g${slot}`,
        addresses: `245.${slot}.0.0/16`,
        istio: { namespace: `istio-${slot}`, ...(revision === undefined ? {} : { revision }) },
        clusters: Object.fromEntries(
          clusters.map((name, index) => [
            name,
            {
              provider: "existing" as const,
              gateway: {
                namespace: `eastwest-${slot}`,
                address:
                  hostname && index === 0
                    ? `gateway-${slot}.example.com`
                    : `203.0.${slot}.${10 * (index + 1)}`,
                ...(replicas === undefined ? {} : { replicas }),
              },
              dns:
                dns === "proxy"
                  ? ("proxy" as const)
                  : {
                      mode: "coredns" as const,
                      address: `10.96.${slot}.53`,
                      ...(dns === "coredns"
                        ? { corefile: clusterCorefile }
                        : { extension: "coredns-custom" as const }),
                    },
            },
          ]),
        ),
        services: Object.fromEntries(
          services.map((service, index) => [`service-${index}.app-${slot}`, service]),
        ),
      }));
  });
}

/** That many descriptions, the same ones in every run. */
export function generatedMeshes(count: number): readonly MeshDescription[] {
  return Array.from({ length: count }, (_, slot) => {
    const [description] = fc.sample(anyDescription(slot), { numRuns: 1, seed: 1000 + slot });
    if (description === undefined) throw new Error("nothing was generated");
    return description;
  });
}
