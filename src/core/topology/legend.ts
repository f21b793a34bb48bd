/** The legend of a picture: what its lines mean, drawn with tables, which look the same in whatever font. */
import { palette } from "./palette";
import type { EdgeKind, Topology } from "./topology";

interface Entry {
  readonly kind: EdgeKind;
  readonly width: number;
  readonly style: "solid" | "dashed" | "dotted";
  readonly colour: string;
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
    text: "only while the own pods fail",
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
export function legend({ edges }: Topology): string {
  const kinds = new Set(edges.map(({ kind }) => kind));
  const cells = entries
    .filter(({ kind }) => kinds.has(kind))
    .map(
      ({ text, ...line }) =>
        `<TD>${sample(line)}</TD><TD ALIGN="LEFT">${text}</TD><TD WIDTH="12"></TD>`,
    );
  if (cells.length === 0) return "";
  return `<TABLE BORDER="0" CELLSPACING="4"><TR>${cells.join("")}</TR></TABLE>`;
}

/** A line is the lower side of a cell, which has another cell below it to be in the middle. */
function sample({ width, style, colour }: Pick<Entry, "width" | "style" | "colour">): string {
  const line = `<TD WIDTH="32" HEIGHT="8" FIXEDSIZE="TRUE" SIDES="B" BORDER="${width}" STYLE="${style}" COLOR="${colour}"></TD>`;
  return `<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>${line}</TR><TR><TD HEIGHT="8"></TD></TR></TABLE>`;
}
