/** The caller's pods, and what NetworkPolicies leave of their ways out. */
import { Late } from "../late";
import type { PlannedObject } from "../objects/manifest";
import type { Call } from "./calls";
import { allowsNames, networkPoliciesFor, type PodGroup, shutAmong } from "./networkPolicies";
import { namespaceOf } from "./objectIndex";
import type { ClusterIndex } from "./planIndex";
import { callingWorkloadsNamed, podOf } from "./workloads";

/** Pods of a calling workload. */
export interface CallerPods extends PodGroup {
  /** The NetworkPolicies that say where they get; without any, that is everywhere. */
  readonly egress: readonly PlannedObject[];
}

/** The planned workloads that a caller may be: of several kinds, where these have one name. */
export function callingWorkloads(
  home: ClusterIndex,
  caller: Call["caller"],
): readonly PlannedObject[] {
  if (caller === undefined || !home.plan.hasWorkloads) return [];
  return callingWorkloadsNamed(home, caller.namespace, caller.name);
}

/** The pods of a workload. */
export function callerPods(home: ClusterIndex, workload: PlannedObject): CallerPods {
  const pods = { namespace: namespaceOf(workload), labels: podOf(workload).labels };
  return { ...pods, egress: networkPoliciesFor(home, pods, "Egress") };
}

/** istiod's port for its proxies: configuration and certificates. */
export const controlPlanePort = 15012;

/** The policy that keeps pods from the control plane, without which their proxies know nothing. */
export function shutFromControlPlane(
  home: ClusterIndex,
  { egress }: CallerPods,
): PlannedObject | undefined {
  const istiod = { namespace: home.rootNamespace, labels: undefined };
  return shutAmong(home, egress, "Egress", istiod, controlPlanePort);
}

/** The policy that keeps pods from asking any DNS server, unless one is on their own node, which no policy shuts. */
export function shutFromNames({ egress }: CallerPods): PlannedObject | undefined {
  return egress.some(allowsNames) ? undefined : egress[0];
}

/** The policy that keeps some of a caller's pods from the address of a gateway. */
export function shutFromGateway(
  home: ClusterIndex,
  peer: ClusterIndex,
  pods: readonly CallerPods[],
  address: string | Late,
  port: number,
): PlannedObject | undefined {
  const known = address instanceof Late ? undefined : address;
  // The address of a gateway in their own cluster may be translated to one of its pods' before policies see it.
  const inside = { namespace: home.plan.cluster.gateway.namespace, labels: undefined };
  for (const { egress } of pods) {
    const shut = shutAmong(home, egress, "Egress", known, port);
    if (peer !== home && shut !== undefined) return shut;
    if (shut !== undefined && shutAmong(home, egress, "Egress", inside, undefined)) return shut;
  }
  return undefined;
}
