/** Whether a call meets a policy's rules, as far as a plan can tell. */
import { principalOf } from "../names";
import type { PodsPlace, PolicyPlace } from "./authentication";
import type { CallerIdentity } from "./hop";
import type { AuthorizationRule, RuleFields } from "./specs";

/** `unknown` where it depends on what only a request has, or on fields that a trace doesn't read. */
export type Verdict = "yes" | "no" | "unknown";

/** One of the rules has to fit: a source, an operation, and all conditions. An empty rule fits everything. */
export function matchesRules(
  rules: readonly AuthorizationRule[] | undefined,
  place: PolicyPlace,
  caller: CallerIdentity,
): Verdict {
  return any((rules ?? []).map((rule) => matchesRule(rule, place, knownSource(place, caller))));
}

/**
 * Whether a rule lets calls through that come without an identity, as in plaintext. An address is none;
 * whether a request has a token of its own isn't known.
 */
export function admitsAnyone(rule: AuthorizationRule, place: Pick<PodsPlace, "port">): Verdict {
  return matchesRule(rule, place, anonymousSource);
}

/** How a field of a source is judged, by its name. */
type Judges = Readonly<Record<string, (text: string) => Verdict>>;

function matchesRule(
  { from = [], to = [], when = [] }: AuthorizationRule,
  place: Pick<PodsPlace, "port">,
  judges: Judges,
): Verdict {
  return all([
    from.length === 0 ? "yes" : any(from.map(({ source }) => fields(source, judges))),
    to.length === 0 ? "yes" : any(to.map(({ operation }) => toOperation(operation, place))),
    when.length === 0 ? "yes" : "unknown",
  ]);
}

function knownSource({ server }: PolicyPlace, caller: CallerIdentity): Judges {
  const isPrincipal = (pattern: string) => principalFits(pattern, server.trustDomains, caller);
  const isNamespace = (pattern: string): Verdict =>
    caller.namespace === undefined
      ? pattern === "*"
        ? "yes"
        : "unknown"
      : yesOrNo(fits(pattern, caller.namespace));
  return {
    principals: isPrincipal,
    namespaces: isNamespace,
    notPrincipals: (pattern) => not(isPrincipal(pattern)),
    notNamespaces: (pattern) => not(isNamespace(pattern)),
  };
}

/** Principals, namespaces and ServiceAccounts are read from a certificate, which these callers don't have. */
const anonymousSource: Judges = {
  principals: () => "no",
  namespaces: () => "no",
  serviceAccounts: () => "no",
  notPrincipals: () => "yes",
  notNamespaces: () => "yes",
  notServiceAccounts: () => "yes",
  ipBlocks: () => "yes",
  remoteIpBlocks: () => "yes",
  notIpBlocks: () => "yes",
  notRemoteIpBlocks: () => "yes",
};

function toOperation(
  operation: RuleFields | undefined,
  { port }: Pick<PodsPlace, "port">,
): Verdict {
  const isPort = (number: string): Verdict =>
    port === undefined ? "unknown" : yesOrNo(Number(number) === port);
  return fields(operation, { ports: isPort, notPorts: (number) => not(isPort(number)) });
}

/** Every field has to fit: one of its texts, or of those that begin with `not`, all. */
function fields(given: RuleFields | undefined, known: Judges): Verdict {
  return all(
    Object.entries(given ?? {}).map(([name, texts = []]) => {
      const judge = known[name];
      if (texts.length === 0) return "yes";
      if (judge === undefined) return "unknown";
      const verdicts = texts.map(judge);
      return name.startsWith("not") ? all(verdicts) : any(verdicts);
    }),
  );
}

/**
 * A policy's trust domain that is the cluster's own, one of its aliases or `cluster.local` stands for
 * all of them (istiod's trustdomain.Bundle).
 */
function principalFits(
  pattern: string,
  trustDomains: readonly string[],
  { cluster, namespace, serviceAccount }: CallerIdentity,
): Verdict {
  const domain = cluster.trustDomain;
  const [first = "", ...rest] = pattern.split("/");
  const isOurs =
    rest.length > 0 &&
    (trustDomains.includes(first) || first === "cluster.local") &&
    trustDomains.includes(domain);
  const expanded = isOurs ? [domain, ...rest].join("/") : pattern;
  if (namespace !== undefined && serviceAccount !== undefined)
    return yesOrNo(fits(expanded, principalOf(domain, namespace, serviceAccount)));
  // Any identity of the caller's trust domain.
  if (expanded.endsWith("*") && `${domain}/`.startsWith(expanded.slice(0, -1))) return "yes";
  return expanded.startsWith("*") || expanded.startsWith(`${domain}/`) ? "unknown" : "no";
}

/** Istio's texts: exact, by prefix (`x*`), by suffix (`*x`), or any (`*`). */
function fits(pattern: string, text: string): boolean {
  if (pattern.startsWith("*")) return text.endsWith(pattern.slice(1));
  return pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
}

function yesOrNo(is: boolean): Verdict {
  return is ? "yes" : "no";
}

function not(verdict: Verdict): Verdict {
  return verdict === "unknown" ? verdict : yesOrNo(verdict === "no");
}

function any(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("yes")) return "yes";
  return verdicts.includes("unknown") ? "unknown" : "no";
}

function all(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("no")) return "no";
  return verdicts.includes("unknown") ? "unknown" : "yes";
}
