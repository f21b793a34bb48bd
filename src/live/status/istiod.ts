/** istiod runs, as the version and with the settings that the mesh is described with. */
import type { V1ConfigMap, V1Deployment } from "@kubernetes/client-node";
import { parse } from "yaml";
import type { Mesh } from "../../core/mesh";
import { istiodValues } from "../../core/objects/helmValues";
import type { ClusterPlan } from "../../core/plan";
import { counted } from "../../core/words";
import { unanswered } from "./answer";
import { fine, type Verdict } from "./finding";
import { type ClusterObservation, placeOf } from "./observation";
import { whyNotReady } from "./podState";

/** A kind without which there is no Istio. */
const gatewayKind = "networking.istio.io/v1 Gateway";

export function judgeIstiod(
  mesh: Mesh,
  plan: ClusterPlan,
  seen: ClusterObservation,
): readonly Verdict[] {
  const { namespace } = mesh.istio;
  const { istiod, owned } = seen;
  if (!istiod.ok) return [unanswered(`istiod in ${namespace}`, istiod)];
  const list = owned.get(gatewayKind);
  const hasKinds = list?.ok !== false || list.reason !== "unknown_kind";
  const [deployment] = istiod.value;
  if (!hasKinds || deployment === undefined) {
    return [
      {
        state: "error",
        code: "istio_missing",
        subject: `apps/Deployment/${namespace}/istiod`,
        message: hasKinds
          ? `no istiod runs in ${namespace}`
          : "Istio isn't installed: the cluster doesn't know its kinds",
        hint: "install Istio's charts base and istiod with the values that meshspan render writes",
        fix: `helm upgrade --install istiod istio/istiod -n ${namespace} -f ${plan.cluster.name}/helm/istiod.yaml`,
      },
    ];
  }
  return [
    ...istiod.value.map((each) => judgeDeployment(each, seen)),
    ...istiod.value.flatMap((each) => judgeVersion(mesh, each)),
    judgeSettings(mesh, plan, deployment, seen),
  ];
}

function keyOfDeployment(deployment: V1Deployment): string {
  const { name, namespace } = placeOf(deployment);
  return `apps/Deployment/${namespace}/${name}`;
}

function judgeDeployment(deployment: V1Deployment, { istiodPods }: ClusterObservation): Verdict {
  const subject = keyOfDeployment(deployment);
  const { name, namespace } = placeOf(deployment);
  const wanted = deployment.spec?.replicas ?? 1;
  const available = deployment.status?.availableReplicas ?? 0;
  if (available >= wanted && wanted > 0)
    return fine(subject, `${available} of ${counted(wanted, "pod")} ready`);
  const why =
    wanted === 0 ? "it is scaled to 0" : whyNotReady(istiodPods.ok ? istiodPods.value : []);
  return {
    state: available === 0 ? "error" : "warning",
    code: "istiod_not_ready",
    subject,
    message: `${available} of ${counted(wanted, "pod")} ready: ${why}; proxies go on with what they have, and certificates aren't renewed`,
    hint: wanted === 0 ? "scale it up again" : "see its log and events",
    fix:
      wanted === 0
        ? `kubectl -n ${namespace} scale deployment ${name} --replicas=1`
        : `kubectl -n ${namespace} logs deployment/${name}`,
  };
}

function judgeVersion({ istio }: Mesh, deployment: V1Deployment): readonly Verdict[] {
  const subject = keyOfDeployment(deployment);
  const image = deployment.spec?.template.spec?.containers[0]?.image ?? "";
  const tag = /:([^/@]+)(?:@|$)/.exec(image)?.[1];
  if (istio.version === undefined || tag === undefined) return [];
  if (tag === istio.version || tag.startsWith(`${istio.version}-`)) return [fine(subject, tag)];
  return [
    {
      state: "warning",
      code: "istiod_version_differs",
      subject,
      message: `it is ${tag}, and the description says ${istio.version}`,
      hint: "upgrade Istio, or say in istio.version which one there is",
    },
  ];
}

interface MeshConfig {
  readonly trustDomain?: string;
  readonly trustDomainAliases?: readonly string[];
  readonly defaultConfig?: {
    readonly meshId?: string;
    readonly proxyMetadata?: Readonly<Record<string, string>>;
  };
}

/** What istiod has to know of the mesh, by the values of its chart. */
function judgeSettings(
  mesh: Mesh,
  { cluster }: ClusterPlan,
  deployment: V1Deployment,
  { meshConfig }: ClusterObservation,
): Verdict {
  const { namespace } = mesh.istio;
  const name = mesh.istio.revision === undefined ? "istio" : `istio-${mesh.istio.revision}`;
  const subject = `core/ConfigMap/${namespace}/${name}`;
  if (!meshConfig.ok) return unanswered(subject, meshConfig);
  const { global, meshConfig: planned } = istiodValues(mesh, cluster);
  const live = readMeshConfig(meshConfig.value);
  const environment = deployment.spec?.template.spec?.containers[0]?.env ?? [];
  const clusterName = environment.find((variable) => variable.name === "CLUSTER_ID")?.value;
  const aliases = planned.trustDomainAliases ?? [];
  const metadata = planned.defaultConfig.proxyMetadata;
  const wrong = [
    ...differing("trustDomain", live.trustDomain ?? "cluster.local", planned.trustDomain),
    ...aliases
      .filter((alias) => live.trustDomainAliases?.includes(alias) !== true)
      .map((alias) => `trustDomainAliases lacks ${alias}`),
    ...differing("meshID", live.defaultConfig?.meshId ?? "", global.meshID),
    ...differing("clusterName", clusterName ?? "Kubernetes", global.multiCluster.clusterName),
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

function differing(what: string, live: string, planned: string): readonly string[] {
  return live === planned ? [] : [`${what} ${live} → ${planned}`];
}

function readMeshConfig(configMap: V1ConfigMap | undefined): MeshConfig {
  try {
    const value: unknown = parse(configMap?.data?.mesh ?? "");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
