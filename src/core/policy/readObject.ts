/** Objects as somebody wrote them, read so that rules find in them what their kinds promise. */
import { type Issue, IssueCollector } from "../issues";
import type { Manifest } from "../objects/manifest";
import { checkShape } from "../shape";
import type { GivenObject } from "./finding";
import { shapeOf } from "./shapes";
import { unknownValue } from "./unknown";

/** What becomes of an object. */
export type ReadObject =
  | { readonly state: "read"; readonly manifest: Manifest }
  /** The API server would refuse it. */
  | { readonly state: "malformed"; readonly manifest: Manifest; readonly issues: readonly Issue[] }
  /** Whole parts of it will be known only when they are there. */
  | { readonly state: "unknown" }
  /** No rule looks at its kind. */
  | { readonly state: "other"; readonly manifest: Manifest };

/** Reads an object. What the kind has beside what rules read is left out. */
export function readObject({ manifest: given }: GivenObject): ReadObject {
  const { apiVersion, kind } = given;
  const shape =
    typeof apiVersion === "string" && typeof kind === "string"
      ? shapeOf(apiVersion, kind)
      : undefined;
  if (shape === undefined) return { state: "other", manifest: named(given) };
  const issues = new IssueCollector();
  const read = checkShape(shape, withoutNull(given), issues);
  if (issues.issues.length === 0) return { state: "read", manifest: named(read) };
  return issues.issues.some(({ path }) => valueAt(given, path) === unknownValue)
    ? { state: "unknown" }
    : { state: "malformed", manifest: named(given), issues: issues.issues };
}

/** The same value without its nulls: in Kubernetes' API, null is the same as nothing at all. */
export function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNull);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNull(item)]),
  );
}

/** With all that names need; objects whose names the API server makes have the beginnings of these. */
function named(read: unknown): Manifest {
  const { metadata, ...rest } = asMap(read);
  const { name, namespace, ...others } = asMap(metadata);
  return {
    ...(rest as Pick<Manifest, "apiVersion" | "kind">),
    apiVersion: textOf(rest.apiVersion),
    kind: textOf(rest.kind),
    metadata: {
      ...others,
      name: typeof name === "string" ? name : textOf(others.generateName),
      ...(typeof namespace === "string" ? { namespace } : {}),
    },
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function valueAt(root: unknown, path: Issue["path"]): unknown {
  return path.reduce((value, segment) => asMap(value)[segment], root);
}
