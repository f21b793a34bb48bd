/** Manifests in: the Kubernetes objects of a YAML text, each with the places of its parts. */
import type { PathSegment } from "./issues";
import { isMap } from "./rules/plainData";
import {
  type Position,
  readYamlDocuments,
  type YamlDocument,
  type YamlFault,
} from "./yamlDocuments";

/** A Kubernetes object in a text. */
export interface LocatedManifest {
  /** A map with `apiVersion` and `kind`; nothing else is promised of what is in it. */
  readonly manifest: Readonly<Record<string, unknown>>;
  /** The place of a value in the object, or of the nearest part around it. */
  readonly positionOf: (path: readonly PathSegment[]) => Position;
}

/** What a text has. */
export interface ManifestText {
  /** Lists are taken apart. */
  readonly manifests: readonly LocatedManifest[];
  /** Documents that can't be read, or that lack what every object has. */
  readonly faults: readonly YamlFault[];
}

/** The objects of a text with any number of documents. Documents that are no Kubernetes objects are left alone. */
export function readManifests(text: string): ManifestText {
  const manifests: LocatedManifest[] = [];
  const faults: YamlFault[] = [];
  for (const document of readYamlDocuments(text)) {
    const [fault] = document.faults;
    if (fault !== undefined && isHelmTemplate(text))
      return { manifests, faults: [...faults, helmFault(fault)] };
    faults.push(...document.faults);
    const found = objectsIn(document.value, document, []);
    manifests.push(...found.manifests);
    faults.push(...found.faults);
  }
  return { manifests, faults };
}

/**
 * `name: {{ .Values.name }}`, `{{- if …`: what Go's templates are full of and YAML has no use for. Within a text it has, as rules
 * of Prometheus do.
 */
function isHelmTemplate(text: string): boolean {
  return /^[ \t]*(?:- +)*(?:[\w./-]+: +)?\{\{-?\s*[\w.$/("]/m.test(text);
}

function helmFault({ position }: YamlFault): YamlFault {
  return {
    message: "it is a template, and no YAML before it is rendered",
    hint: "render it first: helm template <chart> | meshspan validate --files -",
    position,
  };
}

/** The objects of a value: itself, or those of a list (`kubectl get -o yaml` prints one). */
function objectsIn(
  value: unknown,
  document: YamlDocument,
  path: readonly PathSegment[],
): ManifestText {
  const nothing: ManifestText = { manifests: [], faults: [] };
  if (!isMap(value)) return nothing;
  const { apiVersion, kind, items } = value;
  const missing = (["apiVersion", "kind"] as const).filter(
    (key) => value[key] === undefined || value[key] === null,
  );
  if (missing.length > 0) {
    const isMeant = missing.length === 1 && isMap(value.metadata);
    return isMeant ? { ...nothing, faults: [lacking(missing.join(), document, path)] } : nothing;
  }
  if (typeof kind === "string" && kind.endsWith("List") && Array.isArray(items)) {
    const parts = items.map((item, index) =>
      objectsIn(withKindOf({ apiVersion, kind }, item), document, [...path, "items", index]),
    );
    return {
      manifests: parts.flatMap(({ manifests }) => manifests),
      faults: parts.flatMap(({ faults }) => faults),
    };
  }
  const positionOf = (inside: readonly PathSegment[]) => document.positionOf([...path, ...inside]);
  return { ...nothing, manifests: [{ manifest: value, positionOf }] };
}

function lacking(key: string, document: YamlDocument, path: readonly PathSegment[]): YamlFault {
  return {
    message: `there is metadata and no ${key}`,
    hint: `add ${key}, which every Kubernetes object has`,
    position: document.positionOf(path),
  };
}

/** Items of a typed list, such as a ServiceEntryList, needn't repeat what they are. */
function withKindOf(
  list: { readonly apiVersion: unknown; readonly kind: string },
  item: unknown,
): unknown {
  if (!isMap(item) || list.kind === "List") return item;
  return { apiVersion: list.apiVersion, kind: list.kind.slice(0, -"List".length), ...item };
}
