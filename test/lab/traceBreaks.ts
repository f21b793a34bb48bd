/** Ways to break a service's calls, or not to, by a change to one planned object. */
import type { HopKind } from "../../src";
import type { Change } from "../core/trace/changes";
import { object } from "../core/trace/changes";
import { from } from "../core/trace/parts";
import { callerNamespace } from "./placements";
import type { ChangeRow, Spot } from "./traceChanges";

type Edit = (manifest: any, spot: Spot) => void;
type Key = ChangeRow["key"];

const istio = (kind: string, part: string): Key => {
  const group = kind.endsWith("Policy") || kind.startsWith("Peer") ? "security" : "networking";
  return ({ namespace, service }) =>
    `${group}.istio.io/${kind}/${namespace}/${service.name}${part}`;
};
const entry = istio("ServiceEntry", "");
const rule = istio("DestinationRule", ".global");
const versions = istio("DestinationRule", ".versions");
const routes = istio("VirtualService", ".global");
const peers = istio("PeerAuthentication", ".strict");
const callers = istio("AuthorizationPolicy", ".callers");
const gateway: Key = () => "networking.istio.io/Gateway/istio-eastwest/istio-eastwestgateway";
const kubernetesService: Key = ({ namespace, service }) =>
  `core/Service/${namespace}/${service.name}`;
const workload: Key = ({ namespace }) => `apps/Deployment/${namespace}/server`;
const nothing: Key = () => "";

const localHost = ({ namespace, service }: Spot) =>
  `${service.name}.${namespace}.svc.cluster.local`;
const globalHost = ({ namespace, service }: Spot) => `${service.name}.${namespace}.global`;
const targetPorts = ({ service }: Spot) =>
  service.ports.map(({ port, targetPort = port }) => targetPort);

function row(hop: HopKind | undefined, side: ChangeRow["side"]) {
  return (what: string, key: Key, edit: "removed" | Edit): ChangeRow => ({
    ...{ what, hop, side, key },
    change: (spot): Change => (edit === "removed" ? edit : (manifest) => edit(manifest, spot)),
  });
}

/** Something beside what is planned. */
function added(
  hop: HopKind | undefined,
  side: ChangeRow["side"],
  what: string,
  make: (spot: Spot) => Change,
): ChangeRow {
  return { what, hop, side, key: nothing, change: make };
}

/** An AuthorizationPolicy for pods of the placement beside the planned ones. */
const policy = (action: string, rulesFor: (spot: Spot) => readonly object[]) => (spot: Spot) =>
  object("security.istio.io/v1", "AuthorizationPolicy", spot.namespace, {
    action,
    rules: rulesFor(spot),
  });

/** Every place in a DestinationRule that says how to speak TLS. */
function tlsSettings({ spec }: any): readonly any[] {
  return [spec, ...(spec.subsets ?? [])].flatMap(({ trafficPolicy = {} }: any) =>
    [trafficPolicy, ...(trafficPolicy.portLevelSettings ?? [])].flatMap(
      ({ tls }: any) => tls ?? [],
    ),
  );
}

const address = row("address", "consumer");
const route = row("route", "consumer");
const endpoint = row("endpoint", "consumer");
const tls = row("tls", "consumer");
const chain = row("chain", "server");
const service = row("service", "server");
const pods = row("pods", "server");
const authentication = row("authentication", "server");
const authorization = row("authorization", "server");

/** One after the other they go to the placements. */
export const breakingRows: readonly ChangeRow[] = [
  address("no ServiceEntry", entry, "removed"),
  address("a ServiceEntry without the port", entry, ({ spec }) =>
    spec.ports.forEach((port: any, index: number) => (port.number = 11 + index)),
  ),
  address("an entry for other namespaces", entry, ({ spec }) => (spec.exportTo = ["kube-system"])),
  address("an entry for its own namespace", entry, ({ spec }) => (spec.exportTo = ["."])),
  row("name", "consumer")("another address than the zone's", entry, ({ spec }) => {
    spec.addresses = ["240.255.8.8"];
  }),
  address("a loopback address", entry, ({ spec }) => (spec.addresses = ["127.255.3.6"])),
  route("routes to another host", routes, ({ spec }) =>
    [...(spec.http ?? []), ...(spec.tcp ?? [])].forEach(({ route: to }: any) =>
      to.forEach(({ destination }: any) => (destination.host = "elsewhere.placed.global")),
    ),
  ),
  route(
    "a rule that answers itself",
    routes,
    ({ spec }) => (spec.http = [{ directResponse: { status: 503 } }]),
  ),
  endpoint("no endpoint", entry, ({ spec }) => (spec.endpoints = [])),
  endpoint("endpoints without the versions' labels", entry, ({ spec }) =>
    spec.endpoints.forEach((one: any) => delete one.labels),
  ),
  endpoint("an endpoint that is nobody's gateway", entry, ({ spec }) =>
    spec.endpoints.forEach((one: any) => (one.address = "203.0.113.99")),
  ),
  endpoint("an endpoint that names no port", entry, ({ spec }) =>
    spec.endpoints.forEach((one: any) => delete one.ports),
  ),
  tls("no DestinationRule", rule, "removed"),
  tls("plaintext", rule, (manifest) =>
    tlsSettings(manifest).forEach((setting) => (setting.mode = "DISABLE")),
  ),
  tls("no server name", rule, (manifest) =>
    tlsSettings(manifest).forEach((setting) => delete setting.sni),
  ),
  tls("no subset for the versions", rule, ({ spec }) => delete spec.subsets),
  tls("routes to a version that isn't there", routes, ({ spec }) =>
    [...(spec.http ?? []), ...(spec.tcp ?? [])].forEach(({ route: to }: any) =>
      to.forEach(({ destination }: any) => (destination.subset = "v3")),
    ),
  ),
  tls("no settings for the port", rule, ({ spec }) =>
    [spec, ...(spec.subsets ?? [])].forEach(({ trafficPolicy }: any) =>
      (trafficPolicy.portLevelSettings ?? [trafficPolicy]).shift(),
    ),
  ),
  tls(
    "a DestinationRule in a third namespace",
    rule,
    ({ metadata }) => (metadata.namespace = "kube-public"),
  ),
  row("chain", "consumer")("a server name that no gateway knows", rule, (manifest) =>
    tlsSettings(manifest).forEach((setting) => (setting.sni = "cart")),
  ),
  chain("a host that the gateway doesn't list", gateway, ({ spec }, spot) =>
    spec.servers.forEach(
      (server: any) =>
        (server.hosts = server.hosts.filter((host: string) => host !== localHost(spot))),
    ),
  ),
  chain("no subsets where it is served", versions, "removed"),
  service("no Service", kubernetesService, "removed"),
  service("a Service without the port", kubernetesService, ({ spec }) =>
    spec.ports.forEach((port: any, index: number) => (port.port = 11 + index)),
  ),
  service("a Service that selects nothing", kubernetesService, ({ spec }) => delete spec.selector),
  service("a Service that speaks UDP", kubernetesService, ({ spec }) =>
    spec.ports.forEach((port: any) => (port.protocol = "UDP")),
  ),
  pods(
    "a Service for other pods",
    kubernetesService,
    ({ spec }) => (spec.selector = { app: "no" }),
  ),
  pods("a Service to another port of the pods", kubernetesService, ({ spec }) =>
    spec.ports.forEach((port: any) => (port.targetPort = 1234)),
  ),
  pods("a named port that no container has", kubernetesService, ({ spec }) =>
    spec.ports.forEach((port: any) => (port.targetPort = "nowhere")),
  ),
  pods("pods scaled to nothing", workload, ({ spec }) => (spec.replicas = 0)),
  pods("pods that refuse a sidecar", workload, ({ spec }) => {
    spec.template.metadata.labels["sidecar.istio.io/inject"] = "false";
  }),
  row("identity", "server")("pods with another identity", workload, ({ spec }) => {
    spec.template.spec.serviceAccountName = "default";
  }),
  row("identity", "consumer")("callers that expect another identity", rule, (manifest) =>
    tlsSettings(manifest).forEach(
      (setting) => (setting.subjectAltNames = ["spiffe://cluster.local/ns/default/sa/other"]),
    ),
  ),
  authentication("mutual TLS off for the pods", peers, ({ spec }) => (spec.mtls.mode = "DISABLE")),
  authentication("mutual TLS off for their ports", peers, ({ spec }, spot) => {
    spec.portLevelMtls = Object.fromEntries(
      targetPorts(spot).map((port) => [port, { mode: "DISABLE" }]),
    );
  }),
  authorization("a policy without callers", callers, ({ spec }) => (spec.rules = [])),
  authorization("a policy for another port", callers, ({ spec }) => {
    spec.rules[0].to = [{ operation: { ports: ["1"] } }];
  }),
  authorization("a policy for others", callers, ({ spec }) => {
    spec.rules[0].from = [{ source: { principals: ["cluster.local/ns/default/sa/other"] } }];
  }),
  added(
    ...(["authorization", "server", "a policy that denies the callers"] as const),
    policy("DENY", () => [from({ principals: ["*/sa/front", "*/sa/admin"] })]),
  ),
  added(
    ...(["authorization", "server", "a policy that denies the callers' namespace"] as const),
    policy("DENY", () => [from({ namespaces: [callerNamespace] })]),
  ),
  added(
    ...(["authorization", "server", "a policy that denies the ports"] as const),
    policy("DENY", (spot) => [{ to: [{ operation: { ports: targetPorts(spot).map(String) } }] }]),
  ),
  added(
    ...(["authorization", "server", "a policy that denies all"] as const),
    policy("DENY", () => [{}]),
  ),
];

const still = { consumer: row(undefined, "consumer"), server: row(undefined, "server") };

/** Changes after which calls work: the plan is weaker, or says the same in other words. */
export const harmlessRows: readonly ChangeRow[] = [
  still.consumer("no DestinationRule, to own pods", rule, "removed"),
  still.consumer("no server name, to own pods", rule, (manifest) =>
    tlsSettings(manifest).forEach((setting) => delete setting.sni),
  ),
  still.consumer("no settings for the port, to own pods", rule, ({ spec }) =>
    [spec, ...(spec.subsets ?? [])].forEach((one: any) => delete one.trafficPolicy),
  ),
  still.server("no PeerAuthentication", peers, "removed"),
  still.server("plaintext admitted", peers, ({ spec }) => (spec.mtls.mode = "PERMISSIVE")),
  still.server("no AuthorizationPolicy", callers, "removed"),
  still.server("a rule for all", callers, ({ spec }) => (spec.rules = [{}])),
  still.server("principals by suffix", callers, ({ spec }) => {
    spec.rules = [from({ principals: ["*/sa/front", "*/sa/admin"] })];
  }),
  still.server("the callers' namespace", callers, ({ spec }) => {
    spec.rules = [from({ namespaces: [callerNamespace] })];
  }),
  still.server("hosts by wildcard", gateway, ({ spec }, spot) =>
    spec.servers[0].hosts.splice(
      spec.servers[0].hosts.indexOf(localHost(spot)),
      ...([1, `*.${spot.namespace}.svc.cluster.local`] as const),
    ),
  ),
  added(
    ...([undefined, "server", "a policy that denies others"] as const),
    policy("DENY", () => [from({ principals: ["*/sa/other"] })]),
  ),
  added(
    ...([undefined, "server", "a policy that denies other ports"] as const),
    policy("DENY", () => [{ to: [{ operation: { ports: ["1"] } }] }]),
  ),
  still.consumer("no identity that callers insist on", rule, (manifest) =>
    tlsSettings(manifest).forEach((setting) => delete setting.subjectAltNames),
  ),
  still.consumer(
    "an entry exported to the callers",
    entry,
    ({ spec }) => (spec.exportTo = [callerNamespace]),
  ),
  still.consumer("a DestinationRule in the callers' namespace", rule, (rule) => {
    rule.metadata.namespace = callerNamespace;
    // Istio takes no namespace twice, and its own is this one now.
    rule.spec.exportTo = ["."];
  }),
  still.server("a headless Service", kubernetesService, ({ spec }) => (spec.clusterIP = "None")),
  still.consumer("routes of another gateway", routes, ({ spec }) => (spec.gateways = ["ingress"])),
  still.consumer("routes for another port", routes, ({ spec }, spot) => {
    const destination = { host: globalHost(spot), subset: "v1" };
    delete spec.tcp;
    spec.http = [{ match: [{ port: 1 }], route: [{ destination }] }];
  }),
];
