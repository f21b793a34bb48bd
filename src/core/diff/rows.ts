/** What both formats show of a difference: changes that clusters have in common are one row, and so are objects. */
import { Late, lateInputKey } from "../late";
import { counted } from "../words";
import type { Change, FieldChange, MeshDiff, ObjectChanges, Risk } from "./change";
import { clusterOfChange, serviceOfChange } from "./diff";
import { listed } from "./sentences";

/** One change, in every cluster that has it. */
export interface ChangeRow {
  readonly risk: Risk;
  /** Empty where the change is of no service. */
  readonly service: string;
  /** Empty where the change is of the whole mesh. */
  readonly clusters: readonly string[];
  readonly text: string;
  readonly why: string;
}

/** Changes as rows, in their order; those that differ by their cluster alone are one. */
export function changeRows(changes: readonly Change[]): readonly ChangeRow[] {
  const rows = new Map<string, Change[]>();
  for (const change of changes) {
    const key = JSON.stringify([change.risk, serviceOfChange(change), change.text, change.why]);
    const row = rows.get(key);
    if (row === undefined) rows.set(key, [change]);
    else row.push(change);
  }
  return [...rows.values()].flatMap((row) => {
    const [first] = row;
    if (first === undefined) return [];
    return [
      {
        risk: first.risk,
        service: serviceOfChange(first),
        clusters: row.map(clusterOfChange).filter((cluster) => cluster !== ""),
        text: first.text,
        why: first.why,
      },
    ];
  });
}

/** What changes in clusters whose objects change alike. */
export interface ObjectGroup extends Omit<ObjectChanges, "cluster"> {
  readonly clusters: readonly string[];
}

/** Clusters whose objects change alike, together; in the order of the first of each. */
export function objectGroups(objects: readonly ObjectChanges[]): readonly ObjectGroup[] {
  const groups = new Map<
    string,
    { readonly clusters: string[]; readonly objects: ObjectChanges }
  >();
  for (const one of objects) {
    const key = JSON.stringify([one.added, one.removed, one.changed]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { clusters: [one.cluster], objects: one });
    else group.clusters.push(one.cluster);
  }
  return [...groups.values()].map(({ clusters, objects: { added, removed, changed } }) => ({
    clusters,
    added,
    removed,
    changed,
  }));
}

/** `a, b and 158 more`. */
export function clusterNames(clusters: readonly string[]): string {
  return listed(clusters);
}

/** Name of what changes: the mesh as it is now, or as it was. */
export function meshName({ before, after }: MeshDiff): string {
  return after ?? before ?? "no mesh";
}

/** `5 changes (2 high, 3 low)`; that the mesh as a whole comes or goes is said too. */
export function headline(diff: MeshDiff): string {
  const { before, after, changes } = diff;
  const byRisk = (["high", "medium", "low"] as const)
    .map((risk) => [risk, changes.filter((change) => change.risk === risk).length] as const)
    .filter(([, number]) => number > 0)
    .map(([risk, number]) => `${number} ${risk}`);
  const whole =
    before === undefined ? "a new mesh, " : after === undefined ? "the mesh is removed, " : "";
  return `${whole}${counted(changes.length, "change")}${byRisk.length === 0 ? "" : ` (${byRisk.join(", ")})`}`;
}

/** `3 objects added, 1 removed, 4 changed in east and west`. */
export function objectSummary(objects: readonly ObjectChanges[]): string {
  if (objects.length === 0) return "no object changes";
  const sum = (kind: "added" | "removed" | "changed") =>
    objects.reduce((total, cluster) => total + cluster[kind].length, 0);
  const counts = (["added", "removed", "changed"] as const)
    .map((kind) => [kind, sum(kind)] as const)
    .filter(([, count]) => count > 0);
  const text = counts.map(([kind, count], index) => {
    const noun = index > 0 ? "" : count === 1 ? " object" : " objects";
    return `${count}${noun} ${kind}`;
  });
  return `${text.join(", ")} in ${clusterNames(objects.map(({ cluster }) => cluster))}`;
}

/** `"a" → "b"`; nothing for what a Secret holds. */
export function fieldText({ change, before, after }: FieldChange): string {
  if (before === undefined && after === undefined) return `${change} (not shown)`;
  if (before === undefined) return `+ ${valueText(after)}`;
  if (after === undefined) return `- ${valueText(before)}`;
  return `${valueText(before)} → ${valueText(after)}`;
}

/** Longest value that is shown. */
const maxValue = 80;

function valueText(value: unknown): string {
  if (value instanceof Late) return `(${value.inputs.map(lateInputKey).join(", ")})`;
  if (typeof value === "string" && value.trimEnd().includes("\n"))
    return `${value.trimEnd().split("\n").length} lines`;
  return clip(JSON.stringify(value), maxValue);
}

/** A text no longer than that, cut off with a mark. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
