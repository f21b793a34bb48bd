/** Which fields of two manifests differ. */
import type { FieldChange } from "./change";
import { Late } from "../late";
import { compareText } from "../words";
import { pairsOf, without } from "./pairs";
import { same } from "./same";

/** The fields that differ, sorted by path. What a Secret holds is never told, only that it differs. */
export function fieldChanges(before: unknown, after: unknown): readonly FieldChange[] {
  const changes: FieldChange[] = [];
  walk("", before, after, changes);
  const isSecret = [before, after].some((value) => isMap(value) && value.kind === "Secret");
  return changes
    .map((change) =>
      isSecret && /^(?:data|stringData)\b/.test(change.path) ? hide(change) : change,
    )
    .sort((a, b) => compareText(a.path, b.path));
}

function hide({ path, change }: FieldChange): FieldChange {
  return { path, change };
}

type Fields = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is Fields {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Late)
  );
}

function walk(path: string, before: unknown, after: unknown, changes: FieldChange[]): void {
  if (same(before, after)) return;
  if (before === undefined) changes.push({ path, change: "added", after });
  else if (after === undefined) changes.push({ path, change: "removed", before });
  else if (isMap(before) && isMap(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      walk(below(path, key), before[key], after[key], changes);
  } else if (Array.isArray(before) && Array.isArray(after)) {
    walkLists(path, before, after, changes);
  } else changes.push({ path, change: "changed", before, after });
}

function below(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** Lists of texts by what comes and goes, lists of named things by their names, all others by position. */
function walkLists(
  path: string,
  before: readonly unknown[],
  after: readonly unknown[],
  changes: FieldChange[],
): void {
  const length = changes.length;
  if (isTexts(before) && isTexts(after)) {
    for (const entry of without(after, before))
      changes.push({ path: `${path}[]`, change: "added", after: entry });
    for (const entry of without(before, after))
      changes.push({ path: `${path}[]`, change: "removed", before: entry });
  } else {
    const key = ["name", "address"].find((field) => isKey(field, before, after));
    if (key === undefined) {
      for (let index = 0; index < Math.max(before.length, after.length); index++)
        walk(`${path}[${index}]`, before[index], after[index], changes);
    } else {
      const keyOf = (entry: unknown) => (isMap(entry) ? String(entry[key]) : "");
      for (const pair of pairsOf(before, after, keyOf))
        walk(`${path}[${key}=${pair.key}]`, pair.before, pair.after, changes);
    }
  }
  // The same entries in another order, or another number of them.
  if (changes.length === length) changes.push({ path, change: "changed", before, after });
}

function isTexts(list: readonly unknown[]): list is readonly string[] {
  return list.every((entry) => typeof entry === "string");
}

/** Whether a field tells the entries of both lists apart, and some entry is in both: else all would come and go. */
function isKey(
  field: string,
  ...lists: readonly [readonly unknown[], readonly unknown[]]
): boolean {
  const [before, after] = lists.map((list) => {
    const values = list.map((entry) => (isMap(entry) ? entry[field] : undefined));
    const isUnique = new Set(values).size === values.length;
    return isUnique && values.every((value) => typeof value === "string") ? values : [];
  });
  return before?.some((value) => after?.includes(value)) === true;
}
