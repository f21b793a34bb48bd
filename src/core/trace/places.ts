/** The places that serve a host: gateways of peers, and pods of the own cluster. */
import { Late } from "../late";
import { dialPortOf, type GlobalService, isServedBy } from "../mesh";
import type { PlannedObject } from "../objects/manifest";
import { hostAndPort } from "../words";
import { entryPort } from "./addressHop";
import { gatewayHops, peerOf } from "./gatewayHops";
import { shutFromGateway } from "./callerPods";
import { type CallerIdentity, type Hop, type HopKind, hopsOf, nameOf } from "./hop";
import { getOrMake, once } from "../once";
import { namespaceOf } from "./objectIndex";
import { addressKey } from "../addressKey";
import type { ClusterIndex, PlanIndex } from "./planIndex";
import { podHops } from "./podHops";
import { readingFault } from "./readingHop";
import { type EndpointSpec, type Labels, selects, type ServiceEntrySpec, specOf } from "./specs";
import type { TlsChoice } from "./tlsHop";
import { isScaledToZero, workloadsWith } from "./workloads";

/** Where a call goes on from its cluster, and its hops from there. */
export interface Place {
  /** `undefined` where the way ends before. */
  readonly servedBy: string | undefined;
  readonly hops: readonly Hop[];
}

/** A call on its way to its endpoints. */
export interface Departure {
  readonly index: PlanIndex;
  readonly caller: CallerIdentity;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsChoice;
  readonly described: GlobalService | undefined;
}

/** The places of a host's entries that have the version's labels. */
export function placesOf(
  departure: Departure,
  entries: readonly PlannedObject[],
): readonly Place[] {
  const { tls, host } = departure;
  if (tls.ownHop.status === "missing") return [{ servedBy: undefined, hops: [tls.hop] }];
  const places = entries.flatMap((entry) => placesOfEntry(departure, entry));
  if (places.length > 0) return places;
  const what =
    tls.version === undefined
      ? "no endpoint"
      : `no endpoint with the labels of version ${tls.version}`;
  return [lost(departure, "endpoint", entries[0], `${host} has ${what}`)];
}

function placesOfEntry(departure: Departure, entry: PlannedObject): readonly Place[] {
  const {
    workloadSelector,
    location,
    resolution = "NONE",
  } = specOf<ServiceEntrySpec>(entry.manifest);
  if (resolution === "NONE") {
    const text = `${nameOf(entry)} has the resolution NONE, so that its endpoints don't count`;
    return [lost(departure, "endpoint", entry, text)];
  }
  if (workloadSelector === undefined)
    return endpointsOf(entry, departure.tls.labels).map((endpoint) =>
      remotePlace(departure, entry, endpoint),
    );
  const { planned, assumed } = hopsOf(departure.caller.cluster);
  // Istio 1.31 doesn't mind, and its documentation does.
  const endpoint =
    location === "MESH_INTERNAL"
      ? planned("endpoint", entry, "pods of the own cluster")
      : assumed("endpoint", entry, `${nameOf(entry)} selects pods, and isn't MESH_INTERNAL`);
  const selector = workloadSelector.labels ?? {};
  return [
    ...localPlace(departure, entry, selector, endpoint),
    ...(departure.index.plan.mesh.distribution === "endpoints"
      ? readPlaces(departure, entry, selector)
      : []),
  ];
}

/** Pods of other clusters, as the control plane reads them there: behind their gateways. */
function readPlaces(
  departure: Departure,
  entry: PlannedObject,
  selector: Labels,
): readonly Place[] {
  const { index, caller, tls, described } = departure;
  const home = caller.cluster;
  const places = described?.servedBy ?? [];
  return places
    .filter(({ cluster }) => cluster !== home.name)
    .filter(({ versions }) => tls.version === undefined || versions.includes(tls.version))
    .flatMap(({ cluster }) => index.cluster(cluster) ?? [])
    .filter((peer) => hasPods(peer, namespaceOf(entry), { ...selector, ...tls.labels }))
    .map((peer) => {
      const fault = readingFault(home, peer);
      if (fault !== undefined) return lost(departure, "endpoint", fault.object, fault.text);
      const { gatewayAddress, cluster } = peer.plan;
      return behindGateway(departure, entry, peer, gatewayAddress, dialPortOf(cluster.gateway));
    });
}

/** Pods that aren't planned are somebody else's, and assumed to be there. */
function hasPods(peer: ClusterIndex, namespace: string, labels: Labels): boolean {
  return !peer.plan.hasWorkloads || !workloadsWith(peer, namespace, labels).every(isScaledToZero);
}

function localPlace(
  departure: Departure,
  entry: PlannedObject,
  selector: Labels,
  endpoint: Hop,
): readonly Place[] {
  const { index, caller, port, tls, described } = departure;
  const home = caller.cluster;
  const namespace = namespaceOf(entry);
  const labels = { ...selector, ...tls.labels };
  const runs = described !== undefined && isServedBy(described, home.name);
  // There the entry is for pods of other clusters, too.
  if (index.plan.mesh.distribution === "endpoints" && !runs) return [];
  const isElsewhere = home.plan.hasWorkloads
    ? Object.keys(tls.labels).length > 0 &&
      workloadsWith(home, namespace, labels).every(isScaledToZero)
    : !isDescribedHere(departure);
  // A version that only other clusters run has no pods here, and that is no fault.
  if (isElsewhere) return [];
  const { number, targetPort = number } = entryPort(entry, port) ?? {};
  const hops = podHops({
    server: home,
    namespace,
    labels,
    targetPort,
    tls: tls.settings,
    caller,
    described,
    gateway: undefined,
  });
  return [{ servedBy: home.name, hops: [endpoint, tls.ownHop, ...hops] }];
}

/** Whether the description says that the cluster runs the version; it stands for workloads that aren't planned. */
function isDescribedHere({ caller, tls: { version }, described }: Departure): boolean {
  if (version === undefined) return true;
  const place = described?.servedBy.find(({ cluster }) => cluster === caller.cluster.name);
  return place === undefined || place.versions.includes(version);
}

function remotePlace(departure: Departure, entry: PlannedObject, endpoint: EndpointSpec): Place {
  const { index, caller, port, tls } = departure;
  if (tls.hop.status === "missing") return { servedBy: undefined, hops: [tls.hop] };
  const address = addressText(endpoint.address);
  const dialled = endpoint.ports?.[entryPort(entry, port)?.name ?? ""];
  if (dialled === undefined) {
    const text = `${nameOf(entry)} doesn't say which port of ${address} to dial`;
    return lost(departure, "endpoint", entry, text);
  }
  const peer =
    peerOf(index, caller.cluster, endpoint.address, dialled) ?? ownGateway(departure, endpoint);
  if (peer === undefined) {
    const text = `${address} in ${nameOf(entry)} is no gateway of the mesh`;
    return lost(departure, "endpoint", entry, text);
  }
  return behindGateway(departure, entry, peer, endpoint.address, dialled);
}

/** The caller's own cluster, where its gateway is dialled: hubs hand out the same to all namespaces that no local entry is for. */
function ownGateway(
  { index, caller }: Departure,
  { address }: EndpointSpec,
): ClusterIndex | undefined {
  const isOwn = addressKey(address) === addressKey(caller.cluster.plan.gatewayAddress);
  return index.plan.mesh.distribution === "hub" && isOwn ? caller.cluster : undefined;
}

function addressText(address: string | Late): string {
  return address instanceof Late ? "address to come" : address;
}

function behindGateway(
  departure: Departure,
  entry: PlannedObject,
  peer: ClusterIndex,
  gateway: string | Late,
  dialled: number,
): Place {
  const { caller, tls, described } = departure;
  if (tls.hop.status === "missing") return { servedBy: undefined, hops: [tls.hop] };
  const place = hostAndPort(addressText(gateway), dialled);
  const { cluster: home, pods } = caller;
  const shut = shutFromGateway(home, peer, pods, gateway, dialled);
  if (shut !== undefined) {
    const text = `${nameOf(shut)} of ${home.name} keeps the caller's pods from ${place}`;
    return lost(departure, "endpoint", shut, text);
  }
  return {
    servedBy: peer.name,
    hops: [
      hopsOf(caller.cluster).planned("endpoint", entry, place),
      tls.hop,
      ...gatewayHops({ peer, tls: tls.settings, dialled, caller, described }),
    ],
  };
}

function lost(
  { caller }: Departure,
  kind: HopKind,
  object: PlannedObject | undefined,
  text: string,
): Place {
  return { servedBy: undefined, hops: [hopsOf(caller.cluster).missing(kind, object, text)] };
}

const endpointLists = once((_entry: PlannedObject) => new Map<string, readonly EndpointSpec[]>());

/** Endpoints with the labels, each once: a gateway is listed once per version, and a call that may go to any takes one way. */
function endpointsOf(entry: PlannedObject, labels: Labels): readonly EndpointSpec[] {
  return getOrMake(endpointLists(entry), JSON.stringify(labels), () => {
    const { endpoints = [] } = specOf<ServiceEntrySpec>(entry.manifest);
    const found = endpoints.filter((endpoint) => selects(labels, endpoint.labels));
    const keyOf = ({ address, ports }: EndpointSpec) =>
      `${addressKey(address)} ${JSON.stringify(ports)}`;
    return [...new Map(found.map((endpoint) => [keyOf(endpoint), endpoint])).values()];
  });
}
