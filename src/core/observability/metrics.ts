/**
 * The metrics that rules are made of: those that Envoy itself has under these names, of callers' proxies and of gateways, and
 * istiod's. What proxies have to count for them is made of the same list, since Istio leaves most of Envoy's statistics out.
 */
import type { Cluster, Mesh } from "../mesh";

/** A metric as Prometheus scrapes it. */
export interface Metric {
  readonly name: string;
  /** Labels that rules read. */
  readonly labels: readonly string[];
  /** What has it: a caller's proxy for each global service and port, a gateway for each server name, its listener, or istiod. */
  readonly of: "caller" | "gateway" | "listener" | "istiod";
  /** The last part of Envoy's own name of the statistic, as a regular expression; istiod's have none. */
  readonly stat?: string;
}

const counted = (of: "caller" | "gateway", name: string): Metric => ({
  name: `envoy_cluster_${name}`,
  labels: ["cluster_name"],
  of,
  stat: name,
});

const ofListener = (name: string): Metric => ({
  name: `envoy_listener_${name}`,
  labels: ["listener_address"],
  of: "listener",
  stat: name,
});

const ofIstiod = (name: string, ...labels: readonly string[]): Metric => ({
  name,
  labels,
  of: "istiod",
});

/** Every metric that a rule reads, by what it's for. */
export const metrics = {
  requests: {
    name: "envoy_cluster_upstream_rq",
    labels: ["cluster_name", "response_code_class"],
    of: "caller",
    stat: "upstream_rq_[1-5]xx",
  },
  durations: {
    name: "envoy_cluster_upstream_rq_time_bucket",
    labels: ["cluster_name", "le"],
    of: "caller",
    stat: "upstream_rq_time",
  },
  connections: counted("caller", "upstream_cx_total"),
  connectFailures: counted("caller", "upstream_cx_connect_fail"),
  sentBytes: counted("caller", "upstream_cx_tx_bytes_total"),
  receivedBytes: counted("caller", "upstream_cx_rx_bytes_total"),
  passedConnections: counted("gateway", "upstream_cx_total"),
  passedSentBytes: counted("gateway", "upstream_cx_tx_bytes_total"),
  passedReceivedBytes: counted("gateway", "upstream_cx_rx_bytes_total"),
  /** Connections for a service whose pods there are, but refuse. */
  refusedByPods: counted("gateway", "upstream_cx_connect_fail"),
  /** Connections for a service that has no pod that is ready. */
  withoutPods: counted("gateway", "upstream_cx_none_healthy"),
  accepted: ofListener("downstream_cx_total"),
  /** Connections whose server name is none of an exported service. */
  unknownServerNames: ofListener("no_filter_chain_match"),
  rootEnds: ofIstiod("citadel_server_root_cert_expiry_timestamp"),
  intermediateEnds: ofIstiod("citadel_server_cert_chain_expiry_timestamp"),
  controlPlanes: ofIstiod("pilot_info", "version"),
  proxies: ofIstiod("pilot_xds", "version"),
  pushes: ofIstiod("pilot_xds_pushes", "type"),
  /** Configuration that proxies have refused; there from the first refusal on. */
  rejections: ofIstiod("pilot_total_xds_rejects", "type"),
  convergence: ofIstiod("pilot_proxy_convergence_time_bucket", "le"),
} as const satisfies Readonly<Record<string, Metric>>;

/** A text as a regular expression of RE2 that needs no escapes in YAML, JSON or PromQL. */
export function literally(text: string): string {
  return text.replace(/[.|]/g, "[$&]");
}

/** Address of a gateway's listener, as Envoy names it in metrics: `0.0.0.0_15443`, or `[__]_15443` for IPv6. */
export function listenerAddress({ gateway }: Pick<Cluster, "gateway">): string {
  return `.+_${gateway.port}`;
}

/**
 * Names of Envoy's statistics that proxies keep, as Istio's ProxyStatsMatcher takes them: of global services and of the
 * gateway, and none of the hundreds of others.
 */
export function statsOf(
  { domain }: Pick<Mesh, "domain">,
  cluster: Pick<Cluster, "gateway">,
): readonly string[] {
  const scopes = {
    caller: `cluster[.]outbound[|].+[.]${literally(domain)};`,
    gateway: "cluster[.]outbound_[.].+;",
    listener: `listener[.]${listenerAddress(cluster)}`,
  } as const;
  const all: readonly Metric[] = Object.values(metrics);
  return Object.entries(scopes).map(([of, scope]) => {
    const stats = all.flatMap((metric) => (metric.of === of ? (metric.stat ?? []) : []));
    return `${scope}[.](${[...new Set(stats)].join("|")})`;
  });
}
