/**
 * DestinationRules on both sides. The consumer's says with which server name and to whom its proxies
 * speak; the server's gives the gateway a chain for each version.
 */
import {
  clusterOf,
  type GlobalService,
  isServedBy,
  type Mesh,
  type ServicePort,
  trustDomainsOf,
} from "../mesh";
import { sniOf, spiffeIdOf } from "../names";
import { type Manifest, ownerLabels } from "./manifest";
import { remotePlaces, resolutionOf } from "./serviceEntry";

type ServiceMesh = Pick<Mesh, "name" | "clusters">;

/**
 * Rule for the global host in a consuming cluster. The explicit server name is what a modern gateway
 * matches on; without subjectAltNames Istio would accept any identity of the mesh.
 */
export function consumerDestinationRule(
  mesh: ServiceMesh,
  service: GlobalService,
  consumer: string,
): Manifest {
  const balancing = balancingOf(mesh, service, consumer);
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: service.name, namespace: service.namespace, labels: ownerLabels(mesh) },
    spec: {
      host: service.host,
      trafficPolicy: trafficPolicy(mesh, service, "", balancing),
      ...(service.versions.length === 0
        ? {}
        : {
            subsets: service.versions.map(({ name, labels }) => ({
              name,
              labels,
              trafficPolicy: trafficPolicy(mesh, service, name, balancing),
            })),
          }),
    },
  };
}

/** One server name for one port; several ports have one each. Port settings inherit nothing, so they are whole. */
function trafficPolicy(
  mesh: ServiceMesh,
  service: GlobalService,
  subset: string,
  balancing: object,
) {
  const policy = (port: ServicePort) => ({
    tls: tlsSettings(mesh, service, port.port, subset),
    ...balancing,
  });
  const [only, ...others] = service.ports;
  if (only !== undefined && others.length === 0) return policy(only);
  return {
    ...balancing,
    portLevelSettings: service.ports.map((port) => ({
      port: { number: port.port },
      ...policy(port),
    })),
  };
}

function tlsSettings(mesh: ServiceMesh, service: GlobalService, port: number, subset: string) {
  const trustDomains = trustDomainsOf(
    service.servedBy.map(({ cluster }) => clusterOf(mesh, cluster)),
  );
  return {
    mode: "ISTIO_MUTUAL",
    sni: sniOf(port, subset, service.localHost),
    subjectAltNames: trustDomains.map((domain) =>
      spiffeIdOf(domain, service.namespace, service.serviceAccount),
    ),
  };
}

/** The labels by which places are preferred: own cluster first, then own region and zone within it. */
const localFirst = [
  "topology.istio.io/network",
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
];

/**
 * How places are chosen among. With one place there is nothing to choose, and taking it out would only
 * turn slow answers into none. Local first goes by the network's label, which pods of the own cluster
 * have whatever their nodes' labels are; istiod fails over only where outliers are detected. Clusters
 * resolved by DNS are an exception: istiod orders them by labels in part only, so there it goes by
 * locality, which nodes have to be labelled with.
 * Failed connections and 502 to 504 count as errors, a service's own 500 doesn't.
 */
function balancingOf(mesh: ServiceMesh, service: GlobalService, consumer: string): object {
  const places = remotePlaces(service, consumer).length + (isServedBy(service, consumer) ? 1 : 0);
  if (places < 2) return {};
  if (service.failover === undefined)
    return { loadBalancer: { localityLbSetting: { enabled: false } } };
  return {
    loadBalancer: {
      localityLbSetting:
        resolutionOf(mesh, service, consumer) === "STATIC"
          ? { enabled: true, failoverPriority: localFirst }
          : { enabled: true },
    },
    outlierDetection: {
      consecutiveGatewayErrors: service.failover.errors,
      consecutive5xxErrors: 0,
      interval: service.failover.interval,
      baseEjectionTime: service.failover.ejection,
      maxEjectionPercent: 100,
    },
  };
}

/** Name of the serving side's rule. Service names have no dots, so it is nobody else's. */
export function servingRuleName(service: GlobalService): string {
  return `${service.name}.versions`;
}

/** Rule for the local host in a serving cluster: a subset, and so a gateway chain, per version served there. */
export function servingDestinationRule(
  mesh: ServiceMesh,
  service: GlobalService,
  cluster: string,
): Manifest | undefined {
  const served = service.servedBy.find((place) => place.cluster === cluster)?.versions ?? [];
  if (served.length === 0) return undefined;
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: {
      name: servingRuleName(service),
      namespace: service.namespace,
      labels: ownerLabels(mesh),
    },
    spec: {
      host: service.localHost,
      subsets: service.versions
        .filter(({ name }) => served.includes(name))
        .map(({ name, labels }) => ({ name, labels })),
    },
  };
}
