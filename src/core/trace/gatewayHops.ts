/** From a peer's gateway to the Service that its chain leads to. */
import { Late } from "../late";
import type { GlobalService } from "../mesh";
import { parseSni } from "../names";
import { type CallerIdentity, type Hop, hopsOf, nameOf } from "./hop";
import type { ClusterIndex, PlanIndex } from "./planIndex";
import { podHops } from "./podHops";
import {
  type DeploymentSpec,
  type DestinationRuleSpec,
  type EndpointSpec,
  type GatewaySpec,
  selects,
  type ServiceSpec,
  specOf,
  type TlsSpec,
} from "./specs";

/** The peer whose gateway an endpoint dials: by address, and by port where peers share an address. */
export function peerOf(
  index: PlanIndex,
  home: ClusterIndex,
  endpoint: EndpointSpec,
  port: number,
): ClusterIndex | undefined {
  const atAddress = index.clusters.filter(
    (cluster) => cluster !== home && sameAddress(cluster.plan.gatewayAddress, endpoint.address),
  );
  return atAddress.find((cluster) => exposing(cluster, port) !== undefined) ?? atAddress[0];
}

function sameAddress(a: string | Late, b: string | Late): boolean {
  return a instanceof Late || b instanceof Late ? JSON.stringify(a) === JSON.stringify(b) : a === b;
}

/** The gateway's Service that is reached from outside at that port, and the port of the pods behind it. */
function exposing(cluster: ClusterIndex, port: number) {
  for (const service of cluster.byKind("Service", cluster.plan.cluster.gateway.namespace)) {
    const { type, ports = [], selector } = specOf<ServiceSpec>(service.manifest);
    const found = ports.find(
      (candidate) => (type === "NodePort" ? candidate.nodePort : candidate.port) === port,
    );
    if (found !== undefined && type !== "ClusterIP")
      return { service, selector, targetPort: found.targetPort ?? found.port };
  }
  return undefined;
}

/** Hops inside of the peer: its gateway, the chain for the server name, the Service, the pods. */
export function gatewayHops(
  peer: ClusterIndex,
  tls: TlsSpec,
  dialled: number,
  caller: CallerIdentity,
  described: GlobalService | undefined,
): readonly Hop[] {
  const { planned, missing } = hopsOf(peer);
  const exposed = exposing(peer, dialled);
  if (exposed === undefined)
    return [
      missing(
        "gateway",
        undefined,
        `no Service of ${peer.name} exposes a gateway at port ${dialled}`,
      ),
    ];
  const { service, selector, targetPort } = exposed;
  const workload = peer
    .byKind("Deployment", service.manifest.metadata.namespace ?? "")
    .find(({ manifest }) =>
      selects(selector, specOf<DeploymentSpec>(manifest).template?.metadata?.labels),
    );
  if (workload === undefined)
    return [missing("gateway", service, `${nameOf(service)} of ${peer.name} selects no gateway`)];
  const gateway = planned("gateway", workload, `gateway of ${peer.name}`);
  const labels = specOf<DeploymentSpec>(workload.manifest).template?.metadata?.labels;

  const sni = parseSni(tls.sni ?? "");
  if (sni === undefined)
    return [
      gateway,
      missing(
        "chain",
        undefined,
        `no gateway has a chain for the server name ${JSON.stringify(tls.sni)}`,
      ),
    ];
  const listening = peer
    .byKind("Gateway")
    .filter(({ manifest }) => selects(specOf<GatewaySpec>(manifest).selector, labels));
  const chain = listening.find(({ manifest }) =>
    specOf<GatewaySpec>(manifest).servers?.some(
      (server) =>
        server.port?.number === targetPort &&
        server.tls?.mode === "AUTO_PASSTHROUGH" &&
        server.hosts?.includes(sni.host),
    ),
  );
  if (chain === undefined) {
    const [first] = listening;
    const text =
      first === undefined
        ? `no Gateway of ${peer.name} configures its gateway`
        : `${nameOf(first)} of ${peer.name} doesn't let ${sni.host} through at port ${targetPort}`;
    return [gateway, missing("chain", first, text)];
  }
  const subset = subsetOf(peer, sni.host, sni.subset);
  if (subset === undefined) {
    const [rule] = peer.byHost("DestinationRule", sni.host);
    return [
      gateway,
      missing(
        "chain",
        rule,
        `no DestinationRule of ${peer.name} gives ${sni.host} a subset ${sni.subset}`,
      ),
    ];
  }
  return [
    gateway,
    planned("chain", chain, `chain for ${tls.sni ?? ""}`),
    ...serviceHops(peer, sni, subset, tls, caller, described),
  ];
}

/** The labels of a subset on the serving side; none for the whole service; `undefined` when there is no such subset. */
function subsetOf(
  peer: ClusterIndex,
  host: string,
  subset: string,
): Readonly<Record<string, string>> | undefined {
  if (subset === "") return {};
  const found = peer
    .byHost("DestinationRule", host)
    .flatMap(({ manifest }) => specOf<DestinationRuleSpec>(manifest).subsets ?? [])
    .find(({ name }) => name === subset);
  return found === undefined ? undefined : (found.labels ?? {});
}

function serviceHops(
  peer: ClusterIndex,
  sni: { readonly port: number; readonly host: string },
  subset: Readonly<Record<string, string>>,
  tls: TlsSpec,
  caller: CallerIdentity,
  described: GlobalService | undefined,
): readonly Hop[] {
  const { planned, assumed, missing } = hopsOf(peer);
  const [name = "", namespace = ""] = sni.host.split(".");
  const at = `${name}.${namespace}:${sni.port}`;
  const object = peer.byKey(`core/Service/${namespace}/${name}`);
  const describedPort = described?.ports.find(({ port }) => port === sni.port);
  const pods = { server: peer, namespace, tls, caller, described };
  if (object === undefined) {
    if (peer.plan.hasWorkloads)
      return [
        missing(
          "service",
          `core/Service/${namespace}/${name}`,
          `${peer.name} has no Service ${namespace}/${name}`,
        ),
      ];
    const labels = { ...described?.selector, ...subset };
    return [
      assumed("service", undefined, `Service ${at}`),
      ...podHops({ ...pods, labels, targetPort: describedPort?.targetPort }),
    ];
  }
  const { ports = [], selector } = specOf<ServiceSpec>(object.manifest);
  const port = ports.find((candidate) => candidate.port === sni.port);
  if (port === undefined)
    return [
      missing("service", object, `${nameOf(object)} of ${peer.name} has no port ${sni.port}`),
    ];
  if (selector === undefined)
    return [missing("service", object, `${nameOf(object)} of ${peer.name} selects no pods`)];
  const targetPort = port.targetPort ?? port.port;
  return [
    planned("service", object, at),
    ...podHops({ ...pods, labels: { ...selector, ...subset }, targetPort }),
  ];
}
