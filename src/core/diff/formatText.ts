/** A difference for a terminal: changes by risk, each with its reason, then the objects of each cluster. */
import { printable } from "../words";
import { type FieldChange, type MeshDiff, type Risk, risks } from "./change";
import { isEmptyDiff } from "./diff";
import {
  type ChangeRow,
  changeRows,
  clusterNames,
  fieldText,
  headline,
  meshName,
  type ObjectGroup,
  objectGroups,
  objectSummary,
} from "./rows";

/** A part of the text that a terminal may show in a colour of its own. */
export type DiffPart = Risk | FieldChange["change"];

/** Colours a part of the text. */
export type PaintDiff = (part: DiffPart, text: string) => string;

/** Everything that changes, a line for each thing. */
export function formatDiffText(diff: MeshDiff, paint: PaintDiff): string {
  const name = printable(meshName(diff));
  if (isEmptyDiff(diff)) return `${name}: nothing changes\n`;
  const rows = changeRows(diff.changes);
  const sections = [
    [`${name}: ${printable(`${headline(diff)}; ${objectSummary(diff.objects)}`)}`],
    ...risks
      .map((risk) => ({ risk, own: rows.filter((row) => row.risk === risk) }))
      .filter(({ own }) => own.length > 0)
      .map(({ risk, own }) => [paint(risk, `${risk} risk`), ...own.flatMap(changeLines)]),
    ...objectGroups(diff.objects).map((group) => objectLines(group, paint)),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function changeLines({ clusters, service, text, why }: ChangeRow): readonly string[] {
  const where =
    service === ""
      ? clusterNames(clusters)
      : clusters.length === 0
        ? service
        : `${service} in ${clusterNames(clusters)}`;
  const subject = clusters.length === 0 && service === "" ? "" : `${where}: `;
  return [`  ${subject}${text}`, `      ${why}`].map(printable);
}

function objectLines(
  { clusters, added, removed, changed }: ObjectGroup,
  paint: PaintDiff,
): readonly string[] {
  return [
    printable(`objects of ${clusterNames(clusters)}`),
    ...added.map(({ key }) => paint("added", printable(`  + ${key}`))),
    ...removed.map(({ key }) => paint("removed", printable(`  - ${key}`))),
    ...changed.flatMap(({ key, fields }) => [
      paint("changed", printable(`  ~ ${key}`)),
      ...fields.map((field) => printable(`      ${field.path}: ${fieldText(field)}`)),
    ]),
  ];
}
