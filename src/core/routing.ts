/** Which route rules a port's traffic meets. */
import type { StringMatch } from "./description";
import type { Route, ServicePort } from "./mesh";

/** The list of a VirtualService's rules that istiod reads for a port. */
export type RuleFamily = "http" | "tls" | "tcp";

/**
 * One list per protocol, in upper or lower case: `tcp` rules are none of a TLS port's (istiod's
 * networking/core/tls.go).
 */
export function ruleFamilyOf(protocol: string): RuleFamily {
  const name = protocol.toUpperCase();
  if (["HTTP", "HTTP2", "HTTP_PROXY", "GRPC", "GRPC-WEB"].includes(name)) return "http";
  return name === "TLS" || name === "HTTPS" ? "tls" : "tcp";
}

/** Whether traffic of the port passes through whole. */
export function isTls({ canonicalProtocol }: ServicePort): boolean {
  return ruleFamilyOf(canonicalProtocol) === "tls";
}

/** Whether the rule is for this port at all: opaque traffic has no requests that could be matched, and TLS no routes. */
export function takesPort(route: Route, port: ServicePort): boolean {
  const isChosen = route.port === undefined || route.port === port.port;
  return isChosen && !isTls(port) && (port.isHttp || route.matches.length === 0);
}

/** The rules that traffic of this port meets in turn: up to the first that takes everything. */
export function rulesForPort(
  routes: readonly Route[],
  port: ServicePort,
): readonly { readonly route: Route; readonly index: number }[] {
  const own = routes
    .map((route, index) => ({ route, index }))
    .filter(({ route }) => takesPort(route, port));
  const final = own.findIndex(({ route }) => route.matches.length === 0);
  return final < 0 ? own : own.slice(0, final + 1);
}

/** A match as Istio writes it: a text alone is matched exactly. */
export function stringMatch(text: StringMatch): Exclude<StringMatch, string> {
  return typeof text === "string" ? { exact: text } : text;
}
