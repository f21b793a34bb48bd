/** Turns what zod finds about a description's shape into issues with codes, paths and hints. */
import { closest, distance } from "fastest-levenshtein";
import type { z } from "zod";
import { durationPattern } from "./description";
import { type IssueCollector, type PathSegment, show } from "./issues";
import { addTo } from "./once";

type ZodIssue = z.core.$ZodIssue;

/** The known name that was most likely meant, or `undefined` when none is near. */
export function didYouMean(text: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const lower = text.toLowerCase();
  const exact = known.find((name) => name.toLowerCase() === lower);
  if (exact !== undefined) return exact;
  const best = closest(text, [...known]);
  return distance(lower, best.toLowerCase()) <=
    Math.min(Math.ceil(text.length / 3), text.length - 1)
    ? best
    : undefined;
}

/** `did you mean "x"?` where a known name is near, else the list of what there is. */
export function suggest(text: string, known: readonly string[]): string {
  const near = didYouMean(text, known);
  if (near !== undefined) return `did you mean ${show(near)}?`;
  if (known.length === 0) return "there are none";
  const listed = known.slice(0, 12).join(", ");
  return known.length > 12
    ? `known are ${listed} and ${known.length - 12} more`
    : `known are ${listed}`;
}

/**
 * Checks a value's shape and reports its faults. The typed value is returned also when parts of it
 * are faulty: those are left out or replaced by a stand-in and muted, so that rules find the faults
 * of all other parts in the same run. `undefined` when the value as a whole is of the wrong kind.
 */
export function checkShape<T extends z.ZodType>(
  schema: T,
  value: unknown,
  issues: IssueCollector,
): z.output<T> | undefined {
  let mended = value;
  for (let round = 0; round < maxRounds; round++) {
    const result = schema.safeParse(mended);
    if (result.success) return result.data;
    const found = result.error.issues.flatMap((issue) => flatten(issue, mended));
    for (const issue of found) {
      if (round === 0) report(issue, schema, value, issues);
      if (issue.path.length === 0 && issue.code !== "unrecognized_keys") return undefined;
    }
    mended = mend(
      mended,
      found.map((issue) => ({ path: issue.path, issue })),
      schema,
    );
    for (const issue of found)
      if (round === 0 && issue.code !== "unrecognized_keys") issues.at(...pathOf(issue)).mute();
  }
  return undefined;
}

/** Stand-ins may lack keys themselves: each round goes one level deeper, and descriptions are not deeper than this. */
const maxRounds = 8;

function pathOf(issue: ZodIssue): readonly PathSegment[] {
  return issue.path.map((segment) => (typeof segment === "symbol" ? String(segment) : segment));
}

/** Replaces a union's fault by those of the alternative that was meant, judged by the kind of the value. */
function flatten(issue: ZodIssue, root: unknown): readonly ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const value = valueAt(root, issue.path);
  const meant = issue.errors.filter(
    (branch) => !branch.some((inner) => inner.path.length === 0 && isTypeFault(inner, value)),
  );
  const branch =
    meant.length > 1 ? meant.reduce((a, b) => (b.length < a.length ? b : a)) : meant[0];
  if (branch === undefined) return [issue];
  // A misspelt key looks missing too; the spelling is what is wrong.
  const misspelt = branch.filter((inner) => inner.code === "unrecognized_keys");
  if (
    misspelt.length > 0 &&
    branch.every((inner) => inner.code === "unrecognized_keys" || isMissing(inner, value))
  ) {
    return misspelt.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  }
  return branch.flatMap((inner) =>
    flatten({ ...inner, path: [...issue.path, ...inner.path] }, root),
  );
}

function isMissing(issue: ZodIssue, value: unknown): boolean {
  return issue.code === "invalid_type" && valueAt(value, issue.path) === undefined;
}

function isTypeFault(issue: ZodIssue, value: unknown): boolean {
  if (issue.code === "invalid_type") return true;
  return issue.code === "invalid_value" && typeof value !== "string";
}

function report(issue: ZodIssue, schema: z.ZodType, root: unknown, issues: IssueCollector): void {
  const path = pathOf(issue);
  const at = issues.at(...path);
  const value = valueAt(root, path);
  switch (issue.code) {
    case "unrecognized_keys":
      for (const key of issue.keys)
        reportKey(key, issue.keys, keysAt(schema, path), value, at.at(key));
      return;
    case "invalid_type":
      if (value === undefined)
        at.add("missing_key", "it is missing", `add it: ${aOrAn(issue.expected)}`);
      else
        at.add(
          "wrong_type",
          describe(value),
          typeof value === "number" && isDuration(schema, path)
            ? `write a duration with its unit: ${show(withUnit(value))}`
            : `write ${aOrAn(issue.expected)}${someOf(keysAt(schema, path))}${quoting(value, issue.expected)}`,
        );
      return;
    case "invalid_value": {
      const known = issue.values.map(String);
      if (value === undefined)
        at.add("missing_key", "it is missing", `add one of ${known.join(", ")}`);
      else if (typeof value !== "string")
        at.add("wrong_type", describe(value), `write one of ${known.join(", ")}`);
      else
        at.add(
          "unknown_value",
          `${show(value)} is not one of ${known.join(", ")}`,
          suggest(value, known),
        );
      return;
    }
    case "invalid_union":
      if (value === undefined)
        at.add("missing_key", "it is missing", `add it: ${alternatives(schema, path, value)}`);
      else at.add("wrong_type", describe(value), `write ${alternatives(schema, path, value)}`);
      return;
    default:
      at.add("wrong_type", issue.message, "see the JSON Schema of mesh.yaml");
  }
}

function reportKey(
  key: string,
  unknown: readonly string[],
  known: readonly string[],
  map: unknown,
  issues: IssueCollector,
): void {
  if (known.includes(key)) {
    // A key of another alternative, such as a prefix beside an exact text.
    const others = Object.keys(map ?? {}).filter((other) => !unknown.includes(other));
    issues.add(
      "conflicting_keys",
      `${show(key)} can't stand beside ${others.map(show).join(", ")}`,
      `keep one of ${known.join(", ")}`,
    );
  } else issues.add("unknown_key", `${show(key)} is not a key here`, suggest(key, known));
}

const kinds: Readonly<Partial<Record<string, string>>> = {
  object: "a map",
  record: "a map",
  array: "a list",
  string: "a text",
  number: "a number",
  boolean: "true or false",
};

function aOrAn(kind: string): string {
  return kinds[kind] ?? `a value of type ${kind}`;
}

/** ` with some of address, port`: the keys of a map, where it has any that are fixed. */
function someOf(keys: readonly string[]): string {
  return keys.length === 0 ? "" : ` with some of ${keys.join(", ")}`;
}

/** What a value is, as a message: `5 is a number`. Symbols stand for what is no plain data (`toPlainData`). */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return "it is empty";
  if (typeof value === "symbol") return `it is ${value.description ?? "a symbol"}`;
  if (typeof value === "boolean") return `${value} is a boolean`;
  return `${show(value)} is ${aOrAn(Array.isArray(value) ? "array" : typeof value)}`;
}

function isDuration(schema: z.ZodType, path: readonly PathSegment[]): boolean {
  return schemasAt(schema, path).some(
    (found) => (found as z.ZodType).meta()?.pattern === durationPattern,
  );
}

/** `3s` for 3. */
function withUnit(value: number): string {
  return value > 0 && /^\d+(?:\.\d+)?$/.test(String(value)) ? `${value}s` : "1s";
}

/** YAML reads 1.5, true and the like as numbers and booleans where they have no quotes. */
function quoting(value: unknown, expected: string): string {
  if (expected === "string" && isUnquoted(value)) return `, in quotes: ${show(String(value))}`;
  if (expected === "number" && typeof value === "string" && /^\d{1,15}$/.test(value))
    return `, without quotes: ${value}`;
  return "";
}

function isUnquoted(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, segment) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, segment)
        ? (value as Record<PropertyKey, unknown>)[segment]
        : undefined,
    root,
  );
}

/** An issue, and the rest of the way to it. */
interface Mending {
  readonly path: readonly PropertyKey[];
  readonly issue: ZodIssue;
}

/** The value with the issues' parts left out or replaced; what lies beside the ways to them is shared, not copied. */
function mend(value: unknown, mendings: readonly Mending[], schema: z.ZodType): unknown {
  const here = mendings.filter(({ path }) => path.length === 0);
  const whole = here.find(({ issue }) => issue.code !== "unrecognized_keys");
  if (whole !== undefined) {
    const [found] = schemasAt(schema, pathOf(whole.issue));
    return found === undefined ? undefined : standIn(found);
  }
  const unknown = new Set(
    here.flatMap(({ issue }) => (issue.code === "unrecognized_keys" ? issue.keys : [])),
  );
  const inside = new Map<PropertyKey, Mending[]>();
  for (const { path, issue } of mendings) {
    const [segment, ...rest] = path;
    if (segment !== undefined) addTo(inside, segment, { path: rest, issue });
  }
  if (Array.isArray(value)) {
    const list: unknown[] = [...(value as readonly unknown[])];
    for (const [index, parts] of inside)
      list[Number(index)] = mend(list[Number(index)], parts, schema);
    return list;
  }
  const map = Object.entries(typeof value === "object" && value !== null ? value : {});
  const mended: Record<PropertyKey, unknown> = Object.fromEntries(
    map.filter(([key]) => !unknown.has(key)),
  );
  for (const [key, parts] of inside) mended[key] = mend(mended[key], parts, schema);
  return mended;
}

function standIn(schema: z.core.$ZodType): unknown {
  const { def } = (schema as z.ZodType)._zod;
  switch (def.type) {
    case "string":
      return "stand-in";
    case "number":
      return -1; // no value of a description, so that no sound one is its double
    case "boolean":
      return false;
    case "array":
      return [];
    case "enum":
      return Object.values((def as z.core.$ZodEnumDef).entries)[0];
    default:
      return {};
  }
}

/** The schemas that apply at a path, through optional values, maps, lists and unions. */
function schemasAt(
  schema: z.core.$ZodType,
  path: readonly PathSegment[],
): readonly z.core.$ZodType[] {
  const { def } = (schema as z.ZodType)._zod;
  if (def.type === "optional") return schemasAt((def as z.core.$ZodOptionalDef).innerType, path);
  if (def.type === "union")
    return (def as z.core.$ZodUnionDef).options.flatMap((option) => schemasAt(option, path));
  const [segment, ...rest] = path;
  if (segment === undefined) return [schema];
  switch (def.type) {
    case "object": {
      const inner = (def as z.core.$ZodObjectDef).shape[segment];
      return inner === undefined ? [] : schemasAt(inner, rest);
    }
    case "record":
      return schemasAt((def as z.core.$ZodRecordDef).valueType, rest);
    case "array":
      return typeof segment === "number"
        ? schemasAt((def as z.core.$ZodArrayDef).element, rest)
        : [];
    default:
      return [];
  }
}

function keysAt(schema: z.ZodType, path: readonly PathSegment[]): readonly string[] {
  return schemasAt(schema, path).flatMap((found) => {
    const { def } = (found as z.ZodType)._zod;
    return def.type === "object" ? Object.keys((def as z.core.$ZodObjectDef).shape) : [];
  });
}

function alternatives(schema: z.ZodType, path: readonly PathSegment[], value: unknown): string {
  const kinds = schemasAt(schema, path).map((found) => {
    const { def } = (found as z.ZodType)._zod;
    if (def.type === "enum")
      return `one of ${Object.keys((def as z.core.$ZodEnumDef).entries).join(", ")}`;
    if (def.type === "string" && isUnquoted(value)) return `${show(String(value))} in quotes`;
    return aOrAn(def.type);
  });
  return [...new Set(kinds)].join(", or ");
}
