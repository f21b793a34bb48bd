/** Whether the serving pods take mutual TLS, and nothing else (Istio's PeerAuthentication). */
import type { PlannedObject } from "../objects/manifest";
import { type Hop, hopsOf, nameOf } from "./hop";
import type { ObjectIndex } from "./objectIndex";
import type { ClusterIndex } from "./planIndex";
import { policiesSelecting, policySelector } from "./selectors";
import { type Labels, type PeerAuthenticationSpec, specOf } from "./specs";

/** The pods that policies are asked about. */
export interface PodsPlace {
  readonly server: ObjectIndex;
  readonly namespace: string;
  readonly labels: Labels;
  /** Port of the pods, where it is known. */
  readonly port: number | undefined;
}

/** The same in a planned cluster, whose trust domains are known. */
export interface PolicyPlace extends PodsPlace {
  readonly server: ClusterIndex;
}

export function authenticationHop(place: PolicyPlace): Hop {
  const { server } = place;
  const { planned, assumed, weak, missing } = hopsOf(server);
  const [first, ...others] = mutualTlsDecisions(place);
  if (first !== undefined && others.some(({ mode }) => mode !== first.mode)) {
    const names = [first, ...others].map(({ policy }) => nameOf(policy));
    return assumed("authentication", first.policy, `the oldest decides: ${names.join(" or ")}`);
  }
  switch (first?.mode) {
    case "STRICT":
      return planned("authentication", first.policy, "mutual TLS only");
    case "DISABLE": {
      const text = `${nameOf(first.policy)} of ${server.name} switches mutual TLS off, and callers speak it`;
      return missing("authentication", first.policy, text);
    }
    default:
      return weak("authentication", first?.policy, `pods of ${server.name} take plaintext too`);
  }
}

/** What a policy says of pods. */
export interface MutualTlsDecision {
  readonly policy: PlannedObject;
  readonly mode: string | undefined;
  /** Where the policy says it. */
  readonly path: readonly string[];
}

/**
 * The narrowest policy that sets a mode decides: of the workload, first for the port and then for all,
 * of the namespace, of the root namespace. Of several for a workload the oldest counts, and of the others
 * not even what they say of ports (istiod's ComposePeerAuthentication).
 * @returns all policies of the level that decides, as which of them is the oldest isn't known; none where none does.
 */
export function mutualTlsDecisions({
  server,
  namespace,
  labels,
  port,
}: PodsPlace): readonly MutualTlsDecision[] {
  const { rootNamespace } = server;
  const policiesOf = (name: string, pods: Labels) =>
    policiesSelecting(server, "PeerAuthentication", name, pods);
  const own = namespace === rootNamespace ? [] : policiesOf(namespace, labels);
  const ofWorkload = own.filter((policy) => !isForAll(policy));
  const levels = [
    ofWorkload.map((policy) => {
      const mode = portModeOf(policy, port);
      return isSet(mode)
        ? { policy, mode, path: ["spec", "portLevelMtls", String(port), "mode"] }
        : decisionOf(policy);
    }),
    own.filter(isForAll).map(decisionOf),
    policiesOf(rootNamespace, {}).map(decisionOf),
  ];
  return levels.find((decisions) => decisions.some(({ mode }) => isSet(mode))) ?? [];
}

function decisionOf(policy: PlannedObject): MutualTlsDecision {
  const { mode } = specOf<PeerAuthenticationSpec>(policy.manifest).mtls ?? {};
  return { policy, mode: isSet(mode) ? mode : undefined, path: ["spec", "mtls", "mode"] };
}

function isSet(mode: string | undefined): boolean {
  return mode !== undefined && mode !== "UNSET";
}

/** Without a selector, a policy is its namespace's or, in the root namespace, the mesh's. */
function isForAll(policy: PlannedObject): boolean {
  return Object.keys(policySelector(policy)).length === 0;
}

function portModeOf({ manifest }: PlannedObject, port: number | undefined): string | undefined {
  return specOf<PeerAuthenticationSpec>(manifest).portLevelMtls?.[String(port)]?.mode;
}
