/** Tables of reports: aligned columns without borders, and Markdown. */
import Table from "cli-table3";
import { escapeMarkdown } from "../core/markdown";

const none = [
  "top",
  "top-mid",
  "top-left",
  "top-right",
  "bottom",
  "bottom-mid",
  "bottom-left",
  "bottom-right",
  "left",
  "left-mid",
  "mid",
  "mid-mid",
  "right",
  "right-mid",
  "middle",
];

/** Lines of aligned columns, each after `indent`. */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  indent = "",
): string {
  const drawn = new Table({
    head: [...head],
    chars: Object.fromEntries(none.map((name) => [name, name === "middle" ? "  " : ""])),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn
    .toString()
    .split("\n")
    .map((line) => `${indent}${line.trimEnd()}`)
    .join("\n");
}

/** A table that GitHub draws. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return [
    head.map(escapeMarkdown),
    head.map(() => "---"),
    ...rows.map((row) => row.map(escapeMarkdown)),
  ]
    .map(line)
    .join("");
}
