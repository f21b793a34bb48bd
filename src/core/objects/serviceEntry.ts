/**
 * ServiceEntries: what gives a global name its address and its endpoints in a consuming cluster.
 * Peers' gateways and the cluster's own pods are two entries of one host, since an entry with a
 * workloadSelector can't list endpoints; istiod merges them.
 */
import { Late } from "../late";
import {
  type Cluster,
  clusterOf,
  dialPortOf,
  type GlobalService,
  isServedBy,
  type Mesh,
} from "../mesh";
import { type Manifest, nameOfPart, ownerLabels } from "./manifest";
import { exportTo } from "./visibility";

type ServiceMesh = Pick<Mesh, "name" | "clusters" | "distribution">;

/** What peers dial: as described, or the address that the gateway will have. */
export function gatewayAddress(cluster: Cluster): string | Late {
  return (
    cluster.gateway.address ??
    new Late({ use: "text", input: { kind: "gatewayAddress", cluster: cluster.name } })
  );
}

/** Clusters other than `consumer` that serve. */
export function remotePlaces(service: GlobalService, consumer: string): GlobalService["servedBy"] {
  return service.servedBy.filter(({ cluster }) => cluster !== consumer);
}

/** STATIC wants IP addresses; load balancers with host names need DNS (istio/istio#29359). Both entries of a host agree. */
export function resolutionOf(
  mesh: ServiceMesh,
  service: GlobalService,
  consumer: string,
): "STATIC" | "DNS" {
  // istiod resolves the names of gateways in front of endpoints that it has read.
  if (mesh.distribution === "endpoints") return "STATIC";
  const isNamed = remotePlaces(service, consumer).some(
    (place) => clusterOf(mesh, place.cluster).gateway.addressType === "hostname",
  );
  return isNamed ? "DNS" : "STATIC";
}

function common(mesh: ServiceMesh, service: GlobalService, consumer: string) {
  return {
    hosts: [service.host],
    location: "MESH_INTERNAL",
    resolution: resolutionOf(mesh, service, consumer),
    addresses: [service.address],
    ...exportTo(service),
  };
}

/**
 * The entry whose endpoints are the gateways of other clusters that serve; `undefined` when there is
 * none. A gateway is listed once per version that it can reach, labelled so that subsets find it.
 */
export function remoteServiceEntry(
  mesh: ServiceMesh,
  service: GlobalService,
  consumer: string,
): Manifest | undefined {
  const places = remotePlaces(service, consumer);
  if (places.length === 0 || mesh.distribution === "endpoints") return undefined;
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: service.name, namespace: service.namespace, labels: ownerLabels(mesh) },
    spec: {
      ...common(mesh, service, consumer),
      ports: service.ports.map(({ name, port, protocol }) => ({ name, number: port, protocol })),
      endpoints: places.flatMap(({ cluster, versions }) =>
        versions.length === 0
          ? [gatewayEndpoint(mesh, service, cluster)]
          : versions.map((version) => gatewayEndpoint(mesh, service, cluster, version)),
      ),
    },
  };
}

function gatewayEndpoint(
  mesh: ServiceMesh,
  service: GlobalService,
  cluster: string,
  version?: string,
) {
  const peer = clusterOf(mesh, cluster);
  const labels = service.versions.find(({ name }) => name === version)?.labels;
  return {
    address: gatewayAddress(peer),
    ports: Object.fromEntries(service.ports.map(({ name }) => [name, dialPortOf(peer.gateway)])),
    ...(peer.locality === undefined ? {} : { locality: peer.locality }),
    ...(labels === undefined ? {} : { labels }),
  };
}

/**
 * The entry that selects pods: the consuming cluster's own, `undefined` where it doesn't serve. Where endpoints are distributed,
 * those of all clusters that its control plane reads, in place of a remote entry: istiod tells an entry of pods in any of its
 * registries, and puts the gateway of their network in their place (its multicluster.go and ep_filters.go).
 */
export function localServiceEntry(
  mesh: ServiceMesh,
  service: GlobalService,
  consumer: string,
): Manifest | undefined {
  if (!isServedBy(service, consumer) && mesh.distribution !== "endpoints") return undefined;
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: {
      name: nameOfPart(service, "local"),
      namespace: service.namespace,
      labels: ownerLabels(mesh),
    },
    spec: {
      ...common(mesh, service, consumer),
      ports: service.ports.map(({ name, port, protocol, targetPort }) => ({
        name,
        number: port,
        protocol,
        ...(targetPort === port ? {} : { targetPort }),
      })),
      workloadSelector: { labels: service.selector },
    },
  };
}
