/** Gateways of clusters: what they let through, and at which addresses peers dial them. */
import { addressKey } from "../addressKey";
import type { Manifest } from "../objects/manifest";
import { addTo } from "../once";
import { type GatewaySpec, type Labels, type ServiceSpec, selects, specOf } from "../trace/specs";
import { type ClusterInventory, isOwnGateway, objectsOf } from "./inventory";

/** A server of a Gateway that passes TLS through by its server name. */
export interface Passthrough {
  readonly manifest: Manifest;
  readonly selector: Labels;
  readonly port: number;
  readonly hosts: readonly string[];
}

/** Every AUTO_PASSTHROUGH server of a cluster. */
export function passthroughsOf(cluster: ClusterInventory): readonly Passthrough[] {
  return objectsOf(cluster, "Gateway").flatMap((manifest) => {
    const { selector = {}, servers = [] } = specOf<GatewaySpec>(manifest);
    return servers
      .filter(({ tls }) => tls?.mode === "AUTO_PASSTHROUGH")
      .map(({ port, hosts = [] }) => ({
        manifest,
        selector,
        port: port?.number ?? 15443,
        hosts: hosts.map((host) => host.replace(/^.*\//, "")),
      }));
  });
}

/** Hosts that a cluster lets in. */
export interface Opening {
  readonly hosts: ReadonlySet<string>;
  /** Ends of hosts: of `*.local`, what comes after the asterisk. */
  readonly ends: readonly string[];
}

/** What all of a cluster's gateways let through. */
export function openingOf(cluster: ClusterInventory): Opening {
  const hosts = new Set(passthroughsOf(cluster).flatMap((gateway) => gateway.hosts));
  const ends = [...hosts].filter((host) => host.startsWith("*")).map((host) => host.slice(1));
  return { hosts, ends };
}

/** Whether one of these hosts is let through. */
function letsThrough({ hosts, ends }: Opening, ...wanted: readonly string[]): boolean {
  return wanted.some((host) => hosts.has(host) || ends.some((end) => host.endsWith(end)));
}

/** The Service in front of a gateway's pods: that of a load balancer before others. */
export function gatewayServiceOf(cluster: ClusterInventory): Manifest | undefined {
  const selectors = passthroughsOf(cluster).map(({ selector }) => selector);
  const services = objectsOf(cluster, "Service").filter((service) => {
    const { selector = {}, ports = [] } = specOf<ServiceSpec>(service);
    return (
      isOwnGateway(service) ||
      (ports.some(({ port }) => port === 15443) &&
        selectors.some((wanted) => selects(selector, wanted) || selects(wanted, selector)))
    );
  });
  return services.find((service) => addressOf(service) !== undefined) ?? services[0];
}

/** Where a load balancer's Service is reached from outside. */
export function addressOf(service: Manifest): string | undefined {
  const { externalIPs, loadBalancerIP } = specOf<{
    readonly externalIPs?: readonly string[];
    readonly loadBalancerIP?: string;
  }>(service);
  const { loadBalancer } = (service.status ?? {}) as {
    readonly loadBalancer?: {
      readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
    };
  };
  const [first] = loadBalancer?.ingress ?? [];
  return first?.ip ?? first?.hostname ?? externalIPs?.[0] ?? loadBalancerIP;
}

/** Where a cluster's gateway is dialled. */
export interface GatewayPlace {
  readonly cluster: string;
  /** As it is written. */
  readonly address: string;
}

/** Places at which peers dial gateways, by the keys of their addresses. */
export type GatewayAddresses = ReadonlyMap<string, GatewayPlace>;

/** A ServiceEntry's host, as gateways know it, and what it dials. */
export interface DialledHost {
  readonly consumer: string;
  readonly localHost: string;
  readonly host: string;
  readonly addresses: readonly string[];
}

/**
 * Which cluster's gateway is at an address: as it was said, else by load balancers' addresses, else where only one cluster
 * lets every host through for which the address is dialled.
 * @param given Addresses by cluster.
 */
export function gatewayAddresses(
  clusters: readonly ClusterInventory[],
  dialled: readonly DialledHost[],
  given: Readonly<Record<string, string>>,
): GatewayAddresses {
  const found = new Map<string, GatewayPlace>();
  for (const cluster of clusters) {
    const service = gatewayServiceOf(cluster);
    const address = given[cluster.name] ?? (service === undefined ? undefined : addressOf(service));
    if (address !== undefined) found.set(addressKey(address), { cluster: cluster.name, address });
  }
  const hostsAt = new Map<string, DialledHost[]>();
  const written = new Map(
    dialled.flatMap(({ addresses }) => addresses.map((address) => [addressKey(address), address])),
  );
  for (const host of dialled)
    for (const key of new Set(host.addresses.map(addressKey))) addTo(hostsAt, key, host);
  const openings = clusters.map((cluster) => ({ name: cluster.name, opening: openingOf(cluster) }));
  const open = new Map(
    [...hostsAt]
      .filter(([key]) => !found.has(key))
      .map(([key, hosts]): [string, readonly string[]] => [
        key,
        openings
          .filter(({ name, opening }) =>
            hosts.every(
              ({ consumer, localHost, host }) =>
                consumer !== name && letsThrough(opening, localHost, host),
            ),
          )
          .map(({ name }) => name),
      ]),
  );
  for (const [key, cluster] of settled(open, clustersOf(found)))
    found.set(key, { cluster, address: written.get(key) ?? key });
  return found;
}

function clustersOf(places: GatewayAddresses): ReadonlySet<string> {
  return new Set([...places.values()].map(({ cluster }) => cluster));
}

/** An address that only one cluster can have is its, and no other address's. */
function settled(
  open: Map<string, readonly string[]>,
  placed: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const taken = new Set(placed);
  for (;;) {
    const next = [...open].find(
      ([, names]) => names.filter((name) => !taken.has(name)).length === 1,
    );
    if (next === undefined) return found;
    const [key, names] = next;
    const [only] = names.filter((name) => !taken.has(name));
    if (only !== undefined) {
      found.set(key, only);
      taken.add(only);
    }
    open.delete(key);
  }
}
