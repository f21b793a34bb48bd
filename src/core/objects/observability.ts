/** What makes calls across clusters seen: access logs, what Prometheus scrapes and its rules, a dashboard for Grafana. */
import type { Cluster, Mesh, Observability } from "../mesh";
import { dashboardOf } from "../observability/dashboard";
import { ruleGroupsOf } from "../observability/ruleGroups";
import { formatYaml } from "../yaml";
import { accessLogTelemetry } from "./accessLogs";
import { gatewayNamespace, rootNamespace } from "./namespaces";
import { type Manifest, ownerLabels, planned, type PlannedObject } from "./manifest";

/** Everything of one cluster; nothing where the description doesn't ask for it. */
export function planObservability(mesh: Mesh, cluster: Cluster): readonly PlannedObject[] {
  const { observability } = mesh;
  if (observability === undefined) return [];
  const add = (manifest: Manifest) =>
    planned("observability", "Mesh", manifest, {
      dependsOn: [rootNamespace(mesh, cluster), gatewayNamespace(cluster)].filter(
        ({ metadata }) => metadata.name === manifest.metadata.namespace,
      ),
    });
  return [
    ...accessLogTelemetry(mesh, cluster),
    ...(observability.rules === "operator"
      ? [prometheusRule(mesh, cluster, observability), ...monitors(mesh, cluster, observability)]
      : [rulesFile(mesh, cluster, observability)]),
    ...(observability.dashboard ? [dashboard(mesh, observability)] : []),
  ].map(add);
}

/** Two meshes may share a cluster's namespace. */
function metadataOf(
  mesh: Pick<Mesh, "name">,
  { namespace, labels }: Observability,
  part: string,
  own: Readonly<Record<string, string>> = {},
): Manifest["metadata"] {
  return {
    name: `meshspan-${mesh.name}-${part}`,
    namespace,
    labels: { ...labels, ...ownerLabels(mesh), ...own },
  };
}

function prometheusRule(mesh: Mesh, cluster: Cluster, settings: Observability): Manifest {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: metadataOf(mesh, settings, "rules"),
    spec: { groups: ruleGroupsOf(mesh, cluster) },
  };
}

/** The same as a file that a Prometheus of one's own mounts, for its `rule_files`. */
function rulesFile(mesh: Mesh, cluster: Cluster, settings: Observability): Manifest {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: metadataOf(mesh, settings, "rules"),
    data: { "meshspan.rules.yaml": formatYaml([{ groups: ruleGroupsOf(mesh, cluster) }]) },
  };
}

/**
 * What the operator's Prometheus scrapes: of all pods with a proxy, gateways too, the port that Istio gives their metrics, and
 * istiod's. Both ports are open to pods of the cluster, by the mesh's own NetworkPolicies too, and take no mutual TLS.
 */
function monitors(mesh: Mesh, cluster: Cluster, settings: Observability): readonly Manifest[] {
  const monitor = (part: string, spec: object, endpoint: object): Manifest => ({
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: metadataOf(mesh, settings, part),
    spec: {
      ...spec,
      podMetricsEndpoints: [
        { ...endpoint, relabelings: [{ targetLabel: "cluster", replacement: cluster.name }] },
      ],
    },
  });
  return [
    monitor(
      "proxies",
      {
        namespaceSelector: { any: true },
        // Pods that have no such port are left out.
        selector: {
          matchExpressions: [{ key: "service.istio.io/canonical-name", operator: "Exists" }],
        },
      },
      { port: "http-envoy-prom", path: "/stats/prometheus" },
    ),
    monitor(
      "istiod",
      {
        namespaceSelector: { matchNames: [mesh.istio.namespace] },
        selector: { matchLabels: { app: "istiod" } },
      },
      { port: "http-monitoring", path: "/metrics" },
    ),
  ];
}

/** The same in every cluster; the label is the one by which the sidecar of Grafana's chart finds dashboards. */
function dashboard(mesh: Mesh, settings: Observability): Manifest {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: metadataOf(mesh, settings, "dashboard", { grafana_dashboard: "1" }),
    data: { [`meshspan-${mesh.name}.json`]: `${JSON.stringify(dashboardOf(mesh), null, 2)}\n` },
  };
}
