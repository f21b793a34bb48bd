/** What can change from one mesh to another, in the words of a mesh. */
import type { ExposureCode } from "../exposures";
import type { Roots } from "../rotation";

/** How much a change asks to be looked at, the most first. */
export const risks = ["high", "medium", "low"] as const;
/**
 * `high`: it opens something, or calls may fail. `medium`: calls arrive, by another way. `low`:
 * nothing changes for a call.
 */
export type Risk = (typeof risks)[number];

/** A value that is another one now. */
interface Changed<T> {
  readonly before: T;
  readonly after: T;
}

interface OfCluster {
  readonly cluster: string;
}

interface OfService {
  /** `<service>.<namespace>`. */
  readonly service: string;
}

/** A service as a cluster reaches it. */
interface Reach extends OfCluster, OfService {
  /** ServiceAccounts that may call it, as `<serviceaccount>.<namespace>`; `undefined` for every identity of the mesh. */
  readonly callers: readonly string[] | undefined;
  /** Whether pods of the cluster itself serve it. */
  readonly ownPods: boolean;
  /** Gateways that the calls go through, as `west 203.0.113.20:15443`. */
  readonly through: readonly string[];
  /** What is there on one side only as a whole: the cluster, the service, or neither. */
  readonly whole: "cluster" | "service" | undefined;
}

/** A place of a service that is there on both sides. */
interface Place extends OfCluster, OfService {
  /** Versions that run there; empty where there are none. */
  readonly versions: readonly string[];
  /** Whether another place serves it on both sides. */
  readonly othersStay: boolean;
}

interface Callers extends OfService {
  /** `<serviceaccount>.<namespace>`. */
  readonly callers: readonly string[];
}

interface Ports extends OfService {
  /** `grpc 7070 (GRPC)`. */
  readonly ports: readonly string[];
}

interface Version extends OfService {
  readonly version: string;
}

/** Bounds of a gateway's replicas. */
interface Replicas {
  readonly min: number;
  readonly max: number;
}

/**
 * One change, without what it means. The union is closed: a tool may switch over `kind`. What there is on one side only
 * has a kind for each direction; everything else has `before` and `after`.
 */
export type ChangeFacts =
  // the whole mesh
  | ({ readonly kind: "meshRenamed" } & Changed<string>)
  | ({ readonly kind: "domainChanged" } & Changed<string>)
  | ({ readonly kind: "poolChanged" } & Changed<string>)
  | ({ readonly kind: "defaultTrustDomainChanged" } & Changed<string>)
  | ({ readonly kind: "distributionChanged" } & Changed<string>)
  | ({ readonly kind: "hubsChanged" } & Changed<readonly string[]>)
  | ({
      readonly kind: "istioChanged";
      readonly setting: "version" | "revision" | "namespace" | "image";
    } & Changed<string | undefined>)
  | ({ readonly kind: "issuerChanged" } & Changed<string>)
  | ({ readonly kind: "rootsChanged" } & Changed<Roots>)
  | ({ readonly kind: "keyAlgorithmChanged" } & Changed<string>)
  | ({ readonly kind: "lifetimeChanged"; readonly of: "root" | "intermediates" } & Changed<number>)
  | ({ readonly kind: "revocationListsChanged" } & Changed<boolean>)
  | ({ readonly kind: "trustedDomainsChanged" } & Changed<readonly string[]>)
  // what is to be seen of calls across clusters; "none" where there is none
  | ({
      readonly kind: "observabilityChanged";
      readonly setting: "accessLogs" | "rules" | "dashboard" | "namespace" | "labels";
    } & Changed<string>)
  // what is more open than it has to be, or no more, where no other change says so; of a cluster or of the whole mesh
  | ({
      readonly kind: "exposureAdded" | "exposureRemoved";
      readonly exposure: ExposureCode;
      /** What is open. */
      readonly what: string;
    } & Partial<OfCluster>)
  // clusters
  | ({ readonly kind: "clusterAdded" | "clusterRemoved" } & OfCluster & {
        /** How many services run there. */
        readonly serves: number;
        /** How many its pods may call. */
        readonly consumes: number;
      })
  | ({ readonly kind: "providerChanged" } & OfCluster & Changed<string>)
  | ({ readonly kind: "networkChanged" } & OfCluster & Changed<string>)
  | ({ readonly kind: "localityChanged" } & OfCluster & Changed<string | undefined>)
  | ({ readonly kind: "trustDomainChanged" } & OfCluster & Changed<string>)
  // how control planes of other clusters read it; a URL that is `undefined` is learnt when the cluster is there
  | ({ readonly kind: "apiServerChanged" } & OfCluster & Changed<string | undefined>)
  | ({ readonly kind: "readerTokenChanged" } & OfCluster & Changed<number>)
  | ({ readonly kind: "dnsModeChanged" } & OfCluster & Changed<string>)
  | ({
      readonly kind: "dnsChanged";
      readonly setting: "address" | "corefile" | "stubDomains" | "extension";
    } & OfCluster &
      Changed<string | undefined>)
  // gateways; an address that is `undefined` is learnt when the cluster is there
  | ({ readonly kind: "gatewayAddressChanged" } & OfCluster & Changed<string | undefined>)
  | ({ readonly kind: "gatewayPortChanged" } & OfCluster & Changed<number>)
  | ({ readonly kind: "gatewaySourcesChanged" } & OfCluster &
      Changed<readonly string[]> & {
        /** Whether the gateway takes connections from where it took none. */
        readonly widened: boolean;
      })
  | ({
      readonly kind: "gatewayServiceChanged";
      readonly setting: "name" | "namespace" | "service" | "addressType" | "port";
      /** Whether its address is only learnt when its Service is there. */
      readonly isLearnt: boolean;
    } & OfCluster &
      Changed<string | number>)
  | ({ readonly kind: "gatewayAnnotationsChanged" } & OfCluster &
      Changed<Readonly<Record<string, string>>>)
  | ({ readonly kind: "gatewayScaled" } & OfCluster & Changed<Replicas>)
  // services, cluster by cluster
  | ({ readonly kind: "reachable" | "unreachable" } & Reach)
  | ({ readonly kind: "placeAdded" | "placeRemoved" } & Place)
  | ({ readonly kind: "placeVersionsChanged" } & OfCluster & OfService & Changed<readonly string[]>)
  | ({ readonly kind: "gatewayOpened" | "gatewayClosed" } & OfCluster & OfService)
  // services everywhere
  | ({ readonly kind: "callersAdded" | "callersRemoved" } & Callers)
  /** From listed callers to every identity of the mesh, and back; `callers` are those listed. */
  | ({ readonly kind: "callersOpened" | "callersRestricted" } & Callers)
  | ({ readonly kind: "callerDomainsChanged" } & OfService & Changed<readonly string[]>)
  | ({ readonly kind: "identityChanged" } & OfService & Changed<readonly string[]>)
  | ({ readonly kind: "addressChanged" } & OfService & Changed<string>)
  | ({ readonly kind: "selectorChanged" } & OfService & Changed<Readonly<Record<string, string>>>)
  | ({ readonly kind: "portsAdded" | "portsRemoved" } & Ports)
  | ({ readonly kind: "portChanged"; readonly port: number } & OfService & Changed<string>)
  | ({ readonly kind: "versionAdded" | "versionRemoved" } & Version)
  | ({ readonly kind: "versionChanged" } & Version & Changed<Readonly<Record<string, string>>>)
  | ({ readonly kind: "routesChanged" } & OfService & Changed<readonly string[]>)
  | ({ readonly kind: "failoverChanged" } & OfService & Changed<string>)
  | ({ readonly kind: "shortNameAdded" | "shortNameRemoved" } & OfService);

/** What a change is about, such as `gatewayOpened`; a switch over changes goes by it. */
export type ChangeKind = ChangeFacts["kind"];

/** What a change means for whoever reviews it. */
export interface Judgement {
  /** How much it asks to be looked at. */
  readonly risk: Risk;
  /** Why it has that risk, in a sentence without a full stop. */
  readonly why: string;
}

/** One change, what it is in words, and how much it asks to be looked at. */
export type Change = ChangeFacts &
  Judgement & {
    /** What changes, to be read after the names of the cluster and the service; without a full stop. */
    readonly text: string;
  };

/** One field of an object, or of Helm values, that differs. */
export interface FieldChange {
  /** `spec.endpoints[0].address`; entries of lists by name where they have one: `containers[name=server]`. */
  readonly path: string;
  /** Whether the field is on the later side only, on the earlier one only, or differs. */
  readonly change: "added" | "removed" | "changed";
  /** Left out where it was added, and for what a Secret holds. Late values are as the plan has them. */
  readonly before?: unknown;
  /** Left out where it was removed, and for what a Secret holds. */
  readonly after?: unknown;
}

/** An object that is on one side only. */
export interface ObjectRef {
  /** `<group>/<kind>/<namespace>/<name>`; `helm/base`, `helm/istiod` and `helm/istiod-gateways` for the values of Istio's charts. */
  readonly key: string;
  /** The global service that it belongs to. */
  readonly service: string | undefined;
}

/** An object that differs. */
export interface ChangedObject extends ObjectRef {
  /** Sorted by path. */
  readonly fields: readonly FieldChange[];
}

/** What has to be made, changed and taken away in one cluster. */
export interface ObjectChanges {
  /** Name of the cluster. */
  readonly cluster: string;
  /** What only the later side has, sorted by key. */
  readonly added: readonly ObjectRef[];
  /** What only the earlier side has, sorted by key. */
  readonly removed: readonly ObjectRef[];
  /** What both sides have and differs, sorted by key. */
  readonly changed: readonly ChangedObject[];
}

/** How one mesh differs from another. */
export interface MeshDiff {
  /** Name of the earlier mesh; `undefined` where there is none, so that everything is new. */
  readonly before: string | undefined;
  /** Name of the later mesh; `undefined` where there is none, so that everything goes. */
  readonly after: string | undefined;
  /** By risk, then cluster (what is of none first), then service. */
  readonly changes: readonly Change[];
  /** Clusters in which some object differs, by name. */
  readonly objects: readonly ObjectChanges[];
}
