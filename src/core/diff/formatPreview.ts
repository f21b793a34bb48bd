/** A preview in words, with the look of a difference. */
import { codeSpan, escapeHtml, escapeMarkdown } from "../markdown";
import { printable } from "../words";
import { type Section, writeBounded } from "./boundedMarkdown";
import type { DiffFormat, FormatDiffOptions } from "./format";
import { fieldsCell, leftOutNote, maxCell, maxComment } from "./formatMarkdown";
import type { DiffPart, PaintDiff } from "./formatText";
import type { MeshPreview, PreviewedChange, PreviewedCluster } from "./preview";
import { clip, fieldText } from "./rows";

/** What a preview says, for a terminal or as a comment on a pull request. */
export function formatPreview(
  preview: MeshPreview,
  format: DiffFormat,
  { maxLength = maxComment, paint = (_, text) => text }: FormatDiffOptions = {},
): string {
  switch (format) {
    case "text":
      return previewText(preview, paint);
    case "markdown":
      return previewMarkdown(preview, Math.max(maxLength, 1000));
  }
}

const nothing = "nothing changes";

function previewText({ clusters }: MeshPreview, paint: PaintDiff): string {
  if (clusters.length === 0) return `Preview: ${nothing}\n`;
  const changed = (part: DiffPart, sign: string, changes: readonly PreviewedChange[]) =>
    changes.flatMap(({ key, fields }) => [
      paint(part, printable(`  ${sign} ${key}`)),
      ...fields.map((field) => printable(`      ${field.path}: ${fieldText(field)}`)),
    ]);
  const sections = clusters.map((cluster) => [
    printable(`${nameOf(cluster)}: ${countsOf(cluster)}`),
    ...changed("removed", "+-", cluster.replaced),
    ...cluster.deleted.map((key) => paint("removed", printable(`  -  ${key}`))),
    ...cluster.created.map((key) => paint("added", printable(`  +  ${key}`))),
    ...changed("changed", "~ ", cluster.updated),
  ]);
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function previewMarkdown({ clusters }: MeshPreview, maxLength: number): string {
  const marker = "<!-- meshspan preview -->\n";
  if (clusters.length === 0) return `${marker}### Preview: ${nothing}\n`;
  const lines = clusters.map(
    (cluster) => `- **${escapeMarkdown(nameOf(cluster))}**: ${countsOf(cluster)}\n`,
  );
  const [head, ...more] = [`${marker}### Preview\n\n`, ...lines];
  const summary: Section = {
    opening: "",
    rows: more.map((text) => ({ text })),
    closing: "",
  };
  return writeBounded(
    head,
    [summary, ...clusters.map(section)],
    maxLength,
    leftOutNote("pulumi preview"),
  );
}

function section(cluster: PreviewedCluster): Section {
  const row = (what: string, key: string, fields: string) => ({
    text: `| ${what} | ${codeSpan(clip(key, maxCell))} | ${fields} |\n`,
    objects: 1,
  });
  return {
    opening: `\n<details><summary><b>${escapeHtml(nameOf(cluster))}</b>: ${countsOf(cluster)}</summary>\n\n| | object | fields |\n| --- | --- | --- |\n`,
    rows: [
      ...cluster.replaced.map((change) => row("**replaced**", change.key, fieldsCell(change))),
      ...cluster.deleted.map((key) => row("deleted", key, "")),
      ...cluster.created.map((key) => row("created", key, "")),
      ...cluster.updated.map((change) => row("updated", change.key, fieldsCell(change))),
    ],
    closing: "\n</details>\n",
  };
}

function nameOf({ cluster }: PreviewedCluster): string {
  return cluster === "" ? "beside the clusters" : cluster;
}

/** `1 replaced, 2 created`: what is taken away and made again comes first. */
function countsOf(cluster: PreviewedCluster): string {
  return (["replaced", "deleted", "created", "updated"] as const)
    .filter((kind) => cluster[kind].length > 0)
    .map((kind) => `${cluster[kind].length} ${kind}`)
    .join(", ");
}
