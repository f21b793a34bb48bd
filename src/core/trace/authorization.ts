/** Who may call the serving pods (Istio's AuthorizationPolicy): what denies comes before what allows. */
import type { PlannedObject } from "../objects/manifest";
import { principalOf } from "../names";
import type { PodsPlace, PolicyPlace } from "./authentication";
import { matchesRules, type Verdict } from "./authorizationRules";
import { type CallerIdentity, type Hop, hopsOf, nameOf } from "./hop";
import { policiesSelecting } from "./selectors";
import { type AuthorizationPolicySpec, specOf } from "./specs";

export function authorizationHop(place: PolicyPlace, caller: CallerIdentity): Hop {
  const { server } = place;
  const { planned, assumed, weak, missing } = hopsOf(server);
  const { trustDomain } = caller.cluster;
  const { namespace, serviceAccount } = caller;
  const who =
    namespace === undefined || serviceAccount === undefined
      ? `${trustDomain}/*`
      : principalOf(trustDomain, namespace, serviceAccount);
  const judged = policiesFor(place).map((policy) => {
    const { action = "ALLOW", rules } = specOf<AuthorizationPolicySpec>(policy.manifest);
    return { policy, action, verdict: matchesRules(rules, place, caller) };
  });
  const find = (action: string, verdict?: Verdict) =>
    judged.find((one) => one.action === action && (!verdict || one.verdict === verdict))?.policy;

  const denying = find("DENY", "yes");
  if (denying !== undefined)
    return missing("authorization", denying, `${nameOf(denying)} of ${server.name} denies ${who}`);
  const allowing = find("ALLOW", "yes");
  const perhaps = find("ALLOW", "unknown");
  const first = find("ALLOW");
  if (first !== undefined && allowing === undefined && perhaps === undefined) {
    const text = `${nameOf(first)} of ${server.name} doesn't allow ${who}`;
    return missing("authorization", first, text);
  }
  const doubtful =
    find("DENY", "unknown") ??
    find("CUSTOM", "yes") ??
    find("CUSTOM", "unknown") ??
    (allowing === undefined ? perhaps : undefined);
  if (doubtful !== undefined) {
    const text = `${nameOf(doubtful)} has conditions on ${who} that a trace can't decide`;
    return assumed("authorization", doubtful, text);
  }
  return allowing === undefined
    ? weak("authorization", undefined, `anybody may call the pods of ${server.name}`)
    : planned("authorization", allowing, `allows ${who}`);
}

/** Policies of the pods' namespace and of the root namespace; a dry run, or one for a waypoint, enforces nothing here. */
export function policiesFor({
  server,
  namespace,
  labels,
}: Omit<PodsPlace, "port">): readonly PlannedObject[] {
  return [...new Set([server.rootNamespace, namespace])]
    .flatMap((name) => policiesSelecting(server, "AuthorizationPolicy", name, labels))
    .filter(({ manifest }) => {
      const { targetRef, targetRefs } = specOf<AuthorizationPolicySpec>(manifest);
      const isDryRun = manifest.metadata.annotations?.["istio.io/dry-run"] === "true";
      const isForSidecars = targetRef === undefined && targetRefs === undefined;
      return isForSidecars && !isDryRun;
    });
}
