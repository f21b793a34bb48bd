/** From a peer's gateway to the chain that its server name leads to. */
import type { Late } from "../late";
import type { GlobalService } from "../mesh";
import type { PlannedObject } from "../objects/manifest";
import { parseSni } from "../names";
import { type CallerIdentity, type Hop, hopsOf, nameOf } from "./hop";
import { getOrMake, once } from "../once";
import { isHostOf } from "./hostPatterns";
import { shutBy } from "./networkPolicies";
import { namespaceOf } from "./objectIndex";
import type { ClusterIndex, PlanIndex } from "./planIndex";
import { serviceHops } from "./serviceHops";
import {
  type DestinationRuleSpec,
  type GatewaySpec,
  type Labels,
  selects,
  type ServiceSpec,
  specOf,
  type TlsSpec,
} from "./specs";
import { caOf } from "./trustHop";
import { destinationRulesOf } from "./visibility";
import { hasNamespace, isInjected, isScaledToZero, podOf, workloadsWith } from "./workloads";

/** The peer whose gateway has an address: by port too, where peers share an address. */
export function peerOf(
  index: PlanIndex,
  home: ClusterIndex,
  address: string | Late,
  port: number,
): ClusterIndex | undefined {
  const atAddress = index.clustersAt(address).filter((cluster) => cluster !== home);
  return atAddress.find((cluster) => exposing(cluster, port) !== undefined) ?? atAddress[0];
}

/** The gateway's Service that is reached from outside at that port. */
function exposing(cluster: ClusterIndex, dialled: number) {
  for (const service of cluster.byKind("Service", cluster.plan.cluster.gateway.namespace)) {
    const { type, ports = [], selector } = specOf<ServiceSpec>(service.manifest);
    const found = ports.find(
      ({ port, nodePort }) => (type === "NodePort" ? nodePort : port) === dialled,
    );
    if (found !== undefined && type !== "ClusterIP")
      // istiod takes a Gateway's port for the Service's, and for the pods' when no Service has it.
      return { service, selector, ports: [found.port, found.targetPort ?? found.port] };
  }
  return undefined;
}

/** A call as it comes to a peer's gateway. */
export interface Arrival {
  readonly peer: ClusterIndex;
  readonly tls: TlsSpec;
  readonly dialled: number;
  readonly caller: CallerIdentity;
  readonly described: GlobalService | undefined;
}

const arrivals = once((_peer: ClusterIndex) => new Map<string, readonly Hop[]>());
const tlsKey = once((tls: TlsSpec) => JSON.stringify([tls.sni, tls.subjectAltNames]));

/** Hops inside of the peer: its gateway, the chain for the server name, the Service, the pods. Callers that are alike share them. */
export function gatewayHops(arrival: Arrival): readonly Hop[] {
  const { peer, tls, dialled, caller, described } = arrival;
  const { cluster, namespace = "", serviceAccount = "" } = caller;
  const who = `${cluster.trustDomain}/${namespace}/${serviceAccount}`;
  const untrusted = caOf(cluster) === undefined ? cluster.name : "";
  const key = `${who} ${untrusted} ${dialled} ${described?.key ?? ""} ${tlsKey(tls)}`;
  return getOrMake(arrivals(peer), key, () => hopsInside(arrival));
}

function hopsInside({ peer, tls, dialled, caller, described }: Arrival): readonly Hop[] {
  const { planned, missing } = hopsOf(peer);
  const exposed = exposing(peer, dialled);
  if (exposed === undefined) {
    const text = `no Service of ${peer.name} exposes a gateway at port ${dialled}`;
    return [missing("gateway", undefined, text)];
  }
  const { service, selector, ports } = exposed;
  const workloads = workloadsWith(peer, namespaceOf(service), selector).filter(
    (workload) => !isScaledToZero(workload),
  );
  const [workload] = workloads;
  if (workload === undefined || selector === undefined)
    return [missing("gateway", service, `${nameOf(service)} of ${peer.name} selects no gateway`)];
  for (const one of workloads) {
    const fault = gatewayFault(peer, one);
    if (fault !== undefined) return [missing("gateway", one, fault)];
  }
  const pods = { namespace: namespaceOf(workload), labels: podOf(workload).labels };
  const listener = ports.at(-1);
  const shut = shutBy(
    peer,
    pods,
    "Ingress",
    undefined,
    typeof listener === "number" ? listener : undefined,
  );
  if (shut !== undefined) {
    const text = `${nameOf(shut)} of ${peer.name} lets nobody in to the gateway at port ${listener ?? ""}`;
    return [missing("gateway", shut, text)];
  }
  const gateway = planned("gateway", workload, `gateway of ${peer.name}`);

  const sni = parseSni(tls.sni ?? "");
  if (sni === undefined) {
    const text = `no gateway has a chain for the server name ${JSON.stringify(tls.sni)}`;
    return [gateway, missing("chain", undefined, text)];
  }
  const chain = chainFor(peer, pods.labels, sni.host, ports);
  if (chain.status === "missing") return [gateway, chain];
  const subset = subsetOf(peer, pods.namespace, sni);
  if (subset === undefined) {
    const [rule] = peer.byHost("DestinationRule", sni.host);
    const text = `no DestinationRule of ${peer.name} gives ${sni.host} a subset ${sni.subset}`;
    return [gateway, missing("chain", rule, text)];
  }
  return [
    gateway,
    { ...chain, text: `chain for ${tls.sni ?? ""}` },
    ...serviceHops({ peer, gateway: pods, sni, subset, tls, caller, described }),
  ];
}

/** Why pods of a gateway don't become one: nothing of theirs is Istio's before the webhook has filled them in. */
function gatewayFault(peer: ClusterIndex, workload: PlannedObject): string | undefined {
  const { annotations, serviceAccountName } = podOf(workload);
  const namespace = namespaceOf(workload);
  const which = `${nameOf(workload)} of ${peer.name}`;
  const templates = annotations["inject.istio.io/templates"]?.split(",") ?? [];
  if (!hasNamespace(peer, namespace)) return `the namespace of ${which} isn't there`;
  if (!isInjected(peer, workload)) return `Istio injects no proxy into the pods of ${which}`;
  if (!templates.some((name) => name.trim() === "gateway"))
    return `Istio makes no gateway of the pods of ${which}: their template isn't "gateway"`;
  if (
    serviceAccountName !== "default" &&
    peer.named("ServiceAccount", namespace, serviceAccountName) === undefined
  )
    return `the ServiceAccount ${serviceAccountName} of ${which} isn't there`;
  return undefined;
}

/** The Gateway that lets a host through to its Service. */
function chainFor(
  peer: ClusterIndex,
  gatewayLabels: Labels,
  host: string,
  ports: readonly (number | string)[],
): Hop {
  const { planned, missing } = hopsOf(peer);
  const listening = peer
    .byKind("Gateway")
    .filter(({ manifest }) => selects(specOf<GatewaySpec>(manifest).selector, gatewayLabels));
  const chain = listening.find(({ manifest }) =>
    specOf<GatewaySpec>(manifest).servers?.some(
      (server) =>
        ports.includes(server.port?.number ?? 0) &&
        // Passing through goes with both, and with HTTP istiod makes a listener for requests.
        ["TLS", "HTTPS"].includes((server.port?.protocol ?? "").toUpperCase()) &&
        server.tls?.mode === "AUTO_PASSTHROUGH" &&
        server.hosts?.some((pattern) => isHostOf(pattern, host)),
    ),
  );
  if (chain !== undefined) return planned("chain", chain, "");
  const [first] = listening;
  return missing(
    "chain",
    first,
    first === undefined
      ? `no Gateway of ${peer.name} configures its gateway`
      : `${nameOf(first)} of ${peer.name} doesn't let ${host} through at port ${ports[0] ?? ""}`,
  );
}

/** The labels of a subset on the serving side; none for the whole service; `undefined` when there is no such subset. */
function subsetOf(
  peer: ClusterIndex,
  gatewayNamespace: string,
  { host, subset }: { readonly host: string; readonly subset: string },
): Labels | undefined {
  if (subset === "") return {};
  const [, namespace = ""] = host.split(".");
  const found = destinationRulesOf(peer, host, gatewayNamespace, namespace)
    .flatMap(({ manifest }) => specOf<DestinationRuleSpec>(manifest).subsets ?? [])
    .find(({ name }) => name === subset);
  return found === undefined ? undefined : (found.labels ?? {});
}
