/** A topology as a graph in Graphviz's DOT language. */
import { html, quoted, tooltip } from "./dotText";
import { protocolsOf } from "./links";
import { legend } from "./legend";
import { type Colours, coloursOf, palette } from "./palette";
import {
  columnOf,
  type Drawing,
  drawingOf,
  isJoint,
  type Joint,
  type Stroke,
  type StrokeEnd,
} from "./strokes";
import type { EdgeKind, Topology, TopologyCluster, TopologyNode } from "./model";

/**
 * The topology as DOT, for Graphviz's engine `dot`: clusters are boxes on both sides of an aisle that
 * their gateways face. Calls across are wide and have the colour of the gateway that they go through;
 * calls within a cluster are thin and grey. The legend is part of the graph. The same topology gives the
 * same text.
 */
export function toDot(topology: Topology): string {
  const drawing = drawingOf(topology);
  const protocols = protocolsOf(topology);
  const colourOf = coloursOf(topology);
  return [
    `digraph ${quoted(`Mesh ${topology.mesh}: who calls whom in its ${topology.clusters.length} clusters`)} {`,
    ...indented([
      `graph [rankdir=LR, newrank=true, compound=true, nodesep=0.18, ranksep=0.5, pad=0.2, bgcolor="#ffffff", ${font(12)}, labelloc=b, label=<${legend(topology)}>];`,
      `node [shape=box, style="filled,rounded", margin="0.14,0.05", height=0.34, color="${palette.border}", fillcolor="${palette.node}", ${font(12)}];`,
      `edge [arrowsize=0.7, ${font(10)}];`,
      ...topology.clusters.flatMap((cluster) =>
        clusterLines(cluster, drawing, protocols, colourOf),
      ),
      ...drawing.joints
        .filter(({ kind }) => kind === "turn")
        .map((turn) => jointLine(turn, colourOf)),
      ...scaffold(topology, drawing),
      ...drawing.strokes.map((stroke) => strokeLine(stroke, drawing, colourOf)),
    ]),
    "}",
    "",
  ].join("\n");
}

function clusterLines(
  { name, locality, gateway, nodes }: TopologyCluster,
  { joints, isJoined }: Drawing,
  protocolsAt: ReturnType<typeof protocolsOf>,
  colourOf: Colours,
): readonly string[] {
  const colour = colourOf(name);
  const title = [
    `<B>cluster ${html(name)}</B>`,
    ...(locality === undefined ? [] : [small(locality, palette.quiet)]),
  ];
  return [
    `subgraph ${boxOf(name)} {`,
    ...indented([
      `graph [style="filled,rounded", fillcolor="${palette.cluster}", color="${palette.border}", margin=24, labelloc=t, labeljust=l, ${font(14)}, label=<${title.map((line) => `${line}<BR ALIGN="LEFT"/>`).join("")}>];`,
      `${idOf({ kind: "gateway", cluster: name })} [shape=hexagon, style=filled, margin="0,0.02", color="${colour}", fillcolor="${colour}", fontcolor="#ffffff", label=<<B>gateway</B><BR/>${small(gateway, "#ffffff")}>];`,
      ...nodes.map((node) => nodeLine(name, node, protocolsAt({ cluster: name, name: node.name }))),
      ...joints
        .filter((joint) => joint.kind === "exit" && joint.cluster === name)
        .map((exit) => jointLine(exit, colourOf, isJoined(exit))),
    ]),
    "}",
  ];
}

function nodeLine(
  cluster: string,
  { name, label, kind }: TopologyNode,
  protocols: readonly string[],
): string {
  const below = protocols.length === 0 ? "" : `<BR/>${small(protocols.join(", "), palette.quiet)}`;
  const warning = `, style="filled,dashed", color="${palette.missing}", fontcolor="${palette.missing}"`;
  return `${idOf({ kind: "node", cluster, name })} [label=<${html(label)}${below}>${kind === "nowhere" ? warning : ""}];`;
}

/** A line of a label below the first. */
function small(text: string, colour: string): string {
  return `<FONT POINT-SIZE="10" COLOR="${colour}">${html(text)}</FONT>`;
}

/**
 * A joint means nothing by itself, so that it is hardly wider than the lines that meet there. Lines end 1 pt
 * before an exit, which its border bridges; they turn in the middle of the aisle at whatever angle.
 */
function jointLine(joint: Joint, colourOf: Colours, isSeen = true): string {
  const colour = colourOf(joint.gateway);
  const shape =
    joint.kind === "exit"
      ? 'shape=box, style=filled, label="", width=0.02, height=0.02, penwidth=2'
      : "shape=point, width=0.03, height=0.03";
  const style = isSeen ? `color="${colour}", fillcolor="${colour}"` : "style=invis";
  return `${idOf(joint)} [${shape}, ${style}];`;
}

/** What holds the columns, unseen: gateways and exits on their side of the aisle, and nodes behind them. */
function scaffold({ clusters }: Topology, { sideOf, joints }: Drawing): readonly string[] {
  const gatewayOf = (cluster: string) => idOf({ kind: "gateway", cluster });
  const on = (side: "left" | "right") => clusters.filter(({ name }) => sideOf(name) === side);
  const doors = (side: "left" | "right") =>
    on(side).flatMap(({ name }) => [
      gatewayOf(name),
      ...joints.filter(({ kind, cluster }) => kind === "exit" && cluster === name).map(idOf),
    ]);
  return [
    ...[doors("left"), doors("right")]
      .filter(({ length }) => length > 1)
      .map((ids) => `{ rank=same; ${ids.join("; ")}; }`),
    ...clusters.flatMap(({ name: cluster, nodes }) =>
      nodes.map(({ name }) => {
        const ends = [idOf({ kind: "node", cluster, name }), gatewayOf(cluster)];
        const rightwards = sideOf(cluster) === "left" ? ends : ends.reverse();
        return `${rightwards.join(" -> ")} [style=invis, weight=0];`;
      }),
    ),
    // What is between them is the aisle.
    ...on("left").flatMap(({ name: left }) =>
      on("right").map(
        ({ name: right }) =>
          `${gatewayOf(left)} -> ${gatewayOf(right)} [style=invis, weight=0, minlen=3];`,
      ),
    ),
  ];
}

function strokeLine(stroke: Stroke, drawing: Drawing, colourOf: Colours): string {
  const { from, to, kind, gateway, label, calls } = stroke;
  const { sideOf, isJoined } = drawing;
  // Columns grow to the right, so that a line to the left is written the other way round.
  const isBackward = columnOf(from, sideOf) > columnOf(to, sideOf);
  const [tail, head] = isBackward ? [to, from] : [from, to];
  const atBorder = from.kind === "exit" && !isJoined(from);
  const attributes = [
    ...styleOf(kind, colourOf(gateway)),
    ...(isJoint(to) ? ["dir=none"] : isBackward ? ["dir=back"] : []),
    ...(atBorder ? [`${isBackward ? "lhead" : "ltail"}=${boxOf(from.cluster)}`] : []),
    ...(from.kind === "gateway" ? [] : sideways(tail, head)),
    ...(label === undefined ? [] : [`label=<${html(label)}>`]),
    `tooltip=${tooltip(calls)}`,
  ];
  return `${idOf(tail)} -> ${idOf(head)} [${attributes.join(", ")}];`;
}

/** Lines come to gateways and exits and leave exits level, so that they don't cut across titles on their way. */
function sideways(tail: StrokeEnd, head: StrokeEnd): readonly string[] {
  return [...(isLevel(tail) ? ["tailport=e"] : []), ...(isLevel(head) ? ["headport=w"] : [])];
}

function isLevel({ kind }: StrokeEnd): boolean {
  return kind !== "node" && kind !== "turn";
}

function styleOf(kind: EdgeKind, colour: string): readonly string[] {
  const inColour = (name: string) => [`color="${name}"`, `fontcolor="${name}"`];
  switch (kind) {
    case "local":
      return [`color="${palette.local}"`, "penwidth=1"];
    case "crossing":
      return [...inColour(colour), "penwidth=2.6"];
    case "failover":
      return [...inColour(colour), "penwidth=1.8", "style=dashed"];
    case "missing":
      return [...inColour(palette.missing), "penwidth=2.6", "style=dotted"];
  }
}

/** Graphviz draws a box around what is in a subgraph whose name starts so. */
function boxOf(cluster: string): string {
  return quoted(`cluster_${cluster}`);
}

/** Cluster names have no slash; names of nodes have a dot, a colon or a space, and `gateway` and `to` have none. */
function idOf(end: StrokeEnd): string {
  switch (end.kind) {
    case "node":
      return quoted(`${end.cluster}/${end.name}`);
    case "exit":
      return quoted(`${end.cluster}/to/${end.gateway}`);
    case "turn":
      return quoted(`${end.cluster}/aisle/${end.gateway}`);
    case "gateway":
    case "cluster":
      return quoted(`${end.cluster}/gateway`);
  }
}

/** Graphviz knows the widths of Arial's letters, but not those of what it would fall back to. */
const font = (size: number) => `fontname="Arial", fontsize=${size}, fontcolor="${palette.text}"`;

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);
