/** A description as plain data: a copy that the other rules can read without surprises. */
import type { IssueCollector, PathSegment } from "../issues";

/** Deeper than any part of a description; what lies further in is no description. */
const maxDepth = 32;
/** 2,500 services that list 200 clusters each have half a million values. A shared part counts each time. */
const maxValues = 2_000_000;

/**
 * Copies maps, lists, texts, numbers and booleans. What JSON has no form for (functions, dates, class
 * instances, NaN, a part that contains itself, …) becomes a symbol that says what it was: a
 * description has symbols nowhere, so each is reported where something else was expected.
 */
export function toPlainData(description: unknown, issues: IssueCollector): unknown {
  const around = new Set<object>();
  const path: PathSegment[] = [];
  let values = 0;
  let isTooLarge = false;

  const copy = (value: unknown): unknown => {
    values++;
    if (typeof value === "number" && !Number.isFinite(value)) return Symbol(String(value));
    if (typeof value === "function") return Symbol("a function");
    if (typeof value === "bigint" || typeof value === "symbol") return Symbol(`a ${typeof value}`);
    if (typeof value !== "object" || value === null) return value;
    if (around.has(value)) return Symbol("a part that contains itself");
    if (around.size === maxDepth) return Symbol("nested too deeply");
    around.add(value);
    try {
      if (Array.isArray(value)) return copyList(value);
      return isMap(value) ? copyMap(value) : Symbol("an instance of a class");
    } catch {
      return Symbol("a value that can't be read");
    } finally {
      around.delete(value);
    }
  };

  const copyAt = (segment: PathSegment, value: unknown): unknown => {
    path.push(segment);
    const copied = copy(value);
    path.pop();
    return copied;
  };

  const copyList = (list: readonly unknown[]): unknown =>
    isTooMany(list.length) ? [] : Array.from(list, (item, index) => copyAt(index, item));

  const copyMap = (map: PlainMap): unknown => {
    const keys = Object.keys(map);
    if (isTooMany(keys.length)) return {};
    const copied: Record<string, unknown> = {};
    for (const key of keys) {
      if (key !== "__proto__") copied[key] = copyAt(key, tryRead(map, key));
      // Assigning to it would change what the copy is, and zod leaves it out of maps without a word.
      else
        issues
          .at(...path, key)
          .add("invalid_name", "JavaScript keeps this name for itself", "choose another");
    }
    return copied;
  };

  const isTooMany = (more: number): boolean => {
    if (values + more <= maxValues) return false;
    const at = issues.at(...path);
    if (!isTooLarge)
      at.add(
        "too_many",
        `the description has more than ${maxValues} values`,
        "split the mesh, or leave out lists that are the same as their default",
      );
    at.mute();
    return (isTooLarge = true);
  };

  return copy(description);
}

type PlainMap = Readonly<Record<string, unknown>>;

function tryRead(map: PlainMap, key: string): unknown {
  try {
    return map[key];
  } catch {
    return Symbol("a value that can't be read");
  }
}

/** Whether a value is a map as literals and parsers make them, also those of another realm. */
export function isMap(value: unknown): value is PlainMap {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
