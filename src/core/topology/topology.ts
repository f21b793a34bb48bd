/** The topology of a plan: what runs in which cluster, and who calls whom, within it and across. */
import { Late } from "../late";
import { dialPortOf } from "../mesh";
import type { ClusterPlan, Plan } from "../plan";
import { localCallsOf } from "../trace/calls";
import type { HopKind } from "../trace/hop";
import { PlanIndex } from "../trace/planIndex";
import { type Trace, tracePlan } from "../trace/trace";
import { compareText } from "../words";
import { anyPod, localEdges, tracedEdges } from "./edges";
import { nodeName, workloadsOf } from "./targets";

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
  readonly cluster: string;
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
  readonly from: TopologyPlace;
  readonly to: TopologyPlace;
  readonly kind: EdgeKind;
  /** Protocol and port in words: `gRPC 7070`. */
  readonly protocol: string;
  /** The global host; `<service>.<namespace>` for a Service of the caller's own cluster. */
  readonly host: string;
  readonly port: number;
  /** The version that a route rule chose. */
  readonly version: string | undefined;
  /** The first missing hop, and what is wrong there; defined for `missing` edges only. */
  readonly fault: { readonly hop: HopKind; readonly text: string } | undefined;
}

/**
 * The topology of a plan. The same plan gives the same topology.
 * @param traces Traces of the plan's calls to global names. @default `tracePlan(plan)`
 */
export function topologyOf(plan: Plan, traces: readonly Trace[] = tracePlan(plan)): Topology {
  const index = new PlanIndex(plan);
  const edges = inOrder([
    ...localCallsOf(plan).flatMap((call) => localEdges(index, call)),
    ...traces.flatMap((trace) => tracedEdges(index, trace)),
  ]);
  const kinds = new Map(
    index.clusters.map((cluster) => [cluster.name, plannedNodes(plan, cluster.plan)]),
  );
  for (const { cluster, name } of edges.flatMap(({ from, to }) => [from, to])) {
    const nodes = kinds.get(cluster);
    if (nodes?.has(name) === false) nodes.set(name, isNowhere(name) ? "nowhere" : "described");
  }
  const label = labels([...kinds.values()].flatMap((nodes) => [...nodes.keys()]));
  const clusters = index.clusters.map(({ name, plan: { cluster, gatewayAddress } }) => ({
    name,
    locality: cluster.locality,
    gateway: dialled(gatewayAddress, dialPortOf(cluster.gateway)),
    nodes: [...(kinds.get(name) ?? [])]
      .map(([node, kind]): TopologyNode => ({ name: node, label: label(node), kind }))
      .sort((a, b) => compareText(a.name, b.name)),
  }));
  return { mesh: plan.mesh.name, clusters, edges };
}

/** What is there whether or not anybody calls it. */
function plannedNodes(plan: Plan, cluster: ClusterPlan): Map<string, TopologyNode["kind"]> {
  if (cluster.hasWorkloads) {
    return new Map(workloadsOf(cluster).map(({ manifest }) => [nodeName(manifest), "workload"]));
  }
  const served = plan.mesh.services.filter(({ servedBy }) =>
    servedBy.some((place) => place.cluster === cluster.cluster.name),
  );
  return new Map(served.map(({ key }) => [key, "described"]));
}

/** Names of workloads and services have no colon; `<host>:<port>` has. */
function isNowhere(name: string): boolean {
  return name.includes(":");
}

/** Leaves out the namespace while there is only one; it is what follows the last dot. */
function labels(names: readonly string[]): (name: string) => string {
  const qualified = names.filter((name) => name !== anyPod && !isNowhere(name));
  const namespaces = new Set(qualified.map((name) => name.slice(name.lastIndexOf(".") + 1)));
  const isPlain = (name: string) => namespaces.size > 1 || name === anyPod || isNowhere(name);
  return (name) => (isPlain(name) ? name : name.slice(0, name.lastIndexOf(".")));
}

function dialled(address: string | Late, port: number): string {
  if (address instanceof Late) return "address to come";
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function inOrder(edges: readonly TopologyEdge[]): readonly TopologyEdge[] {
  const sorted = edges
    .map(({ from, to, kind, host, port, version = "", fault }, position) => {
      const parts = [
        from.cluster,
        from.name,
        host,
        port,
        version,
        to.cluster,
        to.name,
        kind,
        fault,
      ];
      return { key: JSON.stringify(parts), edge: edges[position] };
    })
    .sort((a, b) => compareText(a.key, b.key));
  return [...new Map(sorted.map(({ key, edge }) => [key, edge])).values()].filter(
    (edge) => edge !== undefined,
  );
}
