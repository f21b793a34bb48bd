/** Global services: where they run, who may call them, on which ports. */
import type { ServiceDescription } from "../description";
import { protocols } from "../description";
import { type IssueCollector, show } from "../issues";
import type { Caller, Failover, ServicePort, ServiceVersion, ServingCluster } from "../mesh";
import { once } from "../once";
import { isValidName, label, localHostOf, portName, serviceName, subdomain } from "../names";
import { isTls, ruleFamilyOf } from "../routing";
import { suggest } from "../shape";
import { checkPin, type UnaddressedService } from "./addresses";
import {
  checkClusterNames,
  checkDuration,
  checkLabels,
  checkName,
  checkPort,
  checkRange,
  checkVersionName,
  splitQualified,
} from "./names";
import { resolveRoutes } from "./routes";
import type { Settings } from "./settings";
import { resolveVersions } from "./versions";

/** Istio: one host's certificate and server name must fit in 255 characters, "outbound_.65535_.SUBSET_." included. */
const maxHost = 253;
/** Istio's ServiceEntry and DestinationRule take more; a service with more is a mistake. */
const maxPorts = 256;
/** Istio: at most 4096 endpoints in a ServiceEntry. */
const maxEndpoints = 4096;

/** One list for all services that every cluster calls: with one each, a mesh would grow with clusters × services. */
const inOrder = once((clusters: ReadonlySet<string>): readonly string[] => [...clusters].sort());

export function resolveService(
  key: string,
  input: ServiceDescription,
  settings: Settings,
  clusters: ReadonlySet<string>,
  issues: IssueCollector,
): UnaddressedService {
  const { name, namespace } = resolveKey(key, settings.domain, issues);
  const ports = resolvePorts(input.ports, issues.at("ports"));
  const selector =
    input.selector === undefined
      ? { app: name }
      : checkLabels(issues.at("selector"), input.selector);
  const versions = resolveVersions(input.versions ?? {}, selector, issues.at("versions"));
  const servedBy = resolveServedBy(input.servedBy, versions, clusters, issues.at("servedBy"));
  const consumedBy =
    input.consumedBy === undefined
      ? inOrder(clusters)
      : checkClusterNames(issues.at("consumedBy"), input.consumedBy, clusters);
  if (input.consumedBy?.length === 0)
    issues
      .at("consumedBy")
      .add(
        "not_consumed",
        "the list is empty, so nobody could call the service",
        "list the clusters that call it, or remove consumedBy for every cluster",
      );
  checkName(issues.at("serviceAccount"), subdomain, input.serviceAccount);
  if (input.headless === true) {
    issues
      .at("headless")
      .add(
        "service_headless",
        "a headless service has no address that could stand for it in other clusters (istio/istio#38327)",
        "give it a cluster IP, or describe a second Service for callers in other clusters",
      );
  }
  if (input.selector !== undefined && Object.keys(input.selector).length === 0) {
    issues
      .at("selector")
      .add("invalid_label", "it selects no pods", `remove it for { app: ${name} }, or add labels`);
  }
  const tls = ports.find(isTls);
  if (input.shortName === true && tls !== undefined) {
    issues
      .at("shortName")
      .add(
        "protocol_unsupported",
        `the short name is routed by rules, and port ${tls.name} is ${tls.protocol}, which passes through whole`,
        "remove shortName, and call the service by its global name",
      );
  }
  const endpoints = servedBy.reduce((sum, place) => sum + Math.max(1, place.versions.length), 0);
  if (endpoints > maxEndpoints) {
    issues
      .at("servedBy")
      .add(
        "too_many",
        `${endpoints} places are more than ${maxEndpoints}`,
        "serve it from fewer clusters (Istio: endpoints of a ServiceEntry)",
      );
  }
  return {
    key,
    name,
    namespace,
    host: `${name}.${namespace}.${settings.domain}`,
    localHost: localHostOf(name, namespace),
    ports,
    serviceAccount: input.serviceAccount,
    selector,
    servedBy,
    consumedBy,
    callers:
      input.callers === undefined ? undefined : resolveCallers(input.callers, issues.at("callers")),
    versions,
    routes: resolveRoutes(input.routes ?? [], ports, versions, issues.at("routes")),
    failover: resolveFailover(input.failover ?? true, issues.at("failover")),
    shortName: input.shortName ?? false,
    pin:
      input.address === undefined
        ? undefined
        : { address: checkPin(input.address, settings.addressPool, issues.at("address")) },
  };
}

function resolveKey(
  key: string,
  domain: string,
  issues: IssueCollector,
): { readonly name: string; readonly namespace: string } {
  const [name = "", namespace = "", ...rest] = key.split(".");
  const written =
    rest.length === 0 && isValidName(serviceName, name) && isValidName(label, namespace);
  if (!written) {
    const near = `${serviceName.mend(name) || "service"}.${label.mend(namespace) || "default"}`;
    issues.add(
      "invalid_name",
      `${show(key)} is not <service>.<namespace>`,
      `use a Service's name (${serviceName.rule}), a dot and its namespace (${show(near)})`,
    );
  } else if (`${key}.${domain}`.length > maxHost) {
    issues.add(
      "invalid_host",
      `${show(`${key}.${domain}`)} is longer than ${maxHost} characters`,
      'shorten the names or the "domain"',
    );
  }
  return { name, namespace };
}

/** A port as it comes from a file, where its protocol may be missing. */
type PortInput = Omit<ServiceDescription["ports"][number], "protocol"> & {
  readonly protocol?: string | undefined;
};

function resolvePorts(input: readonly PortInput[], issues: IssueCollector): readonly ServicePort[] {
  if (input.length === 0)
    issues.add("no_ports", "the list is empty", "add the ports that callers use");
  if (input.length > maxPorts)
    issues.add(
      "too_many",
      `${input.length} ports are more than ${maxPorts}`,
      "list the ports that callers in other clusters use",
    );
  const numbers = new Map<number, number>();
  const taken = new Map<string, number>();
  return input.map((port, index) => {
    const at = issues.at(index);
    checkName(at.at("name"), portName, port.name);
    checkPort(at.at("port"), port.port);
    checkPort(at.at("targetPort"), port.targetPort);
    const sameNumber = numbers.get(port.port);
    if (sameNumber !== undefined)
      at.at("port").add(
        "port_duplicate",
        `${port.port} is the number of ports[${sameNumber}] too`,
        "describe each port once",
      );
    const sameName = taken.get(port.name);
    if (sameName !== undefined)
      at.at("name").add(
        "port_name_duplicate",
        `${show(port.name)} is the name of ports[${sameName}] too`,
        "give each port a name of its own",
      );
    numbers.set(port.port, index);
    taken.set(port.name, index);
    const canonicalProtocol = resolveProtocol(port, at.at("protocol"));
    return {
      name: port.name,
      port: port.port,
      protocol: port.protocol ?? canonicalProtocol,
      canonicalProtocol,
      isHttp: ruleFamilyOf(canonicalProtocol) === "http",
      targetPort: port.targetPort ?? port.port,
    };
  });
}

function resolveProtocol(
  port: PortInput,
  issues: IssueCollector,
): ServicePort["canonicalProtocol"] {
  const { protocol } = port;
  if (protocol === undefined) {
    issues.add(
      "protocol_missing",
      "it is missing",
      `add one of ${protocols.join(", ")}; Istio doesn't guess it for traffic between clusters`,
    );
    return "TCP";
  }
  const upper = protocol.toUpperCase();
  const known = protocols.find((name) => name === upper);
  if (known === undefined) {
    const hint =
      upper === "UDP"
        ? "Envoy passes no UDP between clusters (istio/istio#1430); use a TCP protocol"
        : suggest(upper, protocols);
    issues.add("protocol_unsupported", `${show(protocol)} can't cross clusters`, hint);
    return "TCP";
  }
  if (known === "TCP" && port.port === 443) {
    issues.add(
      "port_protocol_conflict",
      "TCP on port 443 shadows every TLS service on that port (istio/istio#38327)",
      "use TLS or HTTPS, or another port",
    );
  }
  return known;
}

function resolveServedBy(
  input: ServiceDescription["servedBy"],
  versions: readonly ServiceVersion[],
  clusters: ReadonlySet<string>,
  issues: IssueCollector,
): readonly ServingCluster[] {
  const all = versions.map(({ name }) => name);
  const isList = Array.isArray(input);
  const perCluster: Readonly<Record<string, readonly string[]>> = isList ? {} : input;
  const given = isList ? input : Object.keys(input);
  if (given.length === 0)
    issues.add(
      "not_served",
      "no cluster serves it",
      `add the clusters where it runs: ${inOrder(clusters).slice(0, 12).join(", ")}`,
    );
  const names = checkClusterNames(issues, given, clusters, (index, name) =>
    issues.at(isList ? index : name),
  );
  const places = names.map((cluster) => {
    const listed = Object.hasOwn(perCluster, cluster) ? perCluster[cluster] : undefined;
    (listed ?? []).forEach((version, index, array) => {
      const at = issues.at(cluster, index);
      if (checkVersionName(at, version, all) && array.indexOf(version) !== index)
        at.add("version_label_conflict", `${show(version)} is listed twice`, "remove one of them");
    });
    if (listed?.length === 0 && all.length > 0) {
      issues
        .at(cluster)
        .add(
          "version_not_served",
          "the list is empty",
          `list the versions that run there (${all.join(", ")}), or remove the cluster`,
        );
    }
    return { cluster, versions: (listed ?? all).filter((version) => all.includes(version)).sort() };
  });
  for (const version of all) {
    if (names.length > 0 && !places.some((place) => place.versions.includes(version))) {
      issues.add(
        "version_not_served",
        `no cluster serves version ${show(version)}`,
        "list it at a cluster, or remove it from versions",
      );
    }
  }
  return places;
}

function resolveCallers(input: readonly string[], issues: IssueCollector): readonly Caller[] {
  const callers = new Map<string, Caller>();
  input.forEach((text, index) => {
    const at = issues.at(index);
    const parts = splitQualified(text);
    if (parts === undefined || !isValidName(subdomain, parts.name)) {
      at.add(
        "invalid_name",
        `${show(text)} is not <serviceaccount>.<namespace>`,
        'write a ServiceAccount\'s name, a dot and its namespace ("frontend.default")',
      );
    } else if (callers.has(text)) {
      at.add("conflicting_keys", `${show(text)} is listed twice`, "remove one of them");
    } else callers.set(text, { serviceAccount: parts.name, namespace: parts.namespace });
  });
  if (input.length === 0)
    issues.add(
      "conflicting_keys",
      "the list is empty, so nobody could call the service",
      "list the callers, or remove callers to admit every identity of the mesh",
    );
  return [...callers.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, caller]) => caller);
}

function resolveFailover(
  input: NonNullable<ServiceDescription["failover"]>,
  issues: IssueCollector,
): Failover | undefined {
  if (input === false) return undefined;
  const { errors, interval, ejection } = input === true ? {} : input;
  checkRange(issues.at("errors"), errors, 1, 1_000_000);
  checkDuration(issues.at("interval"), interval);
  checkDuration(issues.at("ejection"), ejection);
  return { errors: errors ?? 3, interval: interval ?? "1s", ejection: ejection ?? "10s" };
}
