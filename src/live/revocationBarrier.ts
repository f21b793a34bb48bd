/**
 * Whether every proxy of a cluster has the revocation lists. istiod hands them out as a ConfigMap per namespace, empty as long as
 * there are none; injection mounts it, and Envoy reads the file again when the kubelet has changed it. What a proxy has
 * read can't be asked of it, so the lists have to be there for as long as kubelets may take, or longer than the pod.
 */
import type { V1ConfigMap, V1Pod } from "@kubernetes/client-node";
import { crlFileName } from "../core/late";
import type { LiveCluster } from "./liveCluster";
import { placeOf } from "./status/observation";
import { type BarrierProgress, hasRunningProxy } from "./rotationBarrier";

/** Name of the ConfigMap, and of the volume that injection makes of it (Istio's PILOT_CRL_CONFIGMAP). */
export const crlConfigMapName = "istio-ca-crl";

/**
 * Seconds after which pods' files are as their ConfigMap is: the kubelet's sync period and the life of what it remembers, a minute
 * each (Kubernetes, "ConfigMaps: mounted ConfigMaps are updated automatically").
 */
export const kubeletSeconds = 120;

/** istiod's label of what it writes into every namespace. */
const istiodsLabel = { "istio.io/config": "true" };

/**
 * How many proxies check certificates against lists, and which of them may have others than these.
 * @param lists `ca-crl.pem`
 * @throws Error where the cluster doesn't list its pods or ConfigMaps.
 */
export async function listsProgress(live: LiveCluster, lists: string): Promise<BarrierProgress> {
  const [pods, configMaps] = await Promise.all([
    live.list<V1Pod>("v1", "Pod"),
    live.list<V1ConfigMap>("v1", "ConfigMap", { labels: istiodsLabel }),
  ]);
  const listsOf = new Map(
    configMaps
      .filter(({ metadata }) => metadata?.name === crlConfigMapName)
      .map((configMap) => [configMap.metadata?.namespace ?? "", configMap]),
  );
  const now = new Date();
  const proxies = pods.filter((pod) => hasRunningProxy(pod) && isSidecar(pod));
  const behind = proxies.flatMap((pod) => {
    const { namespace, name } = placeOf(pod);
    const why = whyWithout(pod, listsOf.get(namespace), lists, now);
    return why === undefined ? [] : [{ cluster: live.name, pod: `${namespace}/${name}`, why }];
  });
  return { cluster: live.name, proxies: proxies.length, behind };
}

/** Gateways that pass TLS through check no certificate, and have no such volume. */
function isSidecar({ spec }: V1Pod): boolean {
  return (spec?.containers ?? []).some(({ name }) => name !== "istio-proxy");
}

function whyWithout(
  { metadata, spec }: V1Pod,
  configMap: V1ConfigMap | undefined,
  lists: string,
  now: Date,
): string | undefined {
  if (!(spec?.volumes ?? []).some((volume) => volume.configMap?.name === crlConfigMapName))
    return "it is older than istiod's revocation lists, and looks at none: restart it";
  if (configMap?.data?.[crlFileName] !== lists)
    return "istiod hasn't given its namespace these lists yet";
  const times = (configMap.metadata?.managedFields ?? []).flatMap(({ time }) =>
    time === undefined ? [] : [new Date(time).getTime()],
  );
  const changedAt = Math.max(0, ...times);
  const createdAt = new Date(metadata?.creationTimestamp ?? 0).getTime();
  const age = Math.floor((now.getTime() - changedAt) / 1000);
  // Both times are whole seconds.
  if (createdAt > changedAt || age > kubeletSeconds) return undefined;
  return `istiod wrote them ${age} s ago, and its kubelet may take ${kubeletSeconds} s to bring them`;
}
