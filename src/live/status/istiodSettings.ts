/** Settings of istiod that the mesh depends on, as they are in the cluster and as they are planned. */
import type { V1Deployment } from "@kubernetes/client-node";
import { isDeepStrictEqual } from "node:util";
import type { Mesh } from "../../core/mesh";
import {
  clusterNameOf,
  type MeshConfig,
  meshConfigName,
  readMeshConfig,
} from "../../core/meshConfig";
import { istiodValues } from "../../core/objects/helmValues";
import type { ClusterPlan } from "../../core/plan";
import { unanswered } from "./answer";
import { fine, type Verdict } from "./finding";
import type { ClusterObservation } from "./observation";

/** What istiod has to know of the mesh, by the values of its chart. */
export function judgeSettings(
  mesh: Mesh,
  { cluster }: ClusterPlan,
  deployment: V1Deployment,
  { meshConfig }: ClusterObservation,
): Verdict {
  const { namespace } = mesh.istio;
  const subject = `core/ConfigMap/${namespace}/${meshConfigName(mesh.istio.revision)}`;
  if (!meshConfig.ok) return unanswered(subject, meshConfig);
  const { global, meshConfig: planned } = istiodValues(mesh, cluster);
  const live = readMeshConfig(meshConfig.value);
  const environment = deployment.spec?.template.spec?.containers[0]?.env ?? [];
  const clusterName = clusterNameOf(environment);
  const aliases = planned.trustDomainAliases ?? [];
  const metadata = planned.defaultConfig.proxyMetadata;
  const wrong = [
    ...differing("trustDomain", live.trustDomain ?? "cluster.local", planned.trustDomain),
    ...aliases
      .filter((alias) => live.trustDomainAliases?.includes(alias) !== true)
      .map((alias) => `trustDomainAliases lacks ${alias}`),
    ...differing("meshID", live.defaultConfig?.meshId ?? "", global.meshID),
    ...differing("configSources", sourcesOf(live), sourcesOf(planned)),
    ...differing("serviceSettings", ...including(live.serviceSettings, planned.serviceSettings)),
    ...(planned.discoverySelectors === undefined
      ? []
      : differing(
          "discoverySelectors",
          shown(live.discoverySelectors),
          shown(planned.discoverySelectors),
        )),
    ...differing("clusterName", clusterName, global.multiCluster.clusterName),
    ...Object.entries(metadata).flatMap(([key, value]) =>
      differing(key, live.defaultConfig?.proxyMetadata?.[key] ?? "unset", value),
    ),
  ];
  if (wrong.length === 0) return fine(subject, "settings as planned");
  return {
    state: "error",
    code: "istiod_settings_differ",
    subject,
    message: `istiod's settings differ: ${wrong.join("; ")} (there → planned)`,
    hint: "upgrade istiod's chart with the values that meshspan render writes, then restart the pods with proxies",
    fix: `helm upgrade istiod istio/istiod -n ${namespace} -f ${cluster.name}/helm/istiod.yaml`,
  };
}

/** What istiod reads objects from: its own API server alone, unless it is told. */
function sourcesOf({ configSources = [{ address: "k8s://" }] }: MeshConfig): string {
  return configSources
    .map(({ address }) => address)
    .sort()
    .join(" ");
}

/** Settings that are planned, and those of them that are there: others beside them are the cluster's own. */
function including(
  live: MeshConfig["serviceSettings"] = [],
  planned: MeshConfig["serviceSettings"] = [],
): [string, string] {
  const there = planned.filter((one) => live.some((other) => isDeepStrictEqual(one, other)));
  return [shown(there), shown(planned)];
}

function shown(list: readonly object[] = []): string {
  return list.length === 0 ? "none" : JSON.stringify(list);
}

function differing(what: string, live: string, planned: string): readonly string[] {
  return live === planned ? [] : [`${what} ${live} → ${planned}`];
}
