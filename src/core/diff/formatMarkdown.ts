/** A difference as a comment on a pull request: what is risky first, then a table per cluster, then the objects. */
import { codeSpan, escapeHtml, escapeMarkdown } from "../markdown";
import { counted } from "../words";
import { type Row, type Section, writeBounded } from "./boundedMarkdown";
import type { ChangedObject, FieldChange, MeshDiff, ObjectRef } from "./change";
import { isEmptyDiff } from "./diff";
import {
  type ChangeRow,
  changeRows,
  clip,
  clusterNames,
  fieldText,
  headline,
  meshName,
  type ObjectGroup,
  objectGroups,
  objectSummary,
} from "./rows";

/** What GitHub takes as one comment, in characters. */
export const maxComment = 65_536;

/** How many rows of a table are shown unfolded. */
const maxUnfolded = 12;
/** How many risky changes are shown unfolded. */
const maxRisky = 25;
/** How many characters one cell has at most. */
export const maxCell = 600;
/** How many fields of one object are shown. */
const maxFields = 5;

/** By this line a job finds the comment that it wrote before. */
const marker = "<!-- meshspan diff -->\n";

/** The comment; what doesn't fit into `maxLength` characters is counted. */
export function formatDiffMarkdown(diff: MeshDiff, maxLength: number): string {
  const name = escapeMarkdown(meshName(diff));
  if (isEmptyDiff(diff)) return `${marker}### ${name}: nothing changes\n`;
  const rows = changeRows(diff.changes);
  const head = `${marker}### ${name}: ${escapeMarkdown(headline(diff))}\n\n${escapeMarkdown(sentence(objectSummary(diff.objects)))}\n`;
  const sections = [
    ...riskySections(rows.filter(({ risk }) => risk === "high")),
    ...tables(rows.filter(({ risk }) => risk !== "high")),
    ...objectGroups(diff.objects).map(objectSection),
  ];
  return writeBounded(head, sections, maxLength, leftOutNote("meshspan diff"));
}

/** The note at the end of a comment that has no room for everything. */
export const leftOutNote =
  (command: string) =>
  (changes: number, objects: number): string => {
    const left = [
      ...(changes === 0 ? [] : [counted(changes, "change")]),
      ...(objects === 0 ? [] : [counted(objects, "object")]),
    ].join(" and ");
    return `\n> Left out, since a comment has no room for it: ${left}. \`${command}\` in a terminal shows everything.\n`;
  };

/** Changes of high risk, as a list: the first of them unfolded. */
function riskySections(rows: readonly ChangeRow[]): readonly Section[] {
  const items = rows.map((row): Row => ({ text: item(row), changes: weightOf(row) }));
  const shown = items.slice(0, maxRisky);
  const folded = items.slice(maxRisky);
  return [
    { opening: "\n#### High risk\n\n", rows: shown, closing: "" },
    {
      opening: `\n<details><summary>${folded.length} more of high risk</summary>\n\n`,
      rows: folded,
      closing: "\n</details>\n",
    },
  ];
}

function item(row: ChangeRow): string {
  const { service, clusters, text, why } = row;
  const where = escapeMarkdown(clusterNames(clusters));
  const subject =
    service !== ""
      ? `**${escapeMarkdown(service)}**${clusters.length === 0 ? "" : ` in ${where}`}: `
      : clusters.length === 0
        ? ""
        : `**${where}**: `;
  return `- ${subject}${cell(text)}. _${escapeMarkdown(sentence(why))}_\n`;
}

/** How many changes a row stands for. */
function weightOf({ clusters }: ChangeRow): number {
  return Math.max(1, clusters.length);
}

/** A table for the whole mesh, and one for each cluster, or for several in which the same things change. */
function tables(rows: readonly ChangeRow[]): readonly Section[] {
  const byClusters = new Map<string, ChangeRow[]>();
  for (const row of rows) {
    const key = clusterKey(row.clusters);
    byClusters.set(key, [...(byClusters.get(key) ?? []), row]);
  }
  return [...byClusters]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, own]) => table(own[0]?.clusters ?? [], own));
}

/** Sorts what is of the whole mesh first, and all else by the first cluster. */
function clusterKey(clusters: readonly string[]): string {
  return clusters.join("\0");
}

function table(clusters: readonly string[], rows: readonly ChangeRow[]): Section {
  const title = clusters.length === 0 ? "Whole mesh" : clusterNames(clusters);
  const head = "| risk | service | what changes | why |\n| --- | --- | --- | --- |\n";
  const lines = rows.map((row): Row => ({
    text: `| ${row.risk} | ${escapeMarkdown(row.service)} | ${cell(row.text)} | ${escapeMarkdown(row.why)} |\n`,
    changes: weightOf(row),
  }));
  return rows.length <= maxUnfolded
    ? { opening: `\n#### ${escapeMarkdown(title)}\n\n${head}`, rows: lines, closing: "" }
    : {
        opening: `\n<details><summary><b>${escapeHtml(title)}</b>: ${rows.length} more changes</summary>\n\n${head}`,
        rows: lines,
        closing: "\n</details>\n",
      };
}

function objectSection({ clusters, added, removed, changed }: ObjectGroup): Section {
  const counts = objectSummary([{ cluster: "", added, removed, changed }]).replace(/ in .*$/, "");
  const each = clusters.length === 1 ? "" : " in each";
  const row = (sign: string, { key }: ObjectRef, fields: string): Row => ({
    text: `| ${sign} | ${codeSpan(clip(key, maxCell))} | ${fields} |\n`,
    objects: clusters.length,
  });
  return {
    opening: `\n<details><summary>Objects of <b>${escapeHtml(clusterNames(clusters))}</b>: ${counts}${each}</summary>\n\n| | object | fields |\n| --- | --- | --- |\n`,
    rows: [
      ...added.map((object) => row("added", object, "")),
      ...removed.map((object) => row("removed", object, "")),
      ...changed.map((object) => row("changed", object, fieldsCell(object))),
    ],
    closing: "\n</details>\n",
  };
}

/** The fields of an object that differ, the first of them. */
export function fieldsCell({ fields }: Pick<ChangedObject, "fields">): string {
  const text = (field: FieldChange) =>
    `${codeSpan(clip(field.path, maxCell))} ${cell(fieldText(field))}`;
  const shown = fields.length > maxFields + 1 ? fields.slice(0, maxFields) : fields;
  const rest = fields.length - shown.length;
  return [...shown.map(text), ...(rest > 0 ? [`and ${rest} more`] : [])].join("<br>");
}

function cell(text: string): string {
  return escapeMarkdown(clip(text, maxCell));
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
