/**
 * The lines of a picture in which clusters stand on both sides of an aisle. A cluster's lines to the same
 * gateway come together at an exit and cross the aisle as one; lines to a gateway on their own side
 * turn round in the aisle, so that every gateway is entered from there.
 */
import { columnsOf } from "./columns";
import { type LinkEnd, linksOf } from "./links";
import type { EdgeKind, Topology } from "./model";

/** The side of the aisle on which a cluster stands. */
export type Side = "left" | "right";

/** A place where lines from one cluster to one gateway meet: at the cluster's border, or in the aisle. */
export interface Joint {
  readonly kind: "exit" | "turn";
  readonly cluster: string;
  readonly gateway: string;
}

export type StrokeEnd = LinkEnd | Joint;

/** One line as it is drawn. */
export interface Stroke {
  readonly from: StrokeEnd;
  readonly to: StrokeEnd;
  readonly kind: EdgeKind;
  /** The cluster whose gateway it leads to or comes from; its own for a local line. */
  readonly gateway: string;
  /** What is missing; `undefined` where nothing is, and on the way to a joint. */
  readonly label: string | undefined;
  /** The calls that take this line, in words. */
  readonly calls: readonly string[];
}

/** What a picture is made of. */
export interface Drawing {
  readonly sideOf: (cluster: string) => Side;
  readonly strokes: readonly Stroke[];
  /** Where strokes meet, in the strokes' order. */
  readonly joints: readonly Joint[];
  /** Whether lines of callers lead to an exit; to others only the cluster as a whole has a line. */
  readonly isJoined: (exit: Joint) => boolean;
}

/** Draws a topology, apart from its looks. */
export function drawingOf(topology: Topology): Drawing {
  const { left } = columnsOf(topology);
  const onTheLeft = new Set(left.map((position) => topology.clusters[position]?.name));
  const sideOf = (cluster: string): Side => (onTheLeft.has(cluster) ? "left" : "right");
  const links = linksOf(topology);
  const busy = new Set(
    links.flatMap(({ from, to, kind }) =>
      kind === "crossing" && to.kind === "gateway" ? [keyOf(exitOf(from, to))] : [],
    ),
  );
  const strokes = new Map<string, Stroke>();
  const joints = new Map<string, Joint>();
  for (const link of links) {
    const { from, to, faults, calls } = link;
    // A line across the aisle that is used every day stands for what only fails over.
    const isBusy = from.kind === "cluster" && busy.has(keyOf(exitOf(from, to)));
    const kind = isBusy ? "crossing" : link.kind;
    const stops = to.kind === "gateway" ? way(from, to, sideOf) : [from, to];
    for (const stop of stops.filter(isJoint)) joints.set(keyOf(stop), stop);
    for (const [position, end] of stops.slice(1).entries()) {
      const start = stops[position] ?? from;
      const key = JSON.stringify([start, end, kind]);
      const isLast = position === stops.length - 2;
      strokes.set(key, {
        from: start,
        to: end,
        kind,
        gateway: to.cluster,
        label: faults.length > 0 && isLast ? `missing ${faults.join(", ")}` : undefined,
        calls: [...new Set([...(strokes.get(key)?.calls ?? []), ...calls])],
      });
    }
  }
  const joined = new Set(
    [...strokes.values()].flatMap(({ to }) => (to.kind === "exit" ? [keyOf(to)] : [])),
  );
  return {
    sideOf,
    strokes: [...strokes.values()],
    joints: [...joints.values()],
    isJoined: (exit) => joined.has(keyOf(exit)),
  };
}

function keyOf({ kind, cluster, gateway }: Joint): string {
  return JSON.stringify([kind, cluster, gateway]);
}

function exitOf(from: LinkEnd, to: LinkEnd): Joint {
  return { kind: "exit", cluster: from.cluster, gateway: to.cluster };
}

function way(from: LinkEnd, to: LinkEnd, sideOf: Drawing["sideOf"]): readonly StrokeEnd[] {
  const exit = exitOf(from, to);
  return [
    // A whole cluster's line starts at the exit.
    ...(from.kind === "cluster" ? [] : [from]),
    exit,
    ...(sideOf(from.cluster) === sideOf(to.cluster) ? [{ ...exit, kind: "turn" } as const] : []),
    to,
  ];
}

/** Whether lines only meet there, and go on. */
export function isJoint(end: StrokeEnd): end is Joint {
  return end.kind === "exit" || end.kind === "turn";
}

/** Columns from left to right: nodes, gateways and exits, the aisle, gateways and exits, nodes. */
export function columnOf(end: StrokeEnd, sideOf: Drawing["sideOf"]): number {
  if (end.kind === "turn") return 2;
  const fromOutside = end.kind === "node" ? 0 : 1;
  return sideOf(end.cluster) === "left" ? fromOutside : 4 - fromOutside;
}
