/** Values of Istio's own Helm charts for the control plane of a cluster. */
import { type Cluster, type Mesh, trustDomainsOf } from "../mesh";

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
  readonly meshConfig: {
    readonly trustDomain: string;
    readonly trustDomainAliases?: readonly string[];
    readonly defaultConfig: { readonly proxyMetadata: Readonly<Record<string, string>> };
  };
}

export function baseValues(mesh: Pick<Mesh, "istio">): BaseValues {
  return { global: { istioNamespace: mesh.istio.namespace } };
}

/**
 * What istiod of this cluster has to know of the mesh: its name and network, the trust domains that
 * count beside its own, and whether proxies answer DNS queries themselves. So that a root can be replaced under
 * traffic, istiod takes up more than one while it runs, and tells proxies without waiting for their next certificate.
 */
export function istiodValues(
  mesh: Pick<Mesh, "name" | "istio" | "trust" | "clusters">,
  cluster: Cluster,
): IstiodValues {
  const aliases = [...new Set([...trustDomainsOf(mesh.clusters), ...mesh.trust.aliases])]
    .filter((domain) => domain !== cluster.trustDomain)
    .sort();
  return {
    ...(mesh.istio.revision === undefined ? {} : { revision: mesh.istio.revision }),
    env: { ISTIO_MULTIROOT_MESH: "true" },
    global: {
      istioNamespace: mesh.istio.namespace,
      meshID: mesh.name,
      network: cluster.network,
      multiCluster: { clusterName: cluster.name },
    },
    meshConfig: {
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
