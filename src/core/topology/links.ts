/**
 * The lines of a picture. A call across clusters is two lines: to the gateway of the callee's cluster,
 * and on from there. Lines between the same ends become one, so that gateways bundle what they carry.
 */
import type { EdgeKind, Topology, TopologyEdge, TopologyPlace } from "./model";

/** Where a line starts or ends: at a node, at a cluster's gateway, or at a cluster as a whole. */
export type LinkEnd =
  | ({ readonly kind: "node" } & TopologyPlace)
  | { readonly kind: "gateway" | "cluster"; readonly cluster: string };

/** One line of a picture. */
export interface Link {
  readonly from: LinkEnd;
  readonly to: LinkEnd;
  readonly kind: EdgeKind;
  /** The kinds of hops that are missing, each once. */
  readonly faults: readonly string[];
  /** The calls that take this line, in words, each once. */
  readonly calls: readonly string[];
}

/** The lines of a topology, in the order of its edges. */
export function linksOf(topology: Topology): readonly Link[] {
  const everyday = new Set(
    topology.edges.filter(({ kind }) => kind === "crossing").map(({ to }) => JSON.stringify(to)),
  );
  const links = new Map<string, Link>();
  for (const edge of topology.edges) {
    for (const [from, to] of legsOf(edge)) {
      // On the last stretch, what also takes it every day stands for what only fails over.
      const isEveryday = from.kind === "gateway" && everyday.has(JSON.stringify(edge.to));
      const kind = edge.kind === "failover" && isEveryday ? "crossing" : edge.kind;
      const key = JSON.stringify([from, to, kind]);
      // What is missing is said once, on the caller's side.
      const fault = from.kind === "gateway" ? undefined : edge.fault;
      const { faults = [], calls = [] } = links.get(key) ?? {};
      links.set(key, {
        from,
        to,
        kind,
        faults: fault === undefined ? faults : withOne(faults, fault.hop),
        calls: withOne(calls, inWords(edge)),
      });
    }
  }
  return [...links.values()];
}

function legsOf({ from, to, kind }: TopologyEdge): readonly (readonly [LinkEnd, LinkEnd])[] {
  const start: LinkEnd = { kind: "node", ...from };
  const end: LinkEnd = { kind: "node", ...to };
  if (from.cluster === to.cluster) return [[start, end]];
  const gateway: LinkEnd = { kind: "gateway", cluster: to.cluster };
  // Where everything runs everywhere, failing over from each caller to each peer would hide all else.
  const outset: LinkEnd = kind === "failover" ? { kind: "cluster", cluster: from.cluster } : start;
  return [
    [outset, gateway],
    [gateway, end],
  ];
}

function inWords({ from, to, host, port, version, fault }: TopologyEdge): string {
  const chosen = version === undefined ? "" : ` (version ${version})`;
  const call = `${from.name} in ${from.cluster} → ${host}:${port}${chosen}`;
  return fault === undefined
    ? `${call} → ${to.name} in ${to.cluster}`
    : `${call} fails: ${fault.text}`;
}

/** At which protocols and ports nodes are called, sorted: what a picture writes below their names. */
export function protocolsOf({ edges }: Topology): (place: TopologyPlace) => readonly string[] {
  const keyOf = ({ cluster, name }: TopologyPlace) => JSON.stringify([cluster, name]);
  const protocols = new Map<string, Set<string>>();
  for (const { to, protocol } of edges) {
    protocols.set(keyOf(to), (protocols.get(keyOf(to)) ?? new Set<string>()).add(protocol));
  }
  return (place) => [...(protocols.get(keyOf(place)) ?? [])].sort();
}

function withOne(list: readonly string[], item: string): readonly string[] {
  return list.includes(item) ? list : [...list, item];
}
