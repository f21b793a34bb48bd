/** What NetworkPolicies let through, as far as a plan can tell. */
import { isValid, isValidCIDR, parse, parseCIDR } from "ipaddr.js";
import type { PlannedObject } from "../objects/manifest";
import { once } from "../once";
import { namespaceOf, type ObjectIndex } from "./objectIndex";
import { inNamespaces, pairOf } from "./selectors";
import {
  type IpBlock,
  type Labels,
  type LabelSelector,
  type NetworkPolicySpec,
  selects,
  specOf,
} from "./specs";
import { namespaceObject } from "./workloads";

export type Direction = "Ingress" | "Egress";

/** Pods that are alike. */
export interface PodGroup {
  readonly namespace: string;
  readonly labels: Labels;
}

/** Pods whose labels may not be known. */
interface SomePods {
  readonly namespace: string;
  readonly labels: Labels | undefined;
}

/** Pods of the cluster; or an address outside of it, `undefined` where that isn't known. */
type Peer = SomePods | string | undefined;

/** Policies under one of the labels that they ask for; under "" those that ask for none by its value. */
const policiesByLabel = once((cluster: ObjectIndex) =>
  inNamespaces(cluster.byKind("NetworkPolicy"), ({ manifest }) => {
    const { podSelector } = specOf<NetworkPolicySpec>(manifest);
    const [first] = Object.entries(podSelector?.matchLabels ?? {});
    return [first === undefined ? "" : pairOf(first)];
  }),
);

/** Policies that decide for pods in a direction; where there is one, only what they let through gets through. */
export function networkPoliciesFor(
  cluster: ObjectIndex,
  { namespace, labels }: PodGroup,
  direction: Direction,
): readonly PlannedObject[] {
  const own = policiesByLabel(cluster).get(namespace);
  const candidates = ["", ...Object.entries(labels).map(pairOf)].flatMap(
    (pair) => own?.get(pair) ?? [],
  );
  return candidates.filter(({ manifest }) => {
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
 */
export function shutBy(
  cluster: ObjectIndex,
  pods: PodGroup,
  direction: Direction,
  peer: Peer,
  port: number | undefined,
): PlannedObject | undefined {
  return shutAmong(cluster, networkPoliciesFor(cluster, pods, direction), direction, peer, port);
}

/** The same, where the policies that decide are at hand. */
export function shutAmong(
  cluster: ObjectIndex,
  policies: readonly PlannedObject[],
  direction: Direction,
  peer: Peer,
  port: number | undefined,
): PlannedObject | undefined {
  const isOpen = policies.some((policy) =>
    rulesOf(policy, direction).some(
      ({ from, to, ports }) =>
        mayBePort(ports, port) && mayBePeer(cluster, namespaceOf(policy), from ?? to ?? [], peer),
    ),
  );
  return isOpen ? undefined : policies[0];
}

/** Whether a policy lets pods ask some DNS server, whose pods may listen at another port than 53. */
export function allowsNames(policy: PlannedObject): boolean {
  return rulesOf(policy, "Egress").some(
    ({ ports = [] }) => mayBePort(ports, 53) || ports.some(({ protocol }) => protocol === "UDP"),
  );
}

function rulesOf({ manifest }: PlannedObject, direction: Direction): readonly Rule[] {
  const { ingress = [], egress = [] } = specOf<NetworkPolicySpec>(manifest);
  return direction === "Ingress" ? ingress : egress;
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

/** Which addresses pods have isn't known. */
function mayBePeer(
  cluster: ObjectIndex,
  own: string,
  peers: NonNullable<Rule["from"]>,
  wanted: Peer,
): boolean {
  if (peers.length === 0) return true;
  return peers.some(({ ipBlock, namespaceSelector, podSelector }) => {
    if (ipBlock !== undefined) return typeof wanted !== "string" || mayHave(ipBlock, wanted);
    if (wanted === undefined || typeof wanted === "string") return false;
    const isNamespace =
      namespaceSelector === undefined
        ? wanted.namespace === own
        : mayBeNamespace(cluster, namespaceSelector, wanted.namespace);
    return isNamespace && (wanted.labels === undefined || matches(podSelector, wanted.labels));
  });
}

/** Whether a block has an address, which may be a name. */
function mayHave({ cidr, except = [] }: IpBlock, address: string): boolean {
  return isIn(cidr, address) !== false && !except.some((range) => isIn(range, address) === true);
}

/** `undefined` where one of the two is no address. */
function isIn(cidr: unknown, address: string): boolean | undefined {
  if (typeof cidr !== "string" || !isValidCIDR(cidr) || !isValid(address)) return undefined;
  const [range, prefix] = parseCIDR(cidr);
  const parsed = parse(address);
  return parsed.kind() === range.kind() && parsed.match([range, prefix]);
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
