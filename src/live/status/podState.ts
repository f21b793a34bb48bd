/** What pods say about themselves. */
import type { V1Deployment, V1Pod } from "@kubernetes/client-node";
import { shellResource, shellWord } from "../../core/shell";

export function isReady(pod: V1Pod): boolean {
  return (
    !isEnding(pod) &&
    (pod.status?.conditions ?? []).some(({ type, status: is }) => type === "Ready" && is === "True")
  );
}

/** A gateway that was replaced may take a minute for that. */
function isEnding({ metadata }: V1Pod): boolean {
  return metadata?.deletionTimestamp !== undefined;
}

/** The first reason why one of them isn't ready, of those that stay: `gateway-7d9: ImagePullBackOff`; empty where none says. */
export function whyNotReady(pods: readonly V1Pod[]): string {
  const staying = pods.filter((pod) => !isEnding(pod));
  if (staying.length === 0) return "there are no pods";
  const reasons = staying
    .filter((pod) => !isReady(pod))
    .map(({ metadata, status }) => {
      const containers = [
        ...(status?.initContainerStatuses ?? []),
        ...(status?.containerStatuses ?? []),
      ];
      const waiting = containers.map(({ state }) => state?.waiting?.reason).find(Boolean);
      const unready = containers.find(({ ready }) => !ready)?.name;
      const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
      const reason =
        scheduled?.status === "False"
          ? scheduled.reason
          : (waiting ?? (unready === undefined ? status?.phase : `${unready} isn't ready`));
      return `${metadata?.name ?? ""}: ${reason ?? "not ready"}`;
    });
  return reasons[0] ?? "";
}

/**
 * Why a Deployment whose pods are all there isn't well for all that: pods of its newer version don't get ready, and those before
 * stay. `undefined` where it's well, or on its way.
 */
export function whyStuck({ status }: V1Deployment, pods: readonly V1Pod[]): string | undefined {
  const isStuck = status?.conditions?.some(
    ({ type, status: is }) => type === "Progressing" && is === "False",
  );
  if (isStuck !== true) return undefined;
  const why = whyNotReady(pods);
  return `its newer pods don't get ready${why === "" ? "" : `: ${why}`}`;
}

/** Its sidecar or the proxy of a gateway; native sidecars are init containers. */
export function proxyOf({ spec }: V1Pod) {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find(
    ({ name }) => name === "istio-proxy",
  );
}

/** What a person calls it by: its workload, where the name says that. */
export function workloadOf({ metadata }: V1Pod): string {
  const name = metadata?.name ?? "";
  const [owner] = metadata?.ownerReferences ?? [];
  return owner?.kind === "ReplicaSet"
    ? owner.name.replace(/-[a-z0-9]+$/, "")
    : (owner?.name ?? name);
}

/** The command that restarts the workloads of these pods. */
export function restartOf(namespace: string, pods: readonly V1Pod[]): string {
  const names = pods.map((pod) => shellResource(kindOfWorkload(pod), workloadOf(pod)));
  const unique = [...new Set(names)].sort();
  return ["kubectl -n", shellWord(namespace), "rollout restart", ...unique].join(" ");
}

function kindOfWorkload({ metadata }: V1Pod): string {
  const kind = metadata?.ownerReferences?.[0]?.kind;
  return kind === "StatefulSet" || kind === "DaemonSet" ? kind.toLowerCase() : "deployment";
}
