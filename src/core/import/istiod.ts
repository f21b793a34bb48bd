/** The control plane of a cluster: its namespace, its revision, and what it is told of the mesh. */
import type { Manifest } from "../objects/manifest";
import { clusterNameOf, type MeshConfig, meshConfigName, readMeshConfig } from "../meshConfig";
import { type DeploymentSpec, specOf } from "../trace/specs";
import { type ClusterInventory, isOwnGateway, objectsOf, textsOf } from "./inventory";

/** What shows of an istiod. */
export interface ImportedIstiod {
  readonly cluster: string;
  /** @default that of the Namespace with the network's label */
  readonly namespace: string | undefined;
  readonly revision: string | undefined;
  /** Name that it gives its cluster; `undefined` where its Deployment wasn't given. */
  readonly clusterName: string | undefined;
  /** `undefined` where its ConfigMap wasn't given, or nothing tells which it is. */
  readonly config: MeshConfig | undefined;
  /** ConfigMaps of several revisions, where nothing tells which is the mesh's. */
  readonly candidates: readonly string[];
}

/** The label of Istio's namespace and its value, the network. */
export const networkLabel = "topology.istio.io/network";

/**
 * The istiod that injects the workloads' proxies. Where hubs are, there is one more for gateways, whose revision ends in
 * `-gateways`; of other revisions beside each other, the one that the gateway of Meshspan's has, else the default one.
 */
export function istiodOf(cluster: ClusterInventory): ImportedIstiod {
  const configs = objectsOf(cluster, "ConfigMap").filter(isMeshConfig);
  const rev = revisionOf(cluster);
  const named = (revision: string | undefined) =>
    configs.find(({ metadata }) => metadata.name === meshConfigName(revision));
  const ofWorkloads = configs.filter(({ metadata }) => !metadata.name.endsWith("-gateways"));
  const [only] = ofWorkloads.length === 1 ? ofWorkloads : [];
  const config = named(rev) ?? named(undefined) ?? only;
  const revision = rev ?? /^istio-(.+)$/.exec(config?.metadata.name ?? "")?.[1];
  const namespace = namespaceOf(cluster, config);
  const deployment = objectsOf(cluster, "Deployment").find(
    ({ metadata }) =>
      metadata.labels?.app === "istiod" &&
      metadata.namespace === namespace &&
      (metadata.labels["istio.io/rev"] ?? "default") === (revision ?? "default"),
  );
  const [container] =
    deployment === undefined
      ? []
      : (specOf<DeploymentSpec>(deployment).template?.spec?.containers ?? []);
  return {
    cluster: cluster.name,
    namespace,
    revision,
    clusterName: container === undefined ? undefined : clusterNameOf(container.env),
    config: config === undefined ? undefined : readMeshConfig({ data: textsOf(config) }),
    candidates: config === undefined ? ofWorkloads.map(({ metadata }) => metadata.name) : [],
  };
}

/** Of a revision's, too, and of no other thing's that is called after Istio. */
export function isMeshConfig(configMap: Manifest): boolean {
  return /^istio(?:-.+)?$/.test(configMap.metadata.name) && "mesh" in textsOf(configMap);
}

function namespaceOf(cluster: ClusterInventory, config: Manifest | undefined): string | undefined {
  const labelled = objectsOf(cluster, "Namespace").find(
    ({ metadata }) => metadata.labels?.[networkLabel] !== undefined,
  );
  return labelled?.metadata.name ?? config?.metadata.namespace;
}

/** The revision that pods of a gateway of Meshspan's are injected by; where hubs are, gateways have one of their own. */
function revisionOf(cluster: ClusterInventory): string | undefined {
  const revision = objectsOf(cluster, "Deployment")
    .filter(isOwnGateway)
    .map((deployment) => specOf<DeploymentSpec>(deployment).template?.metadata?.labels)
    .map((labels) => labels?.["istio.io/rev"])
    .find((found) => found !== undefined);
  if (revision === "meshspan-gateways") return undefined;
  return revision?.replace(/-gateways$/, "");
}
