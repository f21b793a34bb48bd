/** Generated placements: which services run in which clusters, in which versions, and who calls them. The same in every run. */
import fc from "fast-check";
import type { ClusterDescription, MeshDescription, ServiceDescription } from "../../src";
import { corefile } from "./clusterDns";

export const clusterNames = ["east", "north", "west"] as const;
export type ClusterName = (typeof clusterNames)[number];

/** Pods that call, in every cluster: ServiceAccounts of a namespace of theirs. */
export const callerNames = ["admin", "front"] as const;
export type CallerName = (typeof callerNames)[number];
export const callerNamespace = "callers";

/** Port of a service, as described; `scheme` is how callers speak, `named` whether its Service names the pods' port. */
export interface PlacedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly targetPort?: number;
  readonly scheme: "http" | "http2" | "tcp";
  readonly named?: true;
}

export interface PlacedService {
  readonly name: string;
  readonly ports: readonly PlacedPort[];
  /** Versions by cluster; none where it has no versions. */
  readonly servedBy: Readonly<Partial<Record<ClusterName, readonly string[]>>>;
  readonly consumedBy: readonly ClusterName[];
  /** `undefined`: everybody. */
  readonly callers: readonly CallerName[] | undefined;
  readonly routing: Routing | undefined;
  readonly failover: boolean;
  readonly shortName: boolean;
  readonly pinned: boolean;
}

/** All traffic to one version, shares of it to each, or by a header to `v2` and else to `v1`. */
export type Routing = "one" | "shares" | "header";

/** Services that share pods, in a namespace of their own. */
export interface Placement {
  readonly namespace: string;
  readonly services: readonly PlacedService[];
}

const ports: readonly PlacedPort[] = [
  { name: "http", port: 80, protocol: "HTTP", targetPort: 8080, scheme: "http" },
  { name: "http-admin", port: 8081, protocol: "http", scheme: "http" },
  {
    ...{ name: "web", port: 8000, protocol: "HTTP", targetPort: 8080, scheme: "http" },
    named: true,
  },
  { name: "grpc", port: 9090, protocol: "GRPC", targetPort: 7000, scheme: "http2" },
  { name: "grpc-api", port: 7001, protocol: "GRPC", scheme: "http2" },
  { name: "http2-feed", port: 80, protocol: "HTTP2", targetPort: 7001, scheme: "http2" },
  { name: "tcp-line", port: 6379, protocol: "TCP", targetPort: 9000, scheme: "tcp", named: true },
  { name: "tcp", port: 9001, protocol: "TCP", scheme: "tcp" },
  { name: "redis", port: 6380, protocol: "REDIS", targetPort: 9000, scheme: "tcp" },
];

const serviceNames = ["web", "cart", "pay", "redis-cart", "search"] as const;

const somePorts = fc.uniqueArray(fc.constantFrom(...ports), {
  minLength: 1,
  maxLength: 2,
  selector: ({ port }) => port,
});
const callerLists: readonly PlacedService["callers"][] = [
  undefined,
  ["front"],
  ["admin"],
  ["admin", "front"],
];
const someCallers = fc.constantFrom(...callerLists);
const someClusters = fc.uniqueArray(fc.constantFrom(...clusterNames), {
  minLength: 1,
  maxLength: 3,
});
/** Pods are what is expensive, so most services run in one cluster. */
const fewClusters = fc.oneof(
  { weight: 3, arbitrary: fc.shuffledSubarray([...clusterNames], { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.shuffledSubarray([...clusterNames], { minLength: 2, maxLength: 3 }) },
);

const anySettings = fc.record({
  ports: somePorts,
  consumedBy: someClusters,
  callers: someCallers,
  failover: fc.boolean(),
  shortName: fc.boolean(),
  pinned: fc.boolean(),
});

const plainService = (name: string) =>
  fc
    .record({ settings: anySettings, clusters: fewClusters })
    .map(({ settings, clusters }): PlacedService => ({
      ...{ name, ...settings, routing: undefined },
      servedBy: Object.fromEntries(clusters.map((cluster) => [cluster, []])),
    }));

/** Versions in one cluster, in two, or both in one of two. */
const versionsOf: readonly (readonly (readonly string[])[])[] = [
  [["v1", "v2"]],
  [["v1"], ["v2"]],
  [["v1"], ["v1", "v2"]],
];

const versionedService = (name: string) =>
  fc
    .record({
      settings: anySettings,
      clusters: fc.shuffledSubarray([...clusterNames], { minLength: 2, maxLength: 2 }),
      versions: fc.constantFrom(...versionsOf),
      routing: fc.constantFrom<Routing>("one", "shares", "header"),
    })
    .map(({ settings, clusters, versions, routing }): PlacedService => {
      const isHttp = settings.ports.every(({ scheme }) => scheme !== "tcp");
      return {
        ...{ name, ...settings, routing: routing === "header" && !isHttp ? "shares" : routing },
        servedBy: Object.fromEntries(versions.map((list, index) => [clusters[index]!, list])),
      };
    });

const anyPlacement: fc.Arbitrary<readonly PlacedService[]> = fc
  .shuffledSubarray([...serviceNames], { minLength: 2, maxLength: 2 })
  .chain(([first = "", second = ""]) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.tuple(plainService(first)) },
      { weight: 2, arbitrary: fc.tuple(plainService(first), plainService(second)) },
      { weight: 2, arbitrary: fc.tuple(versionedService(first)) },
    ),
  );

/** That many placements, each different from the others in more than names. */
export function generatedPlacements(count: number): readonly Placement[] {
  const different = new Map(
    fc
      .sample(anyPlacement, { numRuns: 3 * count, seed: 17 })
      .map((services) => [JSON.stringify(services.map((one) => ({ ...one, name: "" }))), services]),
  );
  return [...different.values()].slice(0, count).map((services, index) => ({
    namespace: `placed-${String(index + 1).padStart(2, "0")}`,
    services,
  }));
}

const gateway = (last: number) => ({
  address: `203.0.113.${last}`,
  replicas: { min: 1, max: 2 },
});

/** Trust domain of the cluster that has another one than the others. */
export const otherTrustDomain = "east.example";

/** In the order of their gateways' addresses. One has a trust domain of its own, one resolves names by a stub domain. */
export const clusters: Readonly<Record<ClusterName, ClusterDescription>> = {
  east: { trustDomain: otherTrustDomain, gateway: gateway(10) },
  north: {
    gateway: gateway(20),
    dns: { mode: "coredns", address: "10.96.0.53", corefile },
  },
  west: { gateway: gateway(30) },
};

/** One mesh with the services of all placements. */
export function placedMesh(placements: readonly Placement[]): MeshDescription {
  return {
    name: "placed",
    clusters,
    services: Object.fromEntries(
      placements.flatMap(({ namespace, services }, index) =>
        services.map((service, at) => [
          `${service.name}.${namespace}`,
          described(service, services.length, `240.200.${index}.${at + 1}`),
        ]),
      ),
    ),
  };
}

function described(service: PlacedService, together: number, address: string): ServiceDescription {
  const { name, servedBy, routing, callers } = service;
  return {
    ports: service.ports.map(({ scheme: _scheme, named: _named, ...port }) => port),
    serviceAccount: "server",
    ...(together > 1 ? { selector: { [runs(name)]: "yes" } } : {}),
    servedBy: routing === undefined ? Object.keys(servedBy) : copied(servedBy),
    consumedBy: [...service.consumedBy],
    ...(callers === undefined
      ? {}
      : { callers: callers.map((caller) => `${caller}.${callerNamespace}`) }),
    ...(routing === undefined
      ? {}
      : { versions: { v1: { version: "v1" }, v2: { version: "v2" } }, routes: routesOf(routing) }),
    failover: service.failover,
    shortName: service.shortName,
    ...(service.pinned ? { address } : {}),
  };
}

const copied = (servedBy: PlacedService["servedBy"]) =>
  Object.fromEntries(Object.entries(servedBy).map(([cluster, list]) => [cluster, [...list]]));

/** Label of the pods that serve one of several services. */
export function runs(service: string): string {
  return `runs-${service}`;
}

export const testerHeaders = { "x-user": "tester" };

function routesOf(routing: Routing): ServiceDescription["routes"] {
  switch (routing) {
    case "one":
      return [{ to: [{ version: "v1" }] }];
    case "shares":
      return [
        {
          to: [
            { version: "v1", weight: 60 },
            { version: "v2", weight: 40 },
          ],
        },
      ];
    case "header":
      return [
        { match: { headers: testerHeaders }, to: [{ version: "v2" }] },
        { to: [{ version: "v1" }] },
      ];
  }
}
