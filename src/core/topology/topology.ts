/** The topology of a plan: what runs in which cluster, and who calls whom, within it and across. */
import { Late } from "../late";
import { dialPortOf } from "../mesh";
import type { ClusterPlan, Plan } from "../plan";
import { localCallsOf } from "../trace/calls";
import { PlanIndex } from "../trace/planIndex";
import { type Trace, tracePlan } from "../trace/trace";
import { compareText, hostAndPort } from "../words";
import { anyPod, localEdges, tracedEdges } from "./edges";
import type { Topology, TopologyEdge, TopologyNode } from "./model";
import { nodeName, workloadsOf } from "./targets";

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
  return address instanceof Late ? "address to come" : hostAndPort(address, port);
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
