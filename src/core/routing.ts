/** Which route rules a port's traffic meets. */
import type { Route, ServicePort } from "./mesh";

/** istiod builds TLS listeners from `tls` rules alone, so that `http` and `tcp` rules never see this traffic. */
export function isTls({ canonicalProtocol }: ServicePort): boolean {
  return canonicalProtocol === "TLS" || canonicalProtocol === "HTTPS";
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
