/** What differs between two sets of inputs, as the engine's detailed diff wants it. */
import { isDeepStrictEqual } from "node:util";
import { unknown } from "./values";

export type PathElement = string | number;

export interface Change {
  readonly path: readonly PathElement[];
  readonly kind: "add" | "delete" | "update";
  /** The change can't be made in place. */
  readonly replace?: boolean;
}

export interface Difference {
  readonly changes: readonly Change[];
  /** Delete the old resource before the new one is made. */
  readonly deleteBeforeReplace?: boolean;
}

/** Every leaf that differs; an absent value and null are the same. */
export function differences(olds: unknown, news: unknown): Change[] {
  const changes: Change[] = [];
  compare([], olds ?? {}, news ?? {}, changes);
  return changes;
}

function compare(path: PathElement[], olds: unknown, news: unknown, changes: Change[]): void {
  if (isAbsent(olds) && isAbsent(news)) return;
  if (isAbsent(olds)) changes.push({ path, kind: "add" });
  else if (isAbsent(news)) changes.push({ path, kind: "delete" });
  else if (news === unknown) changes.push({ path, kind: "update" });
  else if (Array.isArray(olds) && Array.isArray(news)) {
    for (let index = 0; index < Math.max(olds.length, news.length); index++)
      compare([...path, index], olds[index], news[index], changes);
  } else if (isObject(olds) && isObject(news)) {
    for (const key of new Set([...Object.keys(olds), ...Object.keys(news)]))
      compare([...path, key], olds[key], news[key], changes);
  } else if (!isDeepStrictEqual(olds, news)) changes.push({ path, kind: "update" });
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The changes, those at or below (or above) a path of `replacing` marked as such that can't be made in place. */
export function replacedBy(
  changes: readonly Change[],
  replacing: readonly (readonly PathElement[])[],
): Change[] {
  return changes.map((change) =>
    replacing.some((path) =>
      path
        .slice(0, change.path.length)
        .every((element, index) => element === "*" || element === change.path[index]),
    )
      ? { ...change, replace: true }
      : change,
  );
}

/** `metadata.labels["app.kubernetes.io/name"]`, `spec.ports[0]`: a path in the engine's notation. */
export function pathText(path: readonly PathElement[]): string {
  return path.reduce<string>((text, element) => {
    if (typeof element === "number") return `${text}[${element}]`;
    if (!/^[A-Za-z_$][\w$-]*$/.test(element)) return `${text}[${JSON.stringify(element)}]`;
    return text === "" ? element : `${text}.${element}`;
  }, "");
}
