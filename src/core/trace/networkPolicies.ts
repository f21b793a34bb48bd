/** What NetworkPolicies let through, as far as a plan can tell. */
import type { PlannedObject } from "../objects/manifest";
import { namespaceOf, type ObjectIndex } from "./objectIndex";
import { type Labels, type LabelSelector, type NetworkPolicySpec, selects, specOf } from "./specs";
import { namespaceObject } from "./workloads";

export type Direction = "Ingress" | "Egress";

/** Pods that are alike. */
export interface PodGroup {
  readonly namespace: string;
  readonly labels: Labels;
}

/** Policies that decide for pods in a direction; where there is one, only what they let through gets through. */
export function networkPoliciesFor(
  cluster: ObjectIndex,
  { namespace, labels }: PodGroup,
  direction: Direction,
): readonly PlannedObject[] {
  return cluster.byKind("NetworkPolicy", namespace).filter(({ manifest }) => {
    // Others have kinds of that name too.
    if (!manifest.apiVersion.startsWith("networking.k8s.io/")) return false;
    const { podSelector, policyTypes, egress } = specOf<NetworkPolicySpec>(manifest);
    const types = policyTypes ?? ["Ingress", ...(egress === undefined ? [] : ["Egress"])];
    return types.includes(direction) && matches(podSelector, labels);
  });
}

/**
 * The policy that keeps pods from being reached, or from reaching, at a TCP port; `undefined` where some rule lets it through, or
 * may do so.
 * @param peer `undefined` for somebody outside of the cluster.
 */
export function shutBy(
  cluster: ObjectIndex,
  pods: PodGroup,
  direction: Direction,
  peer: PodGroup | undefined,
  port: number | undefined,
): PlannedObject | undefined {
  const policies = networkPoliciesFor(cluster, pods, direction);
  const isOpen = policies.some((policy) => {
    const { ingress = [], egress = [] } = specOf<NetworkPolicySpec>(policy.manifest);
    return (direction === "Ingress" ? ingress : egress).some(
      ({ from, to, ports }) =>
        mayBePort(ports, port) && mayBePeer(cluster, namespaceOf(policy), from ?? to ?? [], peer),
    );
  });
  return isOpen ? undefined : policies[0];
}

type Rule = NonNullable<NetworkPolicySpec["ingress"]>[number];

/** A name is the pods' own, which is not looked up. */
export function mayBePort(ports: Rule["ports"] = [], wanted: number | undefined): boolean {
  if (ports.length === 0 || wanted === undefined) return true;
  return ports.some(({ protocol = "TCP", port, endPort }) => {
    if (protocol !== "TCP") return false;
    if (typeof port !== "number") return true;
    return endPort === undefined ? port === wanted : port <= wanted && wanted <= endPort;
  });
}

/** Which addresses a range has isn't known. */
function mayBePeer(
  cluster: ObjectIndex,
  own: string,
  peers: NonNullable<Rule["from"]>,
  wanted: PodGroup | undefined,
): boolean {
  if (peers.length === 0) return true;
  return peers.some(({ ipBlock, namespaceSelector, podSelector }) => {
    if (ipBlock !== undefined) return true;
    if (wanted === undefined) return false;
    const isNamespace =
      namespaceSelector === undefined
        ? wanted.namespace === own
        : mayBeNamespace(cluster, namespaceSelector, wanted.namespace);
    return isNamespace && matches(podSelector, wanted.labels);
  });
}

const nameLabel = "kubernetes.io/metadata.name";

/** A namespace has its name for a label; it may have more than are planned. */
function mayBeNamespace(cluster: ObjectIndex, selector: LabelSelector, name: string): boolean {
  const { [nameLabel]: wanted, ...others } = selector.matchLabels ?? {};
  if (wanted !== undefined && wanted !== name) return false;
  const known = namespaceObject(cluster, name)?.manifest.metadata.labels ?? {};
  return Object.entries(others).every(([key, value]) => (known[key] ?? value) === value);
}

function matches(selector: LabelSelector | undefined, labels: Labels): boolean {
  const { matchLabels, matchExpressions = [] } = selector ?? {};
  return (
    selects(matchLabels, labels) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case "In":
          return value !== undefined && values.includes(value);
        case "NotIn":
          return value === undefined || !values.includes(value);
        case "Exists":
          return value !== undefined;
        case "DoesNotExist":
          return value === undefined;
        default:
          return true;
      }
    })
  );
}
