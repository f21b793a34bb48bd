/** A difference for a terminal: changes by risk, each with its reason, then the objects of each cluster. */
import { type MeshDiff, risks } from "./change";
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
  printable,
} from "./rows";

/** Everything that changes, a line for each thing. */
export function formatDiffText(diff: MeshDiff): string {
  const name = meshName(diff);
  if (isEmptyDiff(diff)) return `${printable(name)}: nothing changes\n`;
  const rows = changeRows(diff.changes);
  const sections = [
    [`${name}: ${headline(diff)}; ${objectSummary(diff.objects)}`],
    ...risks
      .map((risk) => ({ risk, own: rows.filter((row) => row.risk === risk) }))
      .filter(({ own }) => own.length > 0)
      .map(({ risk, own }) => [`${risk} risk`, ...own.flatMap(changeLines)]),
    ...objectGroups(diff.objects).map(objectLines),
  ];
  return `${sections.map((lines) => lines.map(printable).join("\n")).join("\n\n")}\n`;
}

function changeLines({ clusters, service, text, why }: ChangeRow): readonly string[] {
  const where =
    service === ""
      ? clusterNames(clusters)
      : clusters.length === 0
        ? service
        : `${service} in ${clusterNames(clusters)}`;
  const subject = clusters.length === 0 && service === "" ? "" : `${where}: `;
  return [`  ${subject}${text}`, `      ${why}`];
}

function objectLines({ clusters, added, removed, changed }: ObjectGroup): readonly string[] {
  return [
    `objects of ${clusterNames(clusters)}`,
    ...added.map(({ key }) => `  + ${key}`),
    ...removed.map(({ key }) => `  - ${key}`),
    ...changed.flatMap(({ key, fields }) => [
      `  ~ ${key}`,
      ...fields.map((field) => `      ${field.path}: ${fieldText(field)}`),
    ]),
  ];
}
