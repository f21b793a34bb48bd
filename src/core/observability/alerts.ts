/** When somebody has to look at a mesh, and what is to be done then. */
import { type Cluster, dialPortOf, type Mesh } from "../mesh";
import { expiryDays } from "./expiryDays";
import { pairsOf } from "./pairs";
import { growthOf, isExporting, type Recording, recordings } from "./recordings";

/** A rule of Prometheus that alerts. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: { readonly summary: string; readonly description: string };
}

/** From where on an alert fires. */
export const thresholds = {
  /** Share of new connections to peers' gateways that fail. */
  connectFailures: 0.1,
  /** Share of answers that are 5xx. */
  errors: 0.05,
  /** Milliseconds that 99 of 100 requests take at most. */
  milliseconds: 1000,
  /** Connections a second with a server name that isn't exported. */
  unknownServerNames: 0.05,
} as const;

const pair = ["source_cluster", "destination_cluster"] as const;
const daySeconds = 86_400;

/** All alerts of one cluster: of the calls that leave it, its gateway, its CA and its control planes. */
export function alertRules(
  mesh: Pick<Mesh, "domain" | "services">,
  cluster: Cluster,
): readonly AlertRule[] {
  const calls = pairsOf(mesh, cluster).length > 0;
  return [
    ...(calls ? callAlerts(cluster) : []),
    ...(isExporting(mesh, cluster) ? gatewayAlerts(cluster) : []),
    ...certificateAlerts(cluster),
    ...controlPlaneAlerts(cluster),
  ];
}

function callAlerts({ name }: Cluster): readonly AlertRule[] {
  const own = `source_cluster="${name}"`;
  const failures = sumBy(pair, recordings.connectFailures, own);
  const connections = sumBy(pair, recordings.connections, own);
  const byService = [...pair, "service"];
  const errors = sumBy(byService, recordings.requests, `${own},response_code_class="5xx"`);
  const requests = sumBy(byService, recordings.requests, own);
  const durations = sumBy([...pair, "le"], recordings.durations, own);
  return [
    {
      alert: "MeshspanGatewayUnreachable",
      expr: `${failures} / ${connections} > ${thresholds.connectFailures}`,
      for: "5m",
      labels: { severity: "critical" },
      annotations: {
        summary: `Pods of ${name} can't connect to services of {{ $labels.destination_cluster }}.`,
        description: `{{ $value | humanizePercentage }} of new connections fail: a gateway isn't reached, or has no pods behind it. Run \`meshspan status --fix-hints\`, which says which, and see that firewalls let ${name} through to the gateways.`,
      },
    },
    {
      alert: "MeshspanErrors",
      expr: `${errors} / ${requests} > ${thresholds.errors}`,
      for: "10m",
      labels: { severity: "warning" },
      annotations: {
        summary: `{{ $labels.service }} fails for callers of ${name}: {{ $value | humanizePercentage }} of answers are 5xx.`,
        description:
          "The answers are of the service in {{ $labels.destination_cluster }}, or of proxies that don't reach it. Run `meshspan status --check call,gateway`; where calls arrive, look at the service's own logs.",
      },
    },
    {
      alert: "MeshspanSlow",
      expr: `histogram_quantile(0.99, ${durations}) > ${thresholds.milliseconds}`,
      for: "10m",
      labels: { severity: "warning" },
      annotations: {
        summary: `Calls from ${name} to {{ $labels.destination_cluster }} are slow: one of 100 takes {{ $value | humanize }} ms or more.`,
        description:
          "Look in the dashboard whether the gateway has more connections than usual, and which service it is; `meshspan trace` says by what way its calls go.",
      },
    },
  ];
}

function gatewayAlerts(cluster: Cluster): readonly AlertRule[] {
  const { gateway, name } = cluster;
  const labels = (severity: string) => ({ severity, cluster: name });
  const where = `${gateway.namespace}/${gateway.name}`;
  const own = `cluster="${name}"`;
  return [
    {
      alert: "MeshspanGatewayMissing",
      expr: `absent(${seriesOf(recordings.accepted, cluster)})`,
      for: "10m",
      labels: labels("critical"),
      annotations: {
        summary: `No metrics of the gateway of ${name}: none runs, or none is scraped.`,
        description: `Run \`meshspan status --cluster ${name} --check gateway\`. Where it runs, see that Prometheus scrapes port 15090 of its pods (${where}).`,
      },
    },
    {
      alert: "MeshspanGatewayWithoutPods",
      expr: `${sumBy(["service"], recordings.refusedByPods, own)} + ${sumBy(["service"], recordings.withoutPods, own)} > 0`,
      for: "5m",
      labels: labels("critical"),
      annotations: {
        summary: `The gateway of ${name} has no pod for {{ $labels.service }} that takes connections.`,
        description: `Run \`meshspan status --cluster ${name} --check gateway,call\`, and see that pods of {{ $labels.service }} are ready and have sidecars.`,
      },
    },
    {
      alert: "MeshspanUnknownServerNames",
      expr: `${seriesOf(recordings.unknownServerNames, cluster)} > ${thresholds.unknownServerNames}`,
      for: "10m",
      labels: { severity: "warning" },
      annotations: {
        summary: `The gateway of ${name} is dialled for services that it doesn't export.`,
        description: `A peer has another plan than this cluster, or somebody knocks. Run \`meshspan status --check objects\` for the first; for the second, set \`allowFrom\` of the gateway to the ranges of peers, so that nobody else reaches port ${dialPortOf(gateway)}. Lines with the flag NR in the gateway's access log have addresses and names.`,
      },
    },
  ];
}

function certificateAlerts(cluster: Cluster): readonly AlertRule[] {
  const certificates = [
    [
      "MeshspanRootCertificateEnds",
      "The root of the mesh",
      recordings.rootEnds,
      "Replace it in stages with `meshspan certs rotate`.",
    ],
    [
      "MeshspanIntermediateCertificateEnds",
      `The CA certificate of ${cluster.name}`,
      recordings.intermediateEnds,
      `Renew it with \`meshspan certs renew --cluster ${cluster.name}\`, or see what keeps Pulumi or cert-manager from it.`,
    ],
  ] as const;
  return certificates.flatMap(([alert, what, recording, remedy]) =>
    (
      [
        ["warning", expiryDays.warning],
        ["critical", expiryDays.error],
      ] as const
    ).map(([severity, days]): AlertRule => ({
      alert,
      expr: `${seriesOf(recording, cluster)} - time() < ${days} * ${daySeconds}`,
      for: "1h",
      labels: { severity },
      annotations: {
        summary: `${what} ends in {{ $value | humanizeDuration }}.`,
        description: `${remedy} \`meshspan status --check trust\` has the dates of all clusters.`,
      },
    })),
  );
}

function controlPlaneAlerts(cluster: Cluster): readonly AlertRule[] {
  const { name } = cluster;
  return [
    {
      alert: "MeshspanControlPlaneMissing",
      expr: `absent(${seriesOf(recordings.controlPlanes, cluster)})`,
      for: "10m",
      labels: { severity: "critical", cluster: name },
      annotations: {
        summary: `No metrics of istiod of ${name}: none runs, or none is scraped.`,
        description: `Proxies go on with what they have, until their certificates end within a day. Run \`meshspan status --cluster ${name} --check istiod\`. Where it runs, see that Prometheus scrapes its port 15014.`,
      },
    },
    {
      alert: "MeshspanConfigurationRejected",
      expr: `${growthOf(recordings.rejections, `cluster="${name}"`)} > 0`,
      for: "1m",
      labels: { severity: "warning" },
      annotations: {
        summary: `Proxies of ${name} refuse what istiod sends them, and go on with what they had.`,
        description: `\`istioctl proxy-status\` names them, and istiod's log has the reason; an EnvoyFilter is the usual one. \`meshspan status --cluster ${name} --check objects\` finds objects that were changed by hand.`,
      },
    },
  ];
}

function seriesOf({ name }: Recording, cluster: Cluster): string {
  return `${name}{cluster="${cluster.name}"}`;
}

function sumBy(labels: readonly string[], { name }: Recording, selector: string): string {
  return `sum by (${labels.join(", ")}) (${name}{${selector}})`;
}
