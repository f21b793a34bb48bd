/** A topology as a Mermaid flowchart, which GitHub draws in Markdown. */
import { type Link, type LinkEnd, linksOf, protocolsOf } from "./links";
import { type Colours, coloursOf, palette } from "./palette";
import { plainText } from "./text";
import type { EdgeKind, Topology, TopologyCluster } from "./model";

/**
 * The topology as a Mermaid flowchart, for a code block of the language `mermaid`: a subgraph per
 * cluster with its gateway as a hexagon. Calls across are thick and have the colour of the gateway that
 * they go through, and are dashed where they only fail over. The same topology gives the same text.
 */
export function toMermaid(topology: Topology): string {
  const idOf = identifiers();
  const links = linksOf(topology);
  const protocolsAt = protocolsOf(topology);
  const colourOf = coloursOf(topology);
  const lines = [
    ...topology.clusters.flatMap((cluster) => clusterLines(cluster, idOf, protocolsAt)),
    ...links.map((link) => `${idOf(link.from)} ${arrowOf(link)} ${idOf(link.to)}`),
    `classDef default fill:${palette.node},stroke:${palette.border},color:${palette.text}`,
    ...topology.clusters.flatMap((cluster) => styleLines(cluster, idOf, colourOf(cluster.name))),
    ...linkStyles(links, colourOf),
  ];
  return ["flowchart LR", ...lines.map((line) => `  ${line}`), ""].join("\n");
}

/** Identifiers that mean nothing, so that no name can be one of Mermaid's words. */
type Identify = (end: LinkEnd) => string;

function identifiers(): Identify {
  const ids = new Map<string, string>();
  return (end) => {
    const key = JSON.stringify([end.kind, end.cluster, end.kind === "node" ? end.name : ""]);
    const id = ids.get(key) ?? `${end.kind}${ids.size}`;
    ids.set(key, id);
    return id;
  };
}

function clusterLines(
  { name: cluster, locality, gateway, nodes }: TopologyCluster,
  idOf: Identify,
  protocolsAt: ReturnType<typeof protocolsOf>,
): readonly string[] {
  const title = [`cluster ${cluster}`, ...(locality === undefined ? [] : [locality])];
  return [
    `subgraph ${idOf({ kind: "cluster", cluster })}[${quoted(title)}]`,
    `  ${idOf({ kind: "gateway", cluster })}{{${quoted(["gateway", gateway])}}}`,
    ...nodes.map(({ name, label }) => {
      const protocols = protocolsAt({ cluster, name });
      const text = quoted([label, ...(protocols.length === 0 ? [] : [protocols.join(", ")])]);
      return `  ${idOf({ kind: "node", cluster, name })}(${text})`;
    }),
    "end",
  ];
}

function arrowOf({ kind, faults }: Link): string {
  switch (kind) {
    case "local":
      return "-->";
    case "crossing":
      return "==>";
    case "failover":
      return "-.->";
    case "missing":
      return faults.length === 0 ? "--x" : `--x|${quoted([`missing ${faults.join(", ")}`])}|`;
  }
}

function styleLines(
  { name: cluster, nodes }: TopologyCluster,
  idOf: Identify,
  colour: string,
): readonly string[] {
  const { border, missing, text } = palette;
  return [
    `style ${idOf({ kind: "cluster", cluster })} fill:${palette.cluster},stroke:${border},color:${text}`,
    `style ${idOf({ kind: "gateway", cluster })} fill:${colour},stroke:${colour},color:#ffffff`,
    ...nodes
      .filter(({ kind }) => kind === "nowhere")
      .map(({ name }) => idOf({ kind: "node", cluster, name }))
      .map((id) => `style ${id} stroke:${missing},color:${missing},stroke-dasharray:4`),
  ];
}

/** Links are styled by their positions; those of one style together. */
function linkStyles(links: readonly Link[], colourOf: Colours): readonly string[] {
  const positions = new Map<string, number[]>();
  for (const [position, { kind, to }] of links.entries()) {
    const style = styleOf(kind, colourOf(to.cluster));
    positions.set(style, [...(positions.get(style) ?? []), position]);
  }
  return [...positions].map(([style, of]) => `linkStyle ${of.join(",")} ${style}`);
}

function styleOf(kind: EdgeKind, colour: string): string {
  switch (kind) {
    case "local":
      return `stroke:${palette.local},stroke-width:1px`;
    case "crossing":
      return `stroke:${colour},stroke-width:3px`;
    case "failover":
      return `stroke:${colour},stroke-width:2px,stroke-dasharray:5`;
    case "missing":
      return `stroke:${palette.missing},stroke-width:3px`;
  }
}

/**
 * Lines of a quoted label. Everything but letters, digits and what is harmless between them becomes an
 * entity in Mermaid's way (`#35;`): quotes would end the label, Markdown and HTML would be read as such.
 */
function quoted(lines: readonly string[]): string {
  const escaped = lines.map((line) =>
    plainText(line).replace(/[^\p{L}\p{N} ./:,-]|[.:-](?![\p{L}\p{N}])/gu, entity),
  );
  return `"${escaped.join("<br/>")}"`;
}

function entity(character: string): string {
  return `#${character.codePointAt(0) ?? 0xfffd};`;
}
