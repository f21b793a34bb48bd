/** Route rules of a VirtualService, as a description writes them. What a description has no words for is left out. */
import type { RequestMatch, RouteDescription } from "../description";
import { same } from "../diff/same";
import type { Manifest } from "../objects/manifest";
import { type RouteMatch, type RouteSpec, specOf, type VirtualServiceSpec } from "../trace/specs";

interface HttpRoute extends RouteSpec {
  readonly timeout?: string;
  readonly retries?: {
    readonly attempts?: number;
    readonly perTryTimeout?: string;
    readonly retryOn?: string;
  };
}

/** The rules in order; empty where all traffic goes to the whole service anyway. */
export function routesOf(virtualService: Manifest, ports: number): readonly RouteDescription[] {
  const { http = [], tcp = [] } = specOf<VirtualServiceSpec>(virtualService);
  const routes = (http as readonly HttpRoute[]).map(httpRoute);
  for (const rule of tcp) {
    const { port } = rule.match?.[0] ?? {};
    const to = destinationsOf(rule);
    // A rule without matches is for every port, so that it may be there already.
    if (routes.some((route) => route.match === undefined && same(route.to, to))) continue;
    routes.push({ ...(port === undefined || ports === 1 ? {} : { port }), to });
  }
  const isPlain = ({ match, to = [], timeout, retries }: RouteDescription) =>
    [match, timeout, retries].every((part) => part === undefined) &&
    to.every(({ version, weight }) => version === undefined && weight === undefined);
  return routes.every(isPlain) ? [] : routes;
}

function httpRoute(rule: HttpRoute): RouteDescription {
  const matches = rule.match ?? [];
  const port = matches[0]?.port;
  const requests = matches.map(requestOf).filter((match) => Object.keys(match).length > 0);
  const [only, ...others] = requests;
  const { attempts, perTryTimeout, retryOn } = rule.retries ?? {};
  return {
    ...(only === undefined ? {} : { match: others.length === 0 ? only : requests }),
    ...(port === undefined ? {} : { port }),
    to: destinationsOf(rule),
    ...(rule.timeout === undefined ? {} : { timeout: rule.timeout }),
    ...(attempts === undefined
      ? {}
      : {
          retries: {
            attempts,
            ...(perTryTimeout === undefined ? {} : { perTryTimeout }),
            ...(retryOn === undefined ? {} : { retryOn }),
          },
        }),
  };
}

const requestFields = ["uri", "method", "authority", "headers", "queryParams"] as const;

function requestOf(match: RouteMatch): RequestMatch {
  return Object.fromEntries(
    requestFields.flatMap((field) => (match[field] === undefined ? [] : [[field, match[field]]])),
  );
}

function destinationsOf({ route = [] }: RouteSpec): NonNullable<RouteDescription["to"]> {
  return route.map(({ destination, weight }) => ({
    ...(destination?.subset === undefined ? {} : { version: destination.subset }),
    ...(weight === undefined ? {} : { weight }),
  }));
}
