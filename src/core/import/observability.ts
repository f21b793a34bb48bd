/** What makes calls across clusters seen, where Meshspan's objects for it are there. */
import type { ObservabilityDescription, ObservabilitySettingsDescription } from "../description";
import { isOwned, type Manifest, ownerLabels } from "../objects/manifest";
import { accessLogName } from "../observability/accessLogFormat";
import { specOf } from "../trace/specs";
import { type ClusterInventory, objectsOf, textsOf } from "./inventory";

/**
 * The settings whose objects a cluster has: rules that Meshspan made, in the operator's form or in a file's, and what stands
 * beside them. `undefined` where there are none. Rules and logs of others are no settings, and stay beside the mesh.
 * @param root Istio's namespace.
 */
export function readObservability(
  cluster: ClusterInventory,
  root: string,
): ObservabilityDescription | undefined {
  const ofMesh = (kind: string) => objectsOf(cluster, kind).filter(isOwned);
  const operator = ofMesh("PrometheusRule").find(isOwnRule);
  const file = ofMesh("ConfigMap").find(
    (configMap) => textsOf(configMap)["meshspan.rules.yaml"] !== undefined,
  );
  const rules = operator ?? file;
  if (rules === undefined) return undefined;
  const dashboard = ofMesh("ConfigMap").some(
    ({ metadata }) => metadata.labels?.grafana_dashboard !== undefined,
  );
  const { namespace } = rules.metadata;
  const accessLogs = accessLogsOf(ofMesh("Telemetry"));
  const own = ownerLabels({ name: "" });
  const labels = Object.fromEntries(
    Object.entries(rules.metadata.labels ?? {}).filter(([key]) => !Object.hasOwn(own, key)),
  );
  const settings: ObservabilitySettingsDescription = {
    ...(accessLogs === "errors" ? {} : { accessLogs }),
    ...(operator === undefined ? { rules: "configMap" } : {}),
    ...(dashboard ? {} : { dashboard }),
    ...(namespace === undefined || namespace === root ? {} : { namespace }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
  return Object.keys(settings).length === 0 ? true : settings;
}

/** By its content: a group of recordings that is called after a mesh. */
function isOwnRule(rule: Manifest): boolean {
  const { groups } = specOf<{ readonly groups?: unknown }>(rule);
  return (
    Array.isArray(groups) &&
    groups.some((group: { readonly name?: unknown } | null) =>
      /^meshspan-.+-recordings$/.test(String(group?.name)),
    )
  );
}

/** With a filter for what failed, errors alone. */
function accessLogsOf(
  telemetries: readonly Manifest[],
): NonNullable<ObservabilitySettingsDescription["accessLogs"]> {
  const telemetry = telemetries.find(({ metadata }) => metadata.name === accessLogName);
  if (telemetry === undefined) return "none";
  return JSON.stringify(specOf(telemetry)).includes("response.flags") ? "errors" : "all";
}
