/**
 * What is recorded of a mesh: few series with the names of clusters, made of the many that proxies have. Alerts and the
 * dashboard read these alone, and a Prometheus that looks at several clusters needs no others.
 */
import type { Cluster, Mesh } from "../mesh";
import { listenerAddress, type Metric, metrics } from "./metrics";
import { type Pair, pairsOf } from "./pairs";

/** A recorded series. */
export interface Recording {
  readonly name: string;
  /** Labels beside those that say whose it is: `source_cluster` and `destination_cluster` of a pair, else `cluster`. */
  readonly by: readonly string[];
  readonly of: "pair" | "cluster";
}

/** A rule of Prometheus that records. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Over how long rates are taken: four scrapes and more where they come once a minute. */
export const window = "5m";

const pairRate = (what: string, ...by: readonly string[]): Recording => ({
  name: `meshspan:cross_cluster_${what}:rate5m`,
  by: ["service", ...by],
  of: "pair",
});

const clusterSeries = (name: string, ...by: readonly string[]): Recording => ({
  name: `meshspan:${name}`,
  by,
  of: "cluster",
});

/** Every recorded series, by what it's for. */
export const recordings = {
  requests: pairRate("requests", "response_code_class"),
  /** Milliseconds, as Envoy has them. */
  durations: pairRate("request_duration_milliseconds_bucket", "le"),
  connections: pairRate("connections"),
  connectFailures: pairRate("connect_failures"),
  sentBytes: pairRate("sent_bytes"),
  receivedBytes: pairRate("received_bytes"),
  accepted: clusterSeries("gateway_connections:rate5m"),
  unknownServerNames: clusterSeries("gateway_unknown_server_names:rate5m"),
  passedConnections: clusterSeries("gateway_passed_connections:rate5m", "service"),
  passedSentBytes: clusterSeries("gateway_sent_bytes:rate5m", "service"),
  passedReceivedBytes: clusterSeries("gateway_received_bytes:rate5m", "service"),
  refusedByPods: clusterSeries("gateway_refused_by_pods:rate5m", "service"),
  withoutPods: clusterSeries("gateway_without_pods:rate5m", "service"),
  /** Seconds since 1970. */
  rootEnds: clusterSeries("root_certificate_expiry:timestamp_seconds"),
  intermediateEnds: clusterSeries("intermediate_certificate_expiry:timestamp_seconds"),
  controlPlanes: clusterSeries("control_planes:count"),
  proxies: clusterSeries("control_plane_proxies:sum"),
  pushes: clusterSeries("control_plane_pushes:rate5m", "type"),
  /** Since istiod started; a rate would miss the first one, with which the counter comes to be. */
  rejections: clusterSeries("control_plane_rejections:sum"),
  /** Seconds from a change to all proxies that have it. */
  convergence: clusterSeries("control_plane_convergence_seconds_bucket:rate5m", "le"),
} as const satisfies Readonly<Record<string, Recording>>;

/** All rules that record, of one cluster: its Prometheus scrapes its own proxies and control planes alone. */
export function recordingRules(
  mesh: Pick<Mesh, "domain" | "services">,
  cluster: Cluster,
): readonly RecordingRule[] {
  const pairs = pairsOf(mesh, cluster);
  return [
    ...pairs.flatMap(rulesOfPair),
    ...(isExporting(mesh, cluster) ? rulesOfGateway(cluster) : []),
    ...rulesOfControlPlane(cluster),
  ];
}

/** Whether a cluster's gateway has anything to let through. */
export function isExporting({ services }: Pick<Mesh, "services">, { name }: Cluster): boolean {
  return services.some(
    ({ servedBy, consumedBy }) =>
      servedBy.some(({ cluster }) => cluster === name) &&
      consumedBy.some((consumer) => consumer !== name),
  );
}

function rulesOfPair({ source, destination, clusterNames }: Pair): readonly RecordingRule[] {
  const labels = { source_cluster: source, destination_cluster: destination };
  const service = ["service", ".*[|]([^|;]+);?"] as const;
  return (
    [
      "requests",
      "durations",
      "connections",
      "connectFailures",
      "sentBytes",
      "receivedBytes",
    ] as const
  ).map((key) => {
    const isRequest = key === "requests" ? ',response_code_class!=""' : "";
    const selector = `{cluster_name=~"${clusterNames}"${isRequest}}`;
    return rule(recordings[key], labels, named(rateOf(metrics[key], selector), ...service));
  });
}

function rulesOfGateway(cluster: Cluster): readonly RecordingRule[] {
  const labels = { cluster: cluster.name };
  const listener = `{listener_address=~"${listenerAddress(cluster)}"}`;
  const service = ["service", "outbound_[.][0-9]+_[.][^.]*_[.]([^;]+);?"] as const;
  return [
    ...(["accepted", "unknownServerNames"] as const).map((key) =>
      rule(recordings[key], labels, rateOf(metrics[key], listener)),
    ),
    ...(
      [
        "passedConnections",
        "passedSentBytes",
        "passedReceivedBytes",
        "refusedByPods",
        "withoutPods",
      ] as const
    ).map((key) =>
      rule(
        recordings[key],
        labels,
        named(rateOf(metrics[key], '{cluster_name=~"outbound_[.].+"}'), ...service),
      ),
    ),
  ];
}

function rulesOfControlPlane({ name }: Cluster): readonly RecordingRule[] {
  const labels = { cluster: name };
  return [
    rule(recordings.rootEnds, labels, metrics.rootEnds.name, "min"),
    rule(recordings.intermediateEnds, labels, metrics.intermediateEnds.name, "min"),
    rule(recordings.controlPlanes, labels, metrics.controlPlanes.name, "count"),
    rule(recordings.proxies, labels, metrics.proxies.name),
    rule(recordings.rejections, labels, metrics.rejections.name),
    ...(["pushes", "convergence"] as const).map((key) =>
      rule(recordings[key], labels, rateOf(metrics[key])),
    ),
  ];
}

function rule(
  { name, by }: Recording,
  labels: Readonly<Record<string, string>>,
  expr: string,
  aggregation: "sum" | "min" | "count" = "sum",
): RecordingRule {
  const grouping = by.length === 0 ? "" : ` by (${by.join(", ")})`;
  return { record: name, expr: `${aggregation}${grouping} (${expr})`, labels };
}

/** How much a count has grown in ten minutes, from nothing where it wasn't there yet. */
export function growthOf({ name }: Recording, selector: string): string {
  const series = `${name}{${selector}}`;
  return `${series} - (${series} offset 10m or 0 * ${series})`;
}

const rateOf = ({ name }: Metric, selector = ""): string => `rate(${name}${selector}[${window}])`;

/** A label made of Envoy's name of a cluster. */
const named = (expr: string, label: string, pattern: string): string =>
  `label_replace(${expr}, "${label}", "$1", "cluster_name", "${pattern}")`;
