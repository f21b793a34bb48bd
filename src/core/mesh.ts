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
  /**
   * Istio's mesh ID, and the label `app.kubernetes.io/part-of` of what belongs to the mesh alone.
   */
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
  /** The Istio that every cluster has. */
  readonly istio: IstioSettings;
  /** The common root of trust, and how clusters get their CAs below it. */
  readonly trust: TrustSettings;
  /** `undefined` where nothing is planned for it. */
  readonly observability: Observability | undefined;
  /** Sorted by name. */
  readonly clusters: readonly Cluster[];
  /** Sorted by key. */
  readonly services: readonly GlobalService[];
}

/** Istio's control planes, the same in every cluster. */
export interface IstioSettings {
  /** Version of the Helm charts; the newest where undefined. */
  readonly version: string | undefined;
  /** Revision that injected namespaces name (`istio.io/rev`); `undefined` for the default one. */
  readonly revision: string | undefined;
  /** Root namespace of the control planes. */
  readonly namespace: string;
  /** Image of istiod, where it is known. */
  readonly image: string | undefined;
}

/** The common root of trust: who signs the clusters' CAs, and what these are like. */
export interface TrustSettings {
  /**
   * Where a cluster's CA comes from: the secret `cacerts` with files that are made here, a
   * Certificate of cert-manager's, or what is in the cluster already, for which nothing is planned.
   */
  readonly issuer: "files" | "cert-manager" | "existing";
  /** Name of the root that signs, unless the next one does. */
  readonly root: string;
  /** The root that follows, while both are trusted. */
  readonly next: { readonly root: string; readonly signs: boolean } | undefined;
  /**
   * How the keys of the root and the intermediates are made; of the intermediates alone where
   * cert-manager has the root.
   */
  readonly algorithm: KeyAlgorithm;
  /** Life of a root that is made here, in days, from 10 to 36,500; 3,650 where nothing is said. */
  readonly rootDays: number;
  /**
   * Life of an intermediate in days, at most that of the root; 730 where nothing is said, or the
   * root's where that is less.
   */
  readonly intermediateDays: number;
  /** Whether clusters get the revocation lists of all CAs. */
  readonly crl: boolean;
  /** The issuer that signs the intermediates; defined for the issuer `cert-manager` only. */
  readonly certManager:
    { readonly name: string; readonly kind: "Issuer" | "ClusterIssuer" } | undefined;
  /** Further trust domains whose identities count. */
  readonly aliases: readonly string[];
}

/** What is to be seen of calls across clusters. */
export interface Observability {
  /** Which calls proxies and gateways write to their access logs. */
  readonly accessLogs: AccessLogs;
  /** What Prometheus reads its rules from, and whether there are PodMonitors beside them. */
  readonly rules: RuleFormat;
  /** Whether each cluster has a ConfigMap with a dashboard for Grafana. */
  readonly dashboard: boolean;
  /** Of rules, monitors and dashboard. */
  readonly namespace: string;
  /** Beside the mesh's own. */
  readonly labels: Readonly<Record<string, string>>;
}

/** One cluster with its gateway and its DNS. */
export interface Cluster {
  /** An RFC 1123 label; istiod knows the cluster by it, too (`multiCluster.clusterName`). */
  readonly name: string;
  /**
   * Where the cluster comes from: decides what its gateway is like by default, and which DNS modes
   * it can have.
   */
  readonly provider: Provider;
  /**
   * Istio's network of its pods (`topology.istio.io/network`); the cluster's name where none is
   * given.
   */
  readonly network: string;
  /** `region/zone/subzone`, as far as given. */
  readonly locality: string | undefined;
  /** SPIFFE trust domain of its workloads' identities. */
  readonly trustDomain: string;
  /** The gateway by which calls of other clusters come in. */
  readonly gateway: ClusterGateway;
  /** How its pods resolve global names. */
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
  /**
   * Name of its Deployment, Service and all else that it consists of; the label `app` of its pods.
   */
  readonly name: string;
  /**
   * Never Istio's root namespace, where istiod has its CA key; `istio-eastwest` where none is
   * given.
   */
  readonly namespace: string;
  /** IP or host name, where it is known before the cluster is. */
  readonly address: string | undefined;
  /**
   * What `address` is, or the load balancer's will be. Entries of consumers that list a host name
   * are resolved by DNS, since static ones take IP addresses alone (istio/istio#29359).
   */
  readonly addressType: "ip" | "hostname";
  /** Port of the listener and of the Service. */
  readonly port: number;
  /** Type of the gateway's Service: NodePort for kind where nothing is said, else LoadBalancer. */
  readonly service: "LoadBalancer" | "NodePort";
  /** Port on the nodes; defined for a NodePort Service only. */
  readonly nodePort: number | undefined;
  /** CIDRs from which peers reach a LoadBalancer Service; empty for anywhere. */
  readonly allowFrom: readonly string[];
  /** Whether the gateway's pods see the addresses of peers, and not those of a load balancer or a node. */
  readonly preserveClientIP: boolean;
  /** Of the Service, as cloud load balancers read them; empty for none. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Bounds of the HorizontalPodAutoscaler; a `min` above 1 has a PodDisruptionBudget too. */
  readonly replicas: { readonly min: number; readonly max: number };
}

/** The port that peers dial: the nodes' for a NodePort Service, else the Service's. */
export function dialPortOf(gateway: ClusterGateway): number {
  return gateway.nodePort ?? gateway.port;
}

/** How pods of a cluster resolve global names. */
export interface ClusterDns {
  /**
   * Who answers: the sidecars' DNS proxy, or a server of the domain that CoreDNS or kube-dns
   * forward to.
   */
  readonly mode: DnsMode;
  /** Cluster IP of the domain's DNS server, where it is fixed. */
  readonly address: string | undefined;
  /** The Corefile as it is in the cluster, where it is known. */
  readonly corefile: string | undefined;
  /** kube-dns' stubDomains (JSON) as they are in the cluster, where they are known. */
  readonly stubDomains: string | undefined;
  /**
   * What the stub domain is written into, for the mode `coredns`: the Corefile, or the ConfigMap
   * `coredns-custom`.
   */
  readonly extension: "corefile" | "coredns-custom";
}

/** One service that is called across clusters. */
export interface GlobalService {
  /** `<service>.<namespace>`. */
  readonly key: string;
  /** Of its Kubernetes Service in the clusters that serve it. */
  readonly name: string;
  /** Of its Service and pods, and of the mesh's objects for it, the same in every cluster. */
  readonly namespace: string;
  /** `<service>.<namespace>.<domain>`. */
  readonly host: string;
  /** `<service>.<namespace>.svc.cluster.local`: what gateways of serving clusters resolve. */
  readonly localHost: string;
  /** Virtual IPv4 address, the same in every cluster. */
  readonly address: string;
  /** At least one, in the order of the description; names and numbers are unique. */
  readonly ports: readonly ServicePort[];
  /**
   * ServiceAccount of the serving pods: the only identity that callers accept (`subjectAltNames`).
   */
  readonly serviceAccount: string;
  /** Labels of the serving pods, sorted by key; `app: <service>` where none are given. */
  readonly selector: Readonly<Record<string, string>>;
  /** Sorted by cluster. */
  readonly servedBy: readonly ServingCluster[];
  /** Names of clusters, sorted. */
  readonly consumedBy: readonly string[];
  /** ServiceAccounts that may call it; `undefined` admits every identity of the mesh. */
  readonly callers: readonly Caller[] | undefined;
  /** Sorted by name. */
  readonly versions: readonly ServiceVersion[];
  /** In the order in which they are tried; empty where every call is for the whole service. */
  readonly routes: readonly Route[];
  /** `undefined` where all places are equal. */
  readonly failover: Failover | undefined;
  /**
   * Whether calls of the Kubernetes Service's own name are routed like those of the global one,
   * with a Service for the name in consuming clusters that don't serve.
   */
  readonly shortName: boolean;
}

/** A port that callers in other clusters use. */
export interface ServicePort {
  /**
   * Of the Service's port: at most 62 characters, since it is a key of an entry's endpoints, too.
   */
  readonly name: string;
  /** Number at which it is called, as of the Service. */
  readonly port: number;
  /** As it was written; Istio reads upper and lower case alike. */
  readonly protocol: string;
  /** The same in upper case, one of those that can cross clusters. */
  readonly canonicalProtocol: Protocol;
  /** Whether requests are seen one by one, so that they can be matched, retried and timed out. */
  readonly isHttp: boolean;
  /**
   * Number of the pods' port, which the callers' AuthorizationPolicy opens; `port` where none is
   * given.
   */
  readonly targetPort: number;
}

/** A cluster that runs a service, and the versions that it runs (empty where there are none). */
export interface ServingCluster {
  /** Name of the cluster. */
  readonly cluster: string;
  /** Names, sorted; all versions of the service where the cluster lists none. */
  readonly versions: readonly string[];
}

/** A ServiceAccount that may call a service, in whichever trust domain of its consumers. */
export interface Caller {
  /** Name of the ServiceAccount, which may have dots in it. */
  readonly serviceAccount: string;
  /** Namespace of the ServiceAccount, and so of the calling pods. */
  readonly namespace: string;
}

/** A version of a service: a subset of its DestinationRules. */
export interface ServiceVersion {
  /** An RFC 1123 label; it is part of the server name that gateways match. */
  readonly name: string;
  /** At least one label that its pods have, sorted by key; never all of another version's. */
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
  /** Time for the whole request, such as `1.5s` (HTTP ports only); `undefined` for no limit. */
  readonly timeout: string | undefined;
  /**
   * How a failed request is tried again (HTTP ports only); `undefined` for what Istio does by
   * itself.
   */
  readonly retries:
    | {
        readonly attempts: number;
        readonly perTryTimeout: string | undefined;
        readonly retryOn: string | undefined;
      }
    | undefined;
}

/** Where a rule sends its share of the calls. */
export interface RouteDestination {
  /** `undefined` for the whole service. */
  readonly version: string | undefined;
  /** `undefined` for the only destination of a rule. */
  readonly weight: number | undefined;
}

/** When a place (a pod, or a peer's gateway) is taken out and for how long. Durations as Istio writes them. */
export interface Failover {
  /** Failed connections and answers of 502 to 504, in a row, after which a place is out. */
  readonly errors: number;
  /** How often that is counted (Istio's `outlierDetection.interval`). */
  readonly interval: string;
  /** How long a place is out, times how often it was (Istio's `baseEjectionTime`). */
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
