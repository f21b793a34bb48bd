/** A valid mesh: every default filled in, every reference checked, in one canonical order. */
import type {
  AccessLogs,
  Distribution,
  DnsMode,
  KeyAlgorithm,
  Protocol,
  Provider,
  RequestMatch,
  RuleFormat,
} from "./description";

/** One mesh. Frozen; `parseMesh` is the only way to make one. */
export interface Mesh {
  readonly name: string;
  /** DNS domain of global services: `<service>.<namespace>.<domain>`. */
  readonly domain: string;
  /** The trust domain of clusters that name none. */
  readonly trustDomain: string;
  /** CIDR of the virtual addresses. */
  readonly pool: string;
  /** How consumers know where a service is. */
  readonly distribution: Distribution;
  /** Clusters that have a hub, sorted; empty where there are none. */
  readonly hubs: readonly string[];
  readonly istio: IstioSettings;
  readonly trust: TrustSettings;
  /** `undefined` where nothing is planned for it. */
  readonly observability: Observability | undefined;
  /** Sorted by name. */
  readonly clusters: readonly Cluster[];
  /** Sorted by key. */
  readonly services: readonly GlobalService[];
}

export interface IstioSettings {
  /** Version of the Helm charts; the newest where undefined. */
  readonly version: string | undefined;
  readonly revision: string | undefined;
  /** Root namespace of the control planes. */
  readonly namespace: string;
  /** Image of istiod, where it is known. */
  readonly image: string | undefined;
}

export interface TrustSettings {
  readonly issuer: "files" | "cert-manager" | "existing";
  /** Name of the root that signs, unless the next one does. */
  readonly root: string;
  /** The root that follows, while both are trusted. */
  readonly next: { readonly root: string; readonly signs: boolean } | undefined;
  readonly algorithm: KeyAlgorithm;
  readonly rootDays: number;
  readonly intermediateDays: number;
  /** Whether clusters get the revocation lists of all CAs. */
  readonly crl: boolean;
  readonly certManager:
    { readonly name: string; readonly kind: "Issuer" | "ClusterIssuer" } | undefined;
  /** Further trust domains whose identities count. */
  readonly aliases: readonly string[];
}

/** What is to be seen of calls across clusters. */
export interface Observability {
  readonly accessLogs: AccessLogs;
  readonly rules: RuleFormat;
  readonly dashboard: boolean;
  /** Of rules, monitors and dashboard. */
  readonly namespace: string;
  /** Beside the mesh's own. */
  readonly labels: Readonly<Record<string, string>>;
}

/** One cluster with its gateway and its DNS. */
export interface Cluster {
  readonly name: string;
  readonly provider: Provider;
  readonly network: string;
  /** `region/zone/subzone`, as far as given. */
  readonly locality: string | undefined;
  readonly trustDomain: string;
  readonly gateway: ClusterGateway;
  readonly dns: ClusterDns;
  /** URL at which other control planes reach the API server, where it is described. */
  readonly apiServer: string | undefined;
  /** Number of the token with which they read it. */
  readonly readerToken: number;
  /** Whether the plan says who reaches the gateway, istiod and the DNS server. */
  readonly networkPolicies: boolean;
}

/** The east-west gateway of a cluster. */
export interface ClusterGateway {
  readonly name: string;
  readonly namespace: string;
  /** IP or host name, where it is known before the cluster is. */
  readonly address: string | undefined;
  readonly addressType: "ip" | "hostname";
  /** Port of the listener and of the Service. */
  readonly port: number;
  readonly service: "LoadBalancer" | "NodePort";
  /** Port on the nodes; defined for a NodePort Service only. */
  readonly nodePort: number | undefined;
  /** CIDRs from which peers reach a LoadBalancer Service; empty for anywhere. */
  readonly allowFrom: readonly string[];
  /** Whether the gateway's pods see the addresses of peers, and not those of a load balancer or a node. */
  readonly preserveClientIP: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  readonly replicas: { readonly min: number; readonly max: number };
}

/** The port that peers dial: the nodes' for a NodePort Service, else the Service's. */
export function dialPortOf(gateway: ClusterGateway): number {
  return gateway.nodePort ?? gateway.port;
}

/** How pods of a cluster resolve global names. */
export interface ClusterDns {
  readonly mode: DnsMode;
  /** Cluster IP of the domain's DNS server, where it is fixed. */
  readonly address: string | undefined;
  /** The Corefile as it is in the cluster, where it is known. */
  readonly corefile: string | undefined;
  /** kube-dns' stubDomains (JSON) as they are in the cluster, where they are known. */
  readonly stubDomains: string | undefined;
  readonly extension: "corefile" | "coredns-custom";
}

/** One service that is called across clusters. */
export interface GlobalService {
  /** `<service>.<namespace>`. */
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  /** `<service>.<namespace>.<domain>`. */
  readonly host: string;
  /** `<service>.<namespace>.svc.cluster.local`: what gateways of serving clusters resolve. */
  readonly localHost: string;
  /** Virtual IPv4 address, the same in every cluster. */
  readonly address: string;
  readonly ports: readonly ServicePort[];
  readonly serviceAccount: string;
  readonly selector: Readonly<Record<string, string>>;
  /** Sorted by cluster. */
  readonly servedBy: readonly ServingCluster[];
  /** Names of clusters, sorted. */
  readonly consumedBy: readonly string[];
  /** ServiceAccounts that may call it; `undefined` admits every identity of the mesh. */
  readonly callers: readonly Caller[] | undefined;
  /** Sorted by name. */
  readonly versions: readonly ServiceVersion[];
  readonly routes: readonly Route[];
  /** `undefined` where all places are equal. */
  readonly failover: Failover | undefined;
  readonly shortName: boolean;
}

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  /** As it was written; Istio reads upper and lower case alike. */
  readonly protocol: string;
  readonly canonicalProtocol: Protocol;
  /** Whether requests are seen one by one, so that they can be matched, retried and timed out. */
  readonly isHttp: boolean;
  readonly targetPort: number;
}

/** A cluster that runs a service, and the versions that it runs (empty where there are none). */
export interface ServingCluster {
  readonly cluster: string;
  readonly versions: readonly string[];
}

export interface Caller {
  readonly serviceAccount: string;
  readonly namespace: string;
}

export interface ServiceVersion {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** One route rule; the first whose matches fit decides. */
export interface Route {
  /** One of these must fit; empty for every request. */
  readonly matches: readonly RequestMatch[];
  /** Number of the service's port; `undefined` for every port. */
  readonly port: number | undefined;
  /** At least one. */
  readonly destinations: readonly RouteDestination[];
  readonly timeout: string | undefined;
  readonly retries:
    | {
        readonly attempts: number;
        readonly perTryTimeout: string | undefined;
        readonly retryOn: string | undefined;
      }
    | undefined;
}

export interface RouteDestination {
  /** `undefined` for the whole service. */
  readonly version: string | undefined;
  /** `undefined` for the only destination of a rule. */
  readonly weight: number | undefined;
}

/** When a place (a pod, or a peer's gateway) is taken out and for how long. Durations as Istio writes them. */
export interface Failover {
  readonly errors: number;
  readonly interval: string;
  readonly ejection: string;
}

/** The cluster of that name. @throws Error when the mesh has none: a fault of the program, not of the description. */
export function clusterOf(mesh: Pick<Mesh, "clusters">, name: string): Cluster {
  const cluster = tryClusterOf(mesh, name);
  if (cluster === undefined) throw new Error(`the mesh has no cluster ${JSON.stringify(name)}`);
  return cluster;
}

/** The cluster of that name, or `undefined`. */
export function tryClusterOf(mesh: Pick<Mesh, "clusters">, name: string): Cluster | undefined {
  let low = 0;
  let high = mesh.clusters.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const cluster = mesh.clusters[middle];
    if (cluster === undefined || cluster.name === name) return cluster;
    if (cluster.name < name) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** Whether the service runs in that cluster. */
export function isServedBy(service: GlobalService, cluster: string): boolean {
  return service.servedBy.some((place) => place.cluster === cluster);
}

/** Every trust domain of the given clusters, sorted. */
export function trustDomainsOf(clusters: readonly Cluster[]): readonly string[] {
  return [...new Set(clusters.map((cluster) => cluster.trustDomain))].sort();
}
