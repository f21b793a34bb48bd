/** Access logs of calls across clusters: which ones are written. */
import type { Cluster, Mesh } from "../mesh";
import { accessLogName } from "../observability/accessLogFormat";
import { literally } from "../observability/metrics";
import { gatewaySelector } from "./gateway";
import { type Manifest, ownerLabels } from "./manifest";

/**
 * Which calls are written: of all proxies those of global services, of the gateway every connection. Both in CEL, with Envoy's
 * attributes; a bare connection has no response code.
 */
export function accessLogTelemetry(mesh: Mesh, cluster: Cluster): readonly Manifest[] {
  const logs = mesh.observability?.accessLogs ?? "none";
  if (logs === "none") return [];
  const failed = "(response.flags != 0 || (has(response.code) && response.code >= 500))";
  const only = logs === "errors" ? [failed] : [];
  // Envoy's own names of clusters end in ";" where Istio's statistics do.
  const isGlobal = `xds.cluster_name.matches('^outbound[|].+[.]${literally(mesh.domain)};?$')`;
  const telemetry = (namespace: string, conditions: readonly string[], spec: object): Manifest => ({
    apiVersion: "telemetry.istio.io/v1",
    kind: "Telemetry",
    metadata: { name: accessLogName, namespace, labels: ownerLabels(mesh) },
    spec: {
      ...spec,
      accessLogging: [
        {
          providers: [{ name: accessLogName }],
          ...(conditions.length === 0 ? {} : { filter: { expression: conditions.join(" && ") } }),
        },
      ],
    },
  });
  return [
    telemetry(mesh.istio.namespace, [isGlobal, ...only], {}),
    telemetry(cluster.gateway.namespace, only, {
      selector: { matchLabels: gatewaySelector(mesh, cluster) },
    }),
  ];
}
