/** VirtualServices: route rules of a global service, and its short name where asked for. */
import type { RequestMatch, StringMatch } from "../description";
import { type GlobalService, isServedBy, type Mesh, type Route } from "../mesh";
import { rulesForPort, stringMatch, takesPort } from "../routing";
import { type Manifest, nameOfPart, ownerLabels } from "./manifest";
import { exportTo } from "./visibility";

type ServiceMesh = Pick<Mesh, "name">;

const everything: Route = {
  matches: [],
  port: undefined,
  destinations: [{ version: undefined, weight: undefined }],
  timeout: undefined,
  retries: undefined,
};

/** Route rules for the proxies of a consuming cluster; `undefined` where there is nothing to decide. */
export function virtualService(mesh: ServiceMesh, service: GlobalService): Manifest | undefined {
  if (service.routes.length === 0 && !service.shortName) return undefined;
  const routes = service.routes.length === 0 ? [everything] : service.routes;
  const http = routes.filter((route) =>
    service.ports.some((port) => port.isHttp && takesPort(route, port)),
  );
  const tcp = service.ports
    .filter(({ isHttp }) => !isHttp)
    .flatMap((port) =>
      rulesForPort(routes, port).map(({ route }) => ({
        match: [{ port: port.port }],
        route: destinations(service, route),
      })),
    );
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: {
      name: nameOfPart(service, "global"),
      namespace: service.namespace,
      labels: ownerLabels(mesh),
    },
    spec: {
      ...exportTo(service),
      hosts: service.shortName ? [service.host, service.localHost] : [service.host],
      ...(http.length > 0 ? { http: http.map((route) => httpRoute(service, route)) } : {}),
      ...(tcp.length > 0 ? { tcp } : {}),
    },
  };
}

function httpRoute(service: GlobalService, route: Route) {
  const port = route.port === undefined ? {} : { port: route.port };
  const matches = route.matches.map((match) => ({ ...requestMatch(match), ...port }));
  const match = matches.length === 0 && route.port !== undefined ? [port] : matches;
  const { retries } = route;
  return {
    ...(match.length > 0 ? { match } : {}),
    route: destinations(service, route),
    ...(route.timeout === undefined ? {} : { timeout: route.timeout }),
    ...(retries === undefined
      ? {}
      : {
          retries: {
            attempts: retries.attempts,
            ...(retries.perTryTimeout === undefined
              ? {}
              : { perTryTimeout: retries.perTryTimeout }),
            ...(retries.retryOn === undefined ? {} : { retryOn: retries.retryOn }),
          },
        }),
  };
}

function destinations(service: GlobalService, route: Route) {
  return route.destinations.map(({ version, weight }) => ({
    destination: { host: service.host, ...(version === undefined ? {} : { subset: version }) },
    ...(weight === undefined ? {} : { weight }),
  }));
}

function requestMatch(match: RequestMatch) {
  const each = (texts: Readonly<Record<string, StringMatch>>) =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, stringMatch(text)]));
  return {
    ...(match.uri === undefined ? {} : { uri: stringMatch(match.uri) }),
    ...(match.method === undefined ? {} : { method: stringMatch(match.method) }),
    ...(match.authority === undefined ? {} : { authority: stringMatch(match.authority) }),
    ...(match.headers === undefined ? {} : { headers: each(match.headers) }),
    ...(match.queryParams === undefined ? {} : { queryParams: each(match.queryParams) }),
  };
}

/**
 * A Service without pods, so that the short name resolves where the service doesn't run; the
 * VirtualService sends what is called by it to the global host. `undefined` where it runs, or isn't asked for.
 */
export function shortNameService(
  mesh: ServiceMesh,
  service: GlobalService,
  consumer: string,
): Manifest | undefined {
  if (!service.shortName || isServedBy(service, consumer)) return undefined;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: service.name, namespace: service.namespace, labels: ownerLabels(mesh) },
    spec: {
      type: "ClusterIP",
      ports: service.ports.map(({ name, port, canonicalProtocol }) => ({
        name,
        port,
        protocol: "TCP",
        appProtocol: canonicalProtocol.toLowerCase(),
      })),
    },
  };
}
