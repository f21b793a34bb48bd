/** What names need: servers that run, and proxies that capture queries. */
import type { V1Pod } from "@kubernetes/client-node";
import type { Mesh } from "../../core/mesh";
import { dnsServerName } from "../../core/objects/globalDns";
import type { ClusterPlan } from "../../core/plan";
import { counted } from "../../core/words";
import { type Answer, unanswered } from "./answer";
import { fine, type StatusCode, type Verdict } from "./finding";
import type { ClusterObservation } from "./observation";
import { isReady, proxyOf, restartOf, whyNotReady, workloadOf } from "./podState";

export function judgeDnsServers(
  mesh: Mesh,
  { cluster }: ClusterPlan,
  seen: ClusterObservation,
): readonly Verdict[] {
  const consumed = mesh.services.filter(({ consumedBy }) => consumedBy.includes(cluster.name));
  if (consumed.length === 0) return [];
  if (cluster.dns.mode === "proxy") {
    const namespaces = new Set(
      consumed.flatMap(({ namespace, callers = [] }) => [
        namespace,
        ...callers.map((caller) => caller.namespace),
      ]),
    );
    return [...namespaces].sort().flatMap((name) => {
      const pods = seen.namespaces.get(name)?.pods;
      return pods === undefined ? [] : [judgeCapture(name, pods)];
    });
  }
  const { namespace } = mesh.istio;
  return [
    judgePods(
      dnsServerName,
      seen.meshDnsPods,
      `apps/Deployment/${namespace}/${dnsServerName}`,
      "dns_server_not_ready",
      `kubectl -n ${namespace} describe pods -l app.kubernetes.io/name=${dnsServerName}`,
    ),
    judgePods(
      "kube-dns",
      seen.clusterDnsPods,
      "core/Service/kube-system/kube-dns",
      "cluster_dns_not_ready",
      "kubectl -n kube-system describe pods -l k8s-app=kube-dns",
    ),
  ];
}

function judgePods(
  name: string,
  pods: Answer<readonly V1Pod[]>,
  subject: string,
  code: StatusCode,
  fix: string,
): Verdict {
  if (!pods.ok) return unanswered(subject, pods);
  const ready = pods.value.filter(isReady).length;
  if (ready > 0) return fine(subject, `${counted(ready, "pod")} of ${name} ready`);
  return {
    state: "error",
    code,
    subject,
    message: `no pod of this DNS server is ready: ${whyNotReady(pods.value)}`,
    hint: "see the events and logs of its pods",
    fix,
  };
}

/** Sidecars answer for global names only where they were injected with that setting. */
function judgeCapture(namespace: string, pods: Answer<readonly V1Pod[]>): Verdict {
  const subject = `core/Namespace//${namespace}`;
  if (!pods.ok) return unanswered(subject, pods);
  const proxied = pods.value.filter(
    (pod) => proxyOf(pod) !== undefined && !isGateway(pod) && isReady(pod),
  );
  const without = proxied.filter((pod) => !captures(pod));
  if (without.length === 0)
    return fine(subject, `${counted(proxied.length, "pod")} with proxies that answer queries`);
  const names = [...new Set(without.map(workloadOf))].sort();
  return {
    state: "error",
    code: "dns_capture_missing",
    subject,
    message: `proxies of ${names.join(", ")} answer no queries, so global names don't resolve there`,
    hint: "take an ISTIO_META_DNS_CAPTURE of their own out of the pods, and restart them when istiod's settings are as planned",
    fix: restartOf(namespace, without),
  };
}

export function captures(pod: V1Pod): boolean {
  return (proxyOf(pod)?.env ?? []).some(
    ({ name, value }) => name === "ISTIO_META_DNS_CAPTURE" && value === "true",
  );
}

/** A gateway's proxy captures nothing, whatever it's told. */
function isGateway({ metadata }: V1Pod): boolean {
  return metadata?.annotations?.["inject.istio.io/templates"]?.includes("gateway") === true;
}
