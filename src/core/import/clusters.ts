/** Clusters of a description, read from what stands at their edges: the gateway, its Service, Istio's namespace. */
import type { ClusterDescription, GatewayDescription } from "../description";
import { type ServiceSpec, specOf } from "../trace/specs";
import type { ImportedDns } from "./dns";
import { type GatewayAddresses, passthroughsOf } from "./gateways";
import { type ClusterInventory, isOwnGateway, objectsOf } from "./inventory";
import { networkLabel } from "./istiod";
import type { ImportedTrust } from "./settings";

/** What is known of all clusters. */
export interface ClusterSources {
  readonly addresses: GatewayAddresses;
  /** By the key of a gateway's address. */
  readonly localities: ReadonlyMap<string, string>;
  readonly trust: ImportedTrust;
}

/** A cluster as far as its objects tell. */
export function describeCluster(
  cluster: ClusterInventory,
  { addresses, localities, trust }: ClusterSources,
  { settings: dns }: ImportedDns,
): ClusterDescription {
  const network = networkOf(cluster);
  const [key, place] = [...addresses].find(([, one]) => one.cluster === cluster.name) ?? [];
  const locality = key === undefined ? undefined : localities.get(key);
  const trustDomain = trust.byCluster.get(cluster.name) ?? trust.mesh;
  const hasPolicies = objectsOf(cluster, "NetworkPolicy").some(isOwnGateway);
  const gateway = {
    ...ownGateway(cluster),
    ...(place === undefined ? {} : { address: place.address }),
  };
  return {
    ...(network === undefined || network === cluster.name ? {} : { network }),
    ...(locality === undefined ? {} : { locality }),
    ...(trustDomain === trust.mesh ? {} : { trustDomain }),
    ...(Object.keys(gateway).length === 0 ? {} : { gateway }),
    ...(dns === undefined ? {} : { dns }),
    // What the mesh didn't shut before, an adoption doesn't shut by the way.
    ...(hasPolicies ? {} : { networkPolicies: false }),
  };
}

function networkOf(cluster: ClusterInventory): string | undefined {
  return objectsOf(cluster, "Namespace")
    .map(({ metadata }) => metadata.labels?.[networkLabel])
    .find((network) => network !== undefined);
}

/**
 * Settings of a gateway that Meshspan made. One that somebody else made keeps its name to itself: a Deployment's selector
 * can't be changed, so that the mesh's gateway comes beside it.
 */
function ownGateway(cluster: ClusterInventory): GatewayDescription {
  const service = objectsOf(cluster, "Service").find(isOwnGateway);
  const passthrough = passthroughsOf(cluster).find(
    ({ manifest }) => service === undefined || isOwnGateway(manifest),
  );
  const port =
    passthrough === undefined || passthrough.port === 15443 ? {} : { port: passthrough.port };
  if (service === undefined) return port;
  const { name, namespace, annotations } = service.metadata;
  const spec = specOf<ServiceSpec & { readonly externalTrafficPolicy?: string }>(service);
  const allowFrom = spec.loadBalancerSourceRanges ?? [];
  const nodePort = spec.ports?.find((one) => one.nodePort !== undefined)?.nodePort;
  const isNodePort = spec.type === "NodePort";
  const autoscaler = objectsOf(cluster, "HorizontalPodAutoscaler").find(isOwnGateway);
  const { minReplicas, maxReplicas } =
    autoscaler === undefined
      ? {}
      : specOf<{ readonly minReplicas?: number; readonly maxReplicas?: number }>(autoscaler);
  return {
    ...port,
    ...(name === "istio-eastwestgateway" ? {} : { name }),
    ...(namespace === undefined || namespace === "istio-eastwest" ? {} : { namespace }),
    ...(isNodePort ? { service: "NodePort" as const } : {}),
    ...(isNodePort && nodePort !== undefined ? { nodePort } : {}),
    ...(allowFrom.length === 0 ? {} : { allowFrom: [...allowFrom] }),
    ...(allowFrom.length > 0 && spec.externalTrafficPolicy !== "Local"
      ? { preserveClientIP: false }
      : {}),
    ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
    ...(minReplicas === undefined || maxReplicas === undefined
      ? {}
      : { replicas: { min: minReplicas, max: maxReplicas } }),
  };
}
