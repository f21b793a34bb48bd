/** Values of Istio's own Helm charts for the control plane of a cluster. */
import type { Late } from "../late";
import { type Cluster, clusterOf, dialPortOf, type Mesh, trustDomainsOf } from "../mesh";
import { clusterDomain } from "../names";
import { type AccessLogProvider, accessLogProvider } from "../observability/accessLogFormat";
import { statsOf } from "../observability/metrics";
import { peersRead } from "../peers";
import {
  audienceLabel,
  doorAddress,
  gatewayRevision,
  hasHubs,
  hubDoors,
  type HubMesh,
  isHub,
} from "./hubService";
import { gatewayAddress } from "./serviceEntry";

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
    readonly meshNetworks?: MeshNetworks;
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
    readonly serviceSettings?: readonly {
      readonly settings: { readonly clusterLocal: boolean };
      readonly hosts: readonly string[];
    }[];
    /** Where there are access logs: how they are written. */
    readonly extensionProviders?: readonly AccessLogProvider[];
    readonly defaultConfig: {
      readonly proxyMetadata: Readonly<Record<string, string>>;
      /** Where rules are: what proxies count for them, which Istio leaves out to save memory. */
      readonly proxyStatsMatcher?: { readonly inclusionRegexps: readonly string[] };
    };
  };
}

/** Gateways of other networks by the networks' names (Istio's MeshNetworks). */
export type MeshNetworks = Readonly<
  Record<
    string,
    {
      readonly endpoints: readonly { readonly fromRegistry: string }[];
      readonly gateways: readonly { readonly address: string | Late; readonly port: number }[];
    }
  >
>;

/** Where istiod reads objects from (Istio's MeshConfig). */
export interface ConfigSource {
  readonly address: string;
  readonly tlsSettings?: { readonly mode: "DISABLE" };
}

type ValuesMesh = HubMesh & Pick<Mesh, "observability">;

export function baseValues(mesh: Pick<Mesh, "istio">): BaseValues {
  return { global: { istioNamespace: mesh.istio.namespace } };
}

/**
 * What istiod of this cluster has to know of the mesh: its name and network, the trust domains that
 * count beside its own, and whether proxies answer DNS queries themselves. So that a root can be replaced under
 * traffic, istiod takes up more than one while it runs, and tells proxies without waiting for their next certificate.
 */
export function istiodValues(mesh: ValuesMesh, cluster: Cluster): IstiodValues {
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
export function gatewayIstiodValues(mesh: ValuesMesh, cluster: Cluster): IstiodValues | undefined {
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

function commonValues(
  mesh: ValuesMesh,
  cluster: Cluster,
  revision: string | undefined,
): IstiodValues {
  const readsEndpoints = mesh.distribution === "endpoints";
  const networks = meshNetworks(mesh, cluster);
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
      ...(Object.keys(networks).length === 0 ? {} : { meshNetworks: networks }),
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
      ...(readsEndpoints ? { serviceSettings: [ownNamesStayLocal] } : {}),
      defaultConfig: {
        proxyMetadata: {
          PROXY_CONFIG_XDS_AGENT: "true",
          ...(cluster.dns.mode === "proxy" ? { ISTIO_META_DNS_CAPTURE: "true" } : {}),
        },
        ...(mesh.observability === undefined
          ? {}
          : { proxyStatsMatcher: { inclusionRegexps: statsOf(mesh, cluster) } }),
      },
      ...(mesh.observability === undefined || mesh.observability.accessLogs === "none"
        ? {}
        : { extensionProviders: [accessLogProvider(cluster)] }),
    },
  };
}

/**
 * Kubernetes' own names lead to pods of the own cluster, as without a mesh: by default istiod would put pods of every cluster that it
 * reads behind a Service of the same name, and gateways let only global services through.
 */
export const ownNamesStayLocal = {
  settings: { clusterLocal: true },
  hosts: [`*.svc.${clusterDomain}`],
} as const;

/** Gateways that istiod can't learn from their Services, in front of the endpoints that it reads. */
function meshNetworks(
  mesh: Parameters<typeof istiodValues>[0],
  cluster: Pick<Cluster, "name">,
): MeshNetworks {
  const peers = (peersRead(mesh).get(cluster.name) ?? []).map((name) => clusterOf(mesh, name));
  return Object.fromEntries(
    peers
      .filter((peer) => !isLearntFromService(peer))
      .map((peer) => [
        peer.network,
        {
          endpoints: [{ fromRegistry: peer.name }],
          gateways: [{ address: gatewayAddress(peer), port: dialPortOf(peer.gateway) }],
        },
      ]),
  );
}

/** Whether control planes that read a cluster find its gateway by its Service: a load balancer with the address that it gets. */
export function isLearntFromService({ gateway }: Pick<Cluster, "gateway">): boolean {
  return gateway.service === "LoadBalancer" && gateway.address === undefined;
}
