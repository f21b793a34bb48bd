/** What the dashboard of a mesh shows: rows of panels, each with its queries over recorded series. */
import { thresholds } from "./alerts";
import { expiryDays } from "./expiryDays";
import { growthOf, type Recording, recordings } from "./recordings";

/** A query of a panel. `$source` and `$destination` stand for clusters' names, as regular expressions. */
export interface PanelQuery {
  readonly expr: string;
  /** Name of each series, with its labels in double braces. */
  readonly legend: string;
}

/** What one panel shows. */
export interface Panel {
  readonly title: string;
  /** What it tells, for who sees it first. */
  readonly description: string;
  /** As Grafana names it. */
  readonly unit: string;
  readonly type: "timeseries" | "stat";
  readonly queries: readonly PanelQuery[];
  /** Values from which on it's shown in another colour, as a line in a time series. @default one colour, whatever the value */
  readonly steps?: readonly { readonly color: string; readonly value: number | null }[];
}

/** Panels under one title. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** What several clusters serve counts to all of them. */
const calls = '{source_cluster=~"$source",destination_cluster=~"(.+,)?($destination)(,.+)?"}';
const serving = '{cluster=~"$destination"}';
const either = 'cluster=~"$source|$destination"';
const any = `{${either}}`;
const pairLegend = "{{source_cluster}} → {{destination_cluster}}";

/** All panels, in the order in which they are read. */
export const rows: readonly Row[] = [
  {
    title: "Calls across clusters",
    panels: [
      {
        title: "Requests",
        description: "HTTP and gRPC requests a second, by the clusters of caller and service.",
        ...{ unit: "reqps", type: "timeseries" },
        queries: [ofPairs(recordings.requests, calls)],
      },
      {
        title: "Errors",
        description: "Share of answers that are 5xx, of the service or of a proxy.",
        ...{ unit: "percentunit", type: "timeseries" },
        queries: [
          {
            // Where nothing fails there is no series of 5xx.
            expr: `(${sumOfPairs(recordings.requests, calls.replace("}", ',response_code_class="5xx"}'))} or 0 * ${sumOfPairs(recordings.requests, calls)}) / ${sumOfPairs(recordings.requests, calls)}`,
            legend: pairLegend,
          },
        ],
        steps: alertFrom(thresholds.errors),
      },
      {
        title: "Latency",
        description: "Time until the answer, as the caller's proxy sees it.",
        ...{ unit: "ms", type: "timeseries" },
        queries: [0.5, 0.95, 0.99].map((quantile) => ({
          expr: `histogram_quantile(${quantile}, sum by (source_cluster, destination_cluster, le) (${recordings.durations.name}${calls}))`,
          legend: `${pairLegend} p${quantile * 100}`,
        })),
        steps: alertFrom(thresholds.milliseconds),
      },
      {
        title: "Requests by service",
        description: "The same requests, by the service that is called.",
        ...{ unit: "reqps", type: "timeseries" },
        queries: [
          {
            expr: `sum by (service, source_cluster) (${recordings.requests.name}${calls})`,
            legend: "{{source_cluster}} → {{service}}",
          },
        ],
      },
      {
        title: "Connections and failures",
        description: "Connections a second that callers' proxies open, and those that fail.",
        ...{ unit: "cps", type: "timeseries" },
        queries: [
          ofPairs(recordings.connections, calls),
          ofPairs(recordings.connectFailures, calls, " fail"),
        ],
      },
      {
        title: "Bytes",
        description: "Bytes a second that callers send and receive, TCP services included.",
        ...{ unit: "Bps", type: "timeseries" },
        queries: [
          ofPairs(recordings.sentBytes, calls, " sent"),
          ofPairs(recordings.receivedBytes, calls, " received"),
        ],
      },
    ],
  },
  {
    title: "Gateways",
    panels: [
      {
        title: "Connections",
        description: "Connections a second that gateways take, and pass on to pods.",
        ...{ unit: "cps", type: "timeseries" },
        queries: [
          ofClusters(recordings.accepted, serving),
          ofClusters(recordings.passedConnections, serving, " to pods"),
        ],
      },
      {
        title: "Refused connections",
        description:
          "With a server name that isn't exported; for a service whose pods refuse; for one without ready pods.",
        ...{ unit: "cps", type: "timeseries" },
        queries: [
          ofClusters(recordings.unknownServerNames, serving, " unknown server name"),
          ...[
            [recordings.refusedByPods, "refused by pods"] as const,
            [recordings.withoutPods, "no ready pod"] as const,
          ].map(([recording, what]) => ({
            expr: `sum by (cluster, service) (${recording.name}${serving})`,
            legend: `{{cluster}} {{service}} ${what}`,
          })),
        ],
      },
      {
        title: "Bytes through gateways",
        description: "Bytes a second to pods and from them.",
        ...{ unit: "Bps", type: "timeseries" },
        queries: [
          ofClusters(recordings.passedSentBytes, serving, " to pods"),
          ofClusters(recordings.passedReceivedBytes, serving, " from pods"),
        ],
      },
    ],
  },
  {
    title: "Certificates and control planes",
    panels: [
      {
        title: "Days until CA certificates end",
        description: "Of the root, and of the intermediate by which each cluster issues.",
        ...{ unit: "d", type: "stat" },
        queries: [
          daysUntil(recordings.rootEnds, "root"),
          daysUntil(recordings.intermediateEnds, "intermediate"),
        ],
        steps: [
          { color: "red", value: null },
          { color: "yellow", value: expiryDays.error },
          { color: "green", value: expiryDays.warning },
        ],
      },
      {
        title: "Proxies",
        description: "Proxies that get their configuration from the cluster's istiod.",
        ...{ unit: "short", type: "stat" },
        queries: [ofClusters(recordings.proxies, any)],
      },
      {
        title: "Pushes and rejections",
        description:
          "Configuration a second that istiod sends, and how much proxies have refused in ten minutes.",
        ...{ unit: "short", type: "timeseries" },
        queries: [
          ofClusters(recordings.pushes, any, " pushes"),
          {
            // Nothing counts rejections before there is one.
            expr: `sum by (cluster) (${growthOf(recordings.rejections, either)} or 0 * ${recordings.proxies.name}${any})`,
            legend: "{{cluster}} rejections",
          },
        ],
      },
      {
        title: "Convergence",
        description: "Time from a change until proxies have it, of 99 of 100 changes.",
        ...{ unit: "s", type: "timeseries" },
        queries: [
          {
            expr: `histogram_quantile(0.99, sum by (cluster, le) (${recordings.convergence.name}${any}))`,
            legend: "{{cluster}} p99",
          },
        ],
      },
    ],
  },
];

/** Red from where on an alert fires. */
function alertFrom(value: number): NonNullable<Panel["steps"]> {
  return [
    { color: "green", value: null },
    { color: "red", value },
  ];
}

function sumOfPairs({ name }: Recording, selector: string): string {
  return `sum by (source_cluster, destination_cluster) (${name}${selector})`;
}

function ofPairs(recording: Recording, selector: string, what = ""): PanelQuery {
  return { expr: sumOfPairs(recording, selector), legend: `${pairLegend}${what}` };
}

function ofClusters({ name }: Recording, selector: string, what = ""): PanelQuery {
  return { expr: `sum by (cluster) (${name}${selector})`, legend: `{{cluster}}${what}` };
}

function daysUntil({ name }: Recording, what: string): PanelQuery {
  return {
    expr: `(min by (cluster) (${name}${any}) - time()) / 86400`,
    legend: `{{cluster}} ${what}`,
  };
}
