/** How a gateway is written on the command line, and as peers dial it. */
import { isIPv6 } from "node:net";
import { addressKey } from "../core/addressKey";
import type { ClusterDescription } from "../core/description";
import { type Cluster, dialPortOf, type Mesh } from "../core/mesh";
import { hostAndPort } from "../core/words";
import { usageFailure } from "./failure";

/** Where a gateway is dialled. */
export interface GatewayPlace {
  /** IP address, or host name in lower case. */
  readonly host: string;
  readonly port: number;
}

/** The port of an east-west gateway's listener where none is given. */
export const defaultPort = 15443;

/** `203.0.113.30`, `gateway.example.com:15443`, `2001:db8::30` or `[2001:db8::30]:15443`. @throws Failure */
export function parsePlace(text: string): GatewayPlace {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = (isIPv6(text) ? text : (bracketed ?? plain ?? "")).toLowerCase();
  const number = port === undefined || isIPv6(text) ? defaultPort : Number(port);
  if (!/^[a-z0-9.:-]+$/.test(host) || number < 1 || number > 65535) {
    throw usageFailure(
      `"${text}" is no gateway's address`,
      "write an IP address or a host name, with a port where it isn't 15443: 203.0.113.30 or gateway.example.com:31443",
    );
  }
  return { host, port: number };
}

/** As `parsePlace` reads it; the port only where it isn't the usual one. */
export function formatPlace({ host, port }: GatewayPlace): string {
  if (port === defaultPort) return host;
  return hostAndPort(host, port);
}

/** Where a cluster's gateway is dialled; without a host where that is learnt from the cluster. */
export function placeOf({ gateway }: Cluster): GatewayPlace | undefined {
  const { address } = gateway;
  return address === undefined
    ? undefined
    : { host: address.toLowerCase(), port: dialPortOf(gateway) };
}

/** The cluster whose gateway is dialled there. */
export function clusterAt(mesh: Pick<Mesh, "clusters">, place: GatewayPlace): Cluster | undefined {
  return mesh.clusters.find((cluster) => {
    const known = placeOf(cluster);
    if (known?.port !== place.port) return false;
    return addressKey(known.host) === addressKey(place.host);
  });
}

/** What a description says of a gateway there. Ports of nodes are a NodePort Service's (Kubernetes' default range). */
export function describeGateway({
  host: address,
  port,
}: GatewayPlace): NonNullable<ClusterDescription["gateway"]> &
  Readonly<Record<string, string | number>> {
  if (port === defaultPort) return { address };
  return port >= 30_000 && port <= 32_767
    ? { address, service: "NodePort", nodePort: port }
    : { address, port };
}

/** A name for a cluster that has none: `cluster-3` beside two others. */
export function nextName(mesh: Pick<Mesh, "clusters">): string {
  const taken = new Set(mesh.clusters.map(({ name }) => name));
  for (let number = taken.size + 1; ; number++)
    if (!taken.has(`cluster-${number}`)) return `cluster-${number}`;
}
