/** A topology as data: what pictures are drawn of. */
import type { HopKind } from "../trace/hop";

/** What a plan looks like from above, derived from planned objects and their traces alone. */
export interface Topology {
  /** Name of the mesh. */
  readonly mesh: string;
  /** Sorted by name. */
  readonly clusters: readonly TopologyCluster[];
  /** Sorted by caller, host, port, version and callee; each is there once. */
  readonly edges: readonly TopologyEdge[];
}

/** A cluster and what is shown in it. */
export interface TopologyCluster {
  /** Name of the cluster. */
  readonly name: string;
  /** `region/zone/subzone`, as far as given. */
  readonly locality: string | undefined;
  /** Where peers dial its gateway: `203.0.113.20:15443`, or `address to come`. */
  readonly gateway: string;
  /** Sorted by name. */
  readonly nodes: readonly TopologyNode[];
}

/** Who calls or is called in a cluster. */
export interface TopologyNode {
  /** `<name>.<namespace>`; `any pod` where anybody may call; `<host>:<port>` of a call that leads to no cluster. */
  readonly name: string;
  /** The name, without the namespace where everything that is shown is in one. */
  readonly label: string;
  /**
   * `workload`: a planned Deployment, StatefulSet or DaemonSet. `described`: a service or a caller whose
   * workload isn't planned. `nowhere`: what a call was for that leads to no cluster.
   */
  readonly kind: "workload" | "described" | "nowhere";
}

/** A node, by cluster and name. */
export interface TopologyPlace {
  /** Name of the node's cluster. */
  readonly cluster: string;
  /** The node's `name`, which is unique in its cluster. */
  readonly name: string;
}

/**
 * How a call gets there. `local`: it stays in its cluster. `crossing`: from the caller to the gateway of
 * the callee's cluster and on to the callee. `failover`: the same way, but only while the caller's own
 * cluster has no healthy pods. `missing`: a hop of the way isn't planned, so the call fails.
 */
export type EdgeKind = "local" | "crossing" | "failover" | "missing";

/** A call between two nodes. */
export interface TopologyEdge {
  /** Who calls. */
  readonly from: TopologyPlace;
  /**
   * Who is called; for a call that leads to no cluster, a node of the kind `nowhere` in the
   * caller's own.
   */
  readonly to: TopologyPlace;
  /** How the call gets there. */
  readonly kind: EdgeKind;
  /** Protocol and port in words: `gRPC 7070`. */
  readonly protocol: string;
  /** The global host; `<service>.<namespace>` for a Service of the caller's own cluster. */
  readonly host: string;
  /** Number of the port that the caller dials. */
  readonly port: number;
  /** The version that a route rule chose. */
  readonly version: string | undefined;
  /** The first missing hop, and what is wrong there; defined for `missing` edges only. */
  readonly fault: { readonly hop: HopKind; readonly text: string } | undefined;
}
