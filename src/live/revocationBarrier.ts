/**
 * Whether every proxy of a cluster has read the revocation lists. istiod hands them out as a ConfigMap per namespace, which
 * injection mounts; Envoy reads the file when it starts and doesn't look at it again (it watches for a file of that name to be
 * moved there, and the kubelet moves a link beside it). What a proxy has read can't be asked, so its pod has to be younger
 * than the ConfigMap's last change.
 */
import type { V1ConfigMap, V1Pod } from "@kubernetes/client-node";
import { crlFileName } from "../core/late";
import type { LiveCluster } from "./liveCluster";
import { placeOf } from "./status/observation";
import { type BarrierProgress, hasRunningProxy } from "./rotationBarrier";

/** Name of the ConfigMap, and of the volume that injection makes of it (Istio's PILOT_CRL_CONFIGMAP). */
export const crlConfigMapName = "istio-ca-crl";

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
  const checking = pods.filter((pod) => hasRunningProxy(pod) && hasLists(pod));
  const behind = checking.flatMap((pod) => {
    const { namespace, name } = placeOf(pod);
    const why = whyWithout(pod.metadata?.creationTimestamp, listsOf.get(namespace), lists);
    return why === undefined ? [] : [{ cluster: live.name, pod: `${namespace}/${name}`, why }];
  });
  return { cluster: live.name, proxies: checking.length, behind };
}

/** Gateways that pass TLS through have no such volume: they check no certificate. */
function hasLists({ spec }: V1Pod): boolean {
  return (spec?.volumes ?? []).some(({ configMap }) => configMap?.name === crlConfigMapName);
}

function whyWithout(
  createdAt: Date | undefined,
  configMap: V1ConfigMap | undefined,
  lists: string,
): string | undefined {
  if (configMap?.data?.[crlFileName] !== lists)
    return "istiod hasn't given its namespace these lists yet";
  const times = (configMap.metadata?.managedFields ?? []).flatMap(({ time }) =>
    time === undefined ? [] : [new Date(time).getTime()],
  );
  const changedAt = Math.max(0, ...times);
  // Both are whole seconds.
  if (createdAt !== undefined && new Date(createdAt).getTime() > changedAt) return undefined;
  return `it may have started before the lists of ${new Date(changedAt).toISOString()} were there`;
}
