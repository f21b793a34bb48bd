/** Route rules of a service: what they match, and where they send it. */
import type { RequestMatch, RouteDescription, StringMatch } from "../description";
import { type IssueCollector, show } from "../issues";
import type { Route, RouteDestination, ServicePort, ServiceVersion } from "../mesh";
import { isTls, rulesForPort, stringMatch, takesPort } from "../routing";
import { checkMatch } from "./matches";
import { checkDuration, checkRange, checkVersionName, sortKeys } from "./names";
import { resolveRetries } from "./retries";

export function resolveRoutes(
  input: readonly RouteDescription[],
  ports: readonly ServicePort[],
  versions: readonly ServiceVersion[],
  issues: IssueCollector,
): readonly Route[] {
  const routes = input.map((route, index) =>
    resolveRoute(route, ports, versions, issues.at(index)),
  );
  checkReach(routes, ports, issues);
  checkRepeatedMatches(input, routes, issues);
  return routes;
}

function resolveRoute(
  input: RouteDescription,
  ports: readonly ServicePort[],
  versions: readonly ServiceVersion[],
  issues: IssueCollector,
): Route {
  const matches =
    input.match === undefined ? [] : Array.isArray(input.match) ? input.match : [input.match];
  matches.forEach((match, index) =>
    checkMatch(match, issues.at("match", ...(Array.isArray(input.match) ? [index] : []))),
  );
  if (Array.isArray(input.match) && input.match.length === 0) {
    issues
      .at("match")
      .add(
        "invalid_match",
        "the list is empty",
        "remove it for every request, or add what to match",
      );
  }
  const chosen = input.port === undefined ? ports : ports.filter(({ port }) => port === input.port);
  if (input.port !== undefined && chosen.length === 0) {
    issues
      .at("port")
      .add(
        "route_port",
        `the service has no port ${show(input.port)}`,
        `its ports are ${ports.map(({ port }) => port).join(", ")}`,
      );
  }
  const written = (): string =>
    chosen.map(({ name, protocol }) => `port ${name} is ${protocol}`).join(", ");
  const isOnlyTls = chosen.length > 0 && chosen.every(isTls);
  if (isOnlyTls) {
    issues
      .at(...(input.port === undefined ? [] : ["port"]))
      .add(
        "route_needs_http",
        `routes split HTTP and TCP traffic, and ${written()}; TLS passes through whole`,
        "remove the rule, or give the port the protocol that pods speak inside of Istio's own TLS",
      );
  }
  const httpOnly = (["match", "timeout", "retries"] as const).filter(
    (key) => input[key] !== undefined,
  );
  for (const key of httpOnly) {
    if (isOnlyTls || chosen.length === 0 || chosen.some(({ isHttp }) => isHttp)) continue;
    issues
      .at(key)
      .add(
        "route_needs_http",
        `${key} is for requests, and ${written()}`,
        "remove it, or give the port an HTTP protocol",
      );
  }
  checkDuration(issues.at("timeout"), input.timeout);
  return {
    matches,
    port: input.port,
    destinations: resolveDestinations(input.to, versions, issues.at("to")),
    timeout: input.timeout,
    retries: resolveRetries(input.retries, issues.at("retries")),
  };
}

function resolveDestinations(
  input: RouteDescription["to"],
  versions: readonly ServiceVersion[],
  issues: IssueCollector,
): readonly RouteDestination[] {
  if (input === undefined) return [{ version: undefined, weight: undefined }];
  if (input.length === 0)
    issues.add(
      "route_weights",
      "the list is empty",
      "add a destination, or remove it for the whole service",
    );
  const names = versions.map(({ name }) => name);
  input.forEach(({ version, weight }, index) => {
    const at = issues.at(index);
    if (version !== undefined) checkVersionName(at.at("version"), version, names);
    if (input.findIndex((other) => other.version === version) !== index) {
      at.add(
        "route_weights",
        `${show(version ?? "the whole service")} is listed twice`,
        "add the weights up in one entry",
      );
    }
    if (weight === undefined && input.length > 1)
      at.add("route_weights", "it has no weight", "give every destination of the rule a weight");
    checkRange(at.at("weight"), weight, 0, 1_000_000);
  });
  const weighed = input.filter(({ weight }) => weight !== undefined);
  if (
    weighed.length > 0 &&
    weighed.length === input.length &&
    weighed.every(({ weight }) => weight === 0)
  ) {
    issues.add("route_weights", "the weights sum up to 0", "give one destination a weight above 0");
  }
  return input.map(({ version, weight }) => ({
    version,
    weight: input.length > 1 ? weight : undefined,
  }));
}

/** A rule that no port's traffic ever comes to is dead, and requests that no rule takes would fail. */
function checkReach(
  routes: readonly Route[],
  ports: readonly ServicePort[],
  issues: IssueCollector,
): void {
  const reached = new Set<number>();
  for (const port of ports) {
    const rules = rulesForPort(routes, port);
    for (const { index } of rules) reached.add(index);
    const last = rules.at(-1);
    if (last !== undefined && last.route.matches.length > 0) {
      issues
        .at(last.index)
        .add(
          "route_no_default",
          `requests to port ${port.name} that no rule matches would be answered with 404`,
          'add a last rule without "match"',
        );
    }
  }
  routes.forEach((route, index) => {
    const isMeant = ports.some((port) => takesPort(route, port));
    if (isMeant && !reached.has(index)) {
      issues
        .at(index)
        .add(
          "route_unreachable",
          "a rule before it takes every request",
          'move it up, or give that rule a "match"',
        );
    }
  });
}

/** What an earlier rule takes never comes to a later one (Istio's analyzeUnreachableHTTPRules). */
function checkRepeatedMatches(
  input: readonly RouteDescription[],
  routes: readonly Route[],
  issues: IssueCollector,
): void {
  const known = new Map<string, number>();
  const nothing = keyOfMatch({}, undefined);
  routes.forEach(({ matches, port }, index) => {
    matches.forEach((match, at) => {
      // That it matches nothing is told already.
      if (keyOfMatch(match, undefined) === nothing) return;
      const same = [undefined, port]
        .map((reach) => known.get(keyOfMatch(match, reach)))
        .find((rule) => rule !== undefined);
      if (same === undefined) known.set(keyOfMatch(match, port), index);
      else
        issues
          .at(index, "match", ...(Array.isArray(input[index]?.match) ? [at] : []))
          .add(
            "route_unreachable",
            `it is what routes[${same}] matches already`,
            "remove it, or match something else",
          );
    });
  });
}

/** The same for matches that are the same, however they are written. */
function keyOfMatch(match: RequestMatch, port: number | undefined): string {
  const sorted = (texts: Readonly<Record<string, StringMatch>> = {}) =>
    Object.entries(sortKeys(texts)).map(([name, text]) => [name, stringMatch(text)]);
  const { uri, method, authority, headers, queryParams } = match;
  return JSON.stringify([
    port ?? null,
    [uri, method, authority].map((text) => (text === undefined ? null : stringMatch(text))),
    sorted(headers),
    sorted(queryParams),
  ]);
}
