/** Gateways run, and are reached where the description says. */
import { isIP } from "node:net";
import type { V1Deployment, V1Pod, V1Service } from "@kubernetes/client-node";
import { addressKey } from "../../core/addressKey";
import type { Mesh } from "../../core/mesh";
import type { ClusterPlan } from "../../core/plan";
import { counted, hostAndPort } from "../../core/words";
import { unanswered } from "./answer";
import { fine, type Verdict } from "./finding";
import { liveGatewayAddresses } from "./liveValues";
import { type ClusterObservation, placeOf, plannedObject } from "./observation";
import { whyNotReady, whyStuck } from "./podState";

/** What is missing altogether is told with the plan's objects. */
export function judgeGateway(
  mesh: Mesh,
  { cluster }: ClusterPlan,
  seen: ClusterObservation,
): readonly Verdict[] {
  const { name, namespace } = cluster.gateway;
  const deploymentKey = `apps/Deployment/${namespace}/${name}`;
  const deployment = plannedObject<V1Deployment>(seen, deploymentKey);
  const service = plannedObject<V1Service>(seen, `core/Service/${namespace}/${name}`);
  return [
    ...(deployment === undefined ? [] : [judgeWorkload(deploymentKey, deployment, seen)]),
    ...(service === undefined ? [] : judgeAddress(mesh, cluster, service, seen)),
  ];
}

function judgeWorkload(key: string, deployment: V1Deployment, seen: ClusterObservation): Verdict {
  const { name, namespace } = placeOf(deployment);
  const wanted = deployment.spec?.replicas ?? 1;
  const available = deployment.status?.availableReplicas ?? 0;
  const pods: readonly V1Pod[] = seen.gatewayPods.ok ? seen.gatewayPods.value : [];
  const ready = `${available} of ${counted(wanted, "pod")} ready`;
  const isThere = available >= wanted && wanted > 0;
  const stuck = isThere ? whyStuck(deployment, pods) : undefined;
  if (isThere && stuck === undefined) return fine(key, ready);
  const why = stuck ?? whyNotReady(pods);
  return {
    state: available === 0 ? "error" : "warning",
    code: "gateway_not_ready",
    subject: key,
    message: wanted === 0 ? "it is scaled to 0" : `${ready}${why === "" ? "" : `: ${why}`}`,
    hint: wanted === 0 ? "scale it up again" : "see the events and logs of its pods",
    fix:
      wanted === 0
        ? `kubectl -n ${namespace} scale deployment ${name} --replicas=1`
        : `kubectl -n ${namespace} describe pods -l app=${name}`,
  };
}

function judgeAddress(
  mesh: Mesh,
  cluster: ClusterPlan["cluster"],
  service: V1Service,
  seen: ClusterObservation,
): readonly Verdict[] {
  const { name, namespace, address: described, service: type } = cluster.gateway;
  const key = `core/Service/${namespace}/${name}`;
  // At which address nodes are reached is what the description says; no cluster knows it better.
  if (type === "NodePort" && described !== undefined)
    return [fine(key, `a NodePort at ${described}`)];
  if (type === "NodePort" && !seen.nodes.ok) return [unanswered(key, seen.nodes)];
  const [live, ...others] = liveGatewayAddresses(mesh, seen);
  if (live === undefined) {
    return [
      {
        state: "error",
        code: "gateway_without_address",
        subject: key,
        message: "its load balancer has no address",
        hint: "the cluster needs a controller for load balancers that gives it one, such as MetalLB",
        fix: `kubectl -n ${namespace} describe service ${name}`,
      },
    ];
  }
  if (
    described === undefined ||
    [live, ...others].some((one) => addressKey(one) === addressKey(described))
  ) {
    const port = service.spec?.ports?.at(-1)?.port ?? cluster.gateway.port;
    return [fine(key, `at ${hostAndPort(live, port)}`)];
  }
  // A name that is described leads somewhere that only DNS knows.
  if (isIP(described) === 0 || isIP(live) === 0)
    return [fine(key, `at ${live}, called ${described} by the description`)];
  return [
    {
      state: "error",
      code: "gateway_address_differs",
      subject: key,
      message: `peers dial ${described}, and its address is ${live}`,
      hint: `set clusters.${cluster.name}.gateway.address to ${live} and apply the plan in every consumer, or give the load balancer its address back`,
    },
  ];
}
