/**
 * How a live object differs from its plan: what the plan sets counts, as in a server-side apply; what controllers and
 * defaults add doesn't. Istio's own objects and NetworkPolicies belong to the mesh as a whole, so there every field of `spec`
 * counts: a port that takes plaintext beside a STRICT policy, or one more that is let in, would be missed else.
 */
import { type FieldChange } from "../../core/diff/change";
import { fieldChanges } from "../../core/diff/fields";
import type { Manifest } from "../../core/objects/manifest";

/** Fields from which live values differ: `before` is what is there, `after` what is planned. Sorted by path. */
export function differences(planned: Manifest, live: object): readonly FieldChange[] {
  const isWhole = planned.apiVersion.includes(".istio.io/") || planned.kind === "NetworkPolicy";
  const there = plain(live) as Fields;
  const shown = Object.fromEntries(
    Object.entries(planned).map(([field, value]) => [
      field,
      there[field] === undefined
        ? undefined
        : project(value, there[field], isWhole && field === "spec"),
    ]),
  );
  return fieldChanges(shown, plain(planned));
}

/** What an API server would change, by the object that it has and the one that it would have. */
export function changesOf(live: object, applied: object): readonly FieldChange[] {
  return fieldChanges(withoutRecords(live), withoutRecords(applied));
}

type Fields = Readonly<Record<string, unknown>>;

/** As it is on the wire: dates as texts, and no fields without a value. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/** What the API server keeps about an object isn't the object. */
function withoutRecords(object: object): unknown {
  const {
    metadata = {},
    status: _,
    ...rest
  } = plain(object) as {
    readonly metadata?: Fields;
    readonly status?: unknown;
  };
  const { labels, annotations } = metadata;
  return { ...rest, metadata: { labels, annotations } };
}

function isMap(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The part of a live value that its plan speaks of; all of it where the plan is the whole. */
function project(planned: unknown, live: unknown, isWhole: boolean): unknown {
  if (isMap(planned) && isMap(live)) {
    const own = isWhole ? Object.keys(live).filter((key) => !isEmpty(live[key])) : [];
    // What nothing says yet is in the plan without a value, and not compared.
    const keys = [...new Set([...Object.keys(planned), ...own])].filter(
      (key) => !Object.hasOwn(planned, key) || planned[key] !== undefined,
    );
    return Object.fromEntries(keys.map((key) => [key, project(planned[key], live[key], isWhole)]));
  }
  if (!Array.isArray(planned) || !Array.isArray(live)) return live;
  if (isWhole || !planned.every(isMap) || !live.every(isMap))
    return live.map((item: unknown, index) => project(planned[index], item, isWhole));
  const key = mergeKeys.find((name) => isKeyOf(name, planned) && isKeyOf(name, live));
  if (key === undefined)
    return live.map((item, index) => project(planned[index] ?? item, item, isWhole));
  // Entries that others add to such lists are theirs.
  return planned.flatMap((item) => {
    const found = live.find((candidate) => candidate[key] === item[key]);
    return found === undefined ? [] : [project(item, found, isWhole)];
  });
}

/** By which Kubernetes' own lists are merged. */
const mergeKeys = ["name", "containerPort", "port", "mountPath"] as const;

function isKeyOf(key: string, list: readonly Fields[]): boolean {
  return (
    new Set(list.map((item) => item[key] ?? list)).size === list.length &&
    list.every((item) => item[key] !== undefined)
  );
}

/** API servers leave empty fields out, or write them, as they like. */
function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (typeof value === "object" && Object.keys(value).length === 0)
  );
}
