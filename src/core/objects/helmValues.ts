/** Values of Istio's own Helm charts for the control plane of a cluster. */
import { type Cluster, type Mesh, trustDomainsOf } from "../mesh";
import {
  audienceLabel,
  doorAddress,
  gatewayRevision,
  hasHubs,
  hubDoors,
  type HubMesh,
  isHub,
} from "./hubService";

/** Values of the chart `base`. */
export interface BaseValues {
  readonly global: { readonly istioNamespace: string };
}

/** Values of the chart `istiod`. */
export interface IstiodValues {
  readonly revision?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly global: {
    readonly istioNamespace: string;
    readonly meshID: string;
    readonly network: string;
    readonly multiCluster: { readonly clusterName: string };
  };
  /** Where there are hubs: what istiod reads when it starts, so that it's started anew when that changes. */
  readonly podAnnotations?: Readonly<Record<string, string>>;
  readonly meshConfig: {
    /** Where there are hubs: the own API server, and hubs behind the own gateway. */
    readonly configSources?: readonly ConfigSource[];
    /** Where a cluster has hubs: their namespaces are nobody else's. */
    readonly discoverySelectors?: readonly object[];
    readonly trustDomain: string;
    readonly trustDomainAliases?: readonly string[];
    readonly defaultConfig: { readonly proxyMetadata: Readonly<Record<string, string>> };
  };
}

/** Where istiod reads objects from (Istio's MeshConfig). */
export interface ConfigSource {
  readonly address: string;
  readonly tlsSettings?: { readonly mode: "DISABLE" };
}

export function baseValues(mesh: Pick<Mesh, "istio">): BaseValues {
  return { global: { istioNamespace: mesh.istio.namespace } };
}

/**
 * What istiod of this cluster has to know of the mesh: its name and network, the trust domains that
 * count beside its own, and whether proxies answer DNS queries themselves. So that a root can be replaced under
 * traffic, istiod takes up more than one while it runs, and tells proxies without waiting for their next certificate.
 */
export function istiodValues(mesh: HubMesh, cluster: Cluster): IstiodValues {
  const sources = configSources(mesh, cluster);
  const values = commonValues(mesh, cluster, mesh.istio.revision);
  if (sources.length === 0) return values;
  const annotation = sources.map(({ address }) => address).join(" ");
  return {
    ...values,
    podAnnotations: { "meshspan.dev/config-sources": annotation },
    meshConfig: { configSources: sources, ...values.meshConfig },
  };
}

/**
 * Values for the second istiod that clusters have where there are hubs, for gateways and hubs alone: the first one waits for a
 * hub when it starts, and reaches it by the gateway, which therefore must not wait for it. `undefined` without hubs.
 */
export function gatewayIstiodValues(mesh: HubMesh, cluster: Cluster): IstiodValues | undefined {
  return hasHubs(mesh) ? commonValues(mesh, cluster, gatewayRevision(mesh)) : undefined;
}

/** In clear within the cluster: istiod as a client has no certificate, and its gateway adds its own. */
function configSources(mesh: HubMesh, cluster: Cluster): readonly ConfigSource[] {
  const doors = hubDoors(mesh, cluster.name);
  if (doors.length === 0) return [];
  return [
    { address: "k8s://" },
    ...doors.map((door) => ({
      address: doorAddress(cluster, door),
      tlsSettings: { mode: "DISABLE" } as const,
    })),
  ];
}

function commonValues(mesh: HubMesh, cluster: Cluster, revision: string | undefined): IstiodValues {
  const aliases = [...new Set([...trustDomainsOf(mesh.clusters), ...mesh.trust.aliases])]
    .filter((domain) => domain !== cluster.trustDomain)
    .sort();
  return {
    ...(revision === undefined ? {} : { revision }),
    env: { ISTIO_MULTIROOT_MESH: "true" },
    global: {
      istioNamespace: mesh.istio.namespace,
      meshID: mesh.name,
      network: cluster.network,
      multiCluster: { clusterName: cluster.name },
    },
    meshConfig: {
      ...(isHub(mesh, cluster.name)
        ? {
            discoverySelectors: [
              { matchExpressions: [{ key: audienceLabel, operator: "DoesNotExist" }] },
            ],
          }
        : {}),
      trustDomain: cluster.trustDomain,
      ...(aliases.length === 0 ? {} : { trustDomainAliases: aliases }),
      defaultConfig: {
        proxyMetadata: {
          PROXY_CONFIG_XDS_AGENT: "true",
          ...(cluster.dns.mode === "proxy" ? { ISTIO_META_DNS_CAPTURE: "true" } : {}),
        },
      },
    },
  };
}
