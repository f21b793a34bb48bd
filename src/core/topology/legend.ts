/** The legend of a picture: what its lines mean, drawn with tables, which look the same in whatever font. */
import { palette, unusedGateways } from "./palette";
import type { EdgeKind, Topology } from "./model";

interface Entry {
  readonly kind: EdgeKind;
  readonly width: number;
  readonly style: "solid" | "dashed" | "dotted";
  readonly colour: string;
  readonly text: string;
}

/** What a line of the legend is made of. */
interface Explained {
  /** An HTML-like table that looks like what is explained. */
  readonly sample: string;
  readonly text: string;
}

const entries: readonly Entry[] = [
  {
    kind: "crossing",
    width: 3,
    style: "solid",
    colour: palette.text,
    text: "across clusters, in the colour of the callee's gateway",
  },
  {
    kind: "failover",
    width: 2,
    style: "dashed",
    colour: palette.text,
    text: "only while a cluster's own pods fail, for any of its callers",
  },
  { kind: "local", width: 1, style: "solid", colour: palette.local, text: "within a cluster" },
  {
    kind: "missing",
    width: 3,
    style: "dotted",
    colour: palette.missing,
    text: "fails: something is missing",
  },
];

/** The legend as an HTML-like label; it explains only what there is. */
export function legend(topology: Topology): string {
  const kinds = new Set(topology.edges.map(({ kind }) => kind));
  if (kinds.size === 0) return "";
  const unused: readonly Explained[] =
    unusedGateways(topology).size === 0
      ? []
      : [{ sample: unusedGateway, text: "a gateway that no call uses" }];
  const lines = entries
    .filter(({ kind }) => kinds.has(kind))
    .map(({ text, ...line }): Explained => ({ sample: sample(line), text }));
  const cells = [...lines, ...unused].map(
    (shown) => `<TD>${shown.sample}</TD><TD ALIGN="LEFT">${shown.text}</TD><TD WIDTH="12"></TD>`,
  );
  return `<TABLE BORDER="0" CELLSPACING="4"><TR>${cells.join("")}</TR></TABLE>`;
}

const unusedGateway = `<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR><TD WIDTH="20" HEIGHT="10" FIXEDSIZE="TRUE" BGCOLOR="${palette.unused}"></TD></TR></TABLE>`;

/** A line is the lower side of a cell, which has another cell below it to be in the middle. */
function sample({ width, style, colour }: Pick<Entry, "width" | "style" | "colour">): string {
  const line = `<TD WIDTH="32" HEIGHT="8" FIXEDSIZE="TRUE" SIDES="B" BORDER="${width}" STYLE="${style}" COLOR="${colour}"></TD>`;
  return `<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>${line}</TR><TR><TD HEIGHT="8"></TD></TR></TABLE>`;
}
