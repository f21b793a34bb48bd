/** `mesh.yaml` in: the mesh, or its faults with their places in the text. */
import { type Issue, IssueCollector } from "./issues";
import { type ParseResult, safeParseMesh } from "./parse";
import {
  type Position,
  readYamlDocuments,
  type YamlDocument,
  type YamlFault,
  type YamlSource,
} from "./yamlDocuments";

export type { Aliases, Position } from "./yamlDocuments";

/** The mesh of a `mesh.yaml`, or its faults, each with its place in the text. */
export type YamlParseResult = ParseResult & {
  /** The place of the value that is told of, or of the nearest part around it. */
  readonly positionOf: (told: Pick<Issue, "path"> & { readonly code: string }) => Position;
};

/** Characters of a description; 2,500 services that list 200 clusters each have half of them. */
const maxLength = 16 * 1024 * 1024;

/**
 * Parses the text of a `mesh.yaml`. Faults of YAML itself (also a key given twice) have the code `yaml_syntax`, a text
 * that is larger than any description `too_many`.
 */
export function safeParseMeshYaml(text: string): YamlParseResult {
  if (text.length > maxLength) {
    const issues = new IssueCollector();
    issues.add(
      "too_many",
      `the text has more than ${maxLength / 1024 / 1024} MB`,
      "split the mesh, or leave out lists that are the same as their default",
    );
    return { ok: false, issues: issues.issues, positionOf: () => ({ line: 1, column: 1 }) };
  }
  const [document, next] = readYamlDocuments(text);
  if (document === undefined) throw new Error("a text has at least one document");
  const faults = syntaxFaults(document, next);
  if (faults.length > 0) {
    const syntax = new IssueCollector();
    for (const { message, hint } of faults) syntax.add("yaml_syntax", message, hint);
    const positions = new Map<object, Position | undefined>(
      syntax.issues.map((issue, i) => [issue, faults[i]?.position]),
    );
    return {
      ok: false,
      issues: syntax.issues,
      positionOf: (told) => positions.get(told) ?? document.start,
    };
  }
  return {
    ...safeParseMesh(document.value),
    // An unknown key is the fault itself.
    positionOf: ({ code, path }) => document.positionOf(path, code === "unknown_key"),
  };
}

/** A text as YAML and as plain data, for an edit, or why it is neither. */
export type ReadYaml =
  | (YamlSource & { readonly value: unknown; readonly faults?: undefined })
  | { readonly faults: readonly YamlFault[] };

/** Reads the one document of a text, with the tokens that it is made of. */
export function readYaml(text: string): ReadYaml {
  const [document, next] = readYamlDocuments(text, { keepSourceTokens: true });
  if (document === undefined) throw new Error("a text has at least one document");
  const faults = syntaxFaults(document, next);
  if (faults.length > 0 || document.source === undefined) return { faults };
  return { ...document.source, value: document.value };
}

function syntaxFaults(
  { faults, warnings }: YamlDocument,
  next: YamlDocument | undefined,
): readonly YamlFault[] {
  if (next === undefined) return [...faults, ...warnings];
  const message = "there is more than one document";
  const hint = 'leave one mesh in the file, and remove "---" and what follows';
  return [{ message, hint, position: next.start }];
}
