/**
 * DestinationRules on both sides. The consumer's says with which server name and to whom its proxies
 * speak; the server's gives the gateway a chain for each version.
 */
import {
  clusterOf,
  type GlobalService,
  type Mesh,
  type ServicePort,
  trustDomainsOf,
} from "../mesh";
import { sniOf, spiffeIdOf } from "../names";
import { connectionSeconds } from "./connectionAge";
import { type Manifest, nameOfPart, ownerLabels } from "./manifest";
import { resolutionOf } from "./serviceEntry";
import { exportTo } from "./visibility";

type ServiceMesh = Pick<Mesh, "name" | "clusters" | "trust" | "distribution">;

/**
 * Rule for the global host in a consuming cluster. The explicit server name is what a modern gateway
 * matches on; without subjectAltNames Istio would accept any identity of the mesh.
 */
export function consumerDestinationRule(
  mesh: ServiceMesh,
  service: GlobalService,
  consumer: string,
): Manifest {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: {
      name: nameOfPart(service, "global"),
      namespace: service.namespace,
      labels: ownerLabels(mesh),
    },
    spec: {
      ...exportTo(service),
      host: service.host,
      trafficPolicy: trafficPolicy(mesh, service, consumer, undefined),
      ...(service.versions.length === 0
        ? {}
        : {
            subsets: service.versions.map(({ name, labels }) => ({
              name,
              labels,
              trafficPolicy: trafficPolicy(mesh, service, consumer, name),
            })),
          }),
    },
  };
}

/** One server name for one port; several ports have one each. Port settings inherit nothing, so they are whole. */
function trafficPolicy(
  mesh: ServiceMesh,
  service: GlobalService,
  consumer: string,
  version: string | undefined,
) {
  const balancing = balancingOf(mesh, service, consumer, version);
  const policy = (port: ServicePort) => ({
    tls: tlsSettings(mesh, service, port.port, version ?? ""),
    ...(port.isHttp
      ? { connectionPool: { tcp: { maxConnectionDuration: `${connectionSeconds}s` } } }
      : {}),
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
  const serving = service.servedBy.map(({ cluster }) => clusterOf(mesh, cluster));
  return {
    mode: "ISTIO_MUTUAL",
    sni: sniOf(port, subset, service.localHost),
    // istiod adds no aliases to names that are given.
    subjectAltNames: [...trustDomainsOf(serving), ...mesh.trust.aliases].map((domain) =>
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
 * How places are chosen among, for the whole service or a version of it. Local first goes by the
 * network's label, which pods of the own cluster have whatever their nodes' labels are; istiod fails
 * over only where outliers are detected. Clusters resolved by DNS are an exception: istiod orders them by
 * labels in part only, so there it goes by locality, which nodes have to be labelled with.
 * Failed connections and 502 to 504 count as errors, a service's own 500 doesn't. Where every place that is
 * left is out, all of them are tried again: by default (0 %) calls would be refused until an ejection ends,
 * though the service is back (istiod's core/cluster_traffic_policy.go, Envoy's panic threshold).
 */
function balancingOf(
  mesh: ServiceMesh,
  service: GlobalService,
  consumer: string,
  version: string | undefined,
): object {
  if (service.servedBy.length < 2) return {};
  if (service.failover === undefined)
    return { loadBalancer: { localityLbSetting: { enabled: false } } };
  const places = service.servedBy.filter(
    ({ versions }) => version === undefined || versions.includes(version),
  );
  // Taking the only place out would turn slow answers into none. Off has to be said: subsets inherit.
  if (places.length < 2)
    return { outlierDetection: { consecutiveGatewayErrors: 0, consecutive5xxErrors: 0 } };
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
      minHealthPercent: 1,
    },
  };
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
      name: nameOfPart(service, "versions"),
      namespace: service.namespace,
      labels: ownerLabels(mesh),
    },
    spec: {
      // Chains of the gateway come from it.
      ...exportTo(service, clusterOf(mesh, cluster).gateway.namespace),
      host: service.localHost,
      subsets: service.versions
        .filter(({ name }) => served.includes(name))
        .map(({ name, labels }) => ({ name, labels })),
    },
  };
}
