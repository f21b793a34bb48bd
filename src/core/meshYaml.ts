/** `mesh.yaml` in: the mesh, or its faults with their places in the text. */
import {
  type Alias,
  Composer,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  visit,
  type YAMLParseError,
  type YAMLWarning,
} from "yaml";
import { type Issue, IssueCollector } from "./issues";
import { once } from "./once";
import { type ParseResult, safeParseMesh } from "./parse";

/** Where a fault is in a file; lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The mesh of a `mesh.yaml`, or its faults, each with its place in the text. */
export type YamlParseResult = ParseResult & {
  /** The place of an issue's value, or of the nearest part around it. */
  readonly positionOf: (issue: Issue) => Position;
};

/** One anchor may be used by every service of a large mesh; anchors of anchors multiply beyond that. */
const maxAliases = 10_000;

/** A description has nine levels. The composer overflows the stack somewhere above 800. */
const maxDepth = 100;

/** Parses the text of a `mesh.yaml`. Faults of YAML itself (also a key given twice) have the code `yaml_syntax`. */
export function safeParseMeshYaml(text: string): YamlParseResult {
  const lineCounter = new LineCounter();
  const toPosition = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const read = readYaml(text, lineCounter);
  if (read.faults !== undefined) {
    const syntax = new IssueCollector();
    for (const { message, hint } of read.faults) syntax.add("yaml_syntax", message, hint);
    const offsets = new Map(syntax.issues.map((issue, i) => [issue, read.faults[i]?.offset ?? 0]));
    return {
      ok: false,
      issues: syntax.issues,
      positionOf: (issue) => toPosition(offsets.get(issue) ?? 0),
    };
  }
  const offsetOf = offsetsIn(read.document, read.aliases);
  return { ...safeParseMesh(read.value), positionOf: (issue) => toPosition(offsetOf(issue)) };
}

/** A fault of YAML itself. */
export interface SyntaxFault {
  readonly message: string;
  readonly hint: string;
  readonly offset: number;
}

/** The value that each alias stands for: the last with that anchor before it. */
export type Aliases = ReadonlyMap<Alias, Node | undefined>;

/** A text as YAML and as plain data, or why it is neither. */
export type ReadYaml =
  | {
      readonly document: Document;
      readonly aliases: Aliases;
      readonly value: unknown;
      readonly faults?: undefined;
    }
  | { readonly faults: readonly SyntaxFault[] };

const mendYaml = "mend the YAML; the rest is checked after that";

/**
 * Reads one document of YAML.
 * @param keepSourceTokens Whether nodes have the tokens that they were made of, for an edit.
 */
export function readYaml(
  text: string,
  lineCounter: LineCounter = new LineCounter(),
  keepSourceTokens = false,
): ReadYaml {
  const tokens = [...new Parser(lineCounter.addNewLine).parse(text)];
  const tooDeep = deeperThan(tokens, maxDepth);
  if (tooDeep !== undefined) {
    const message = `it is nested more than ${maxDepth} levels deep`;
    return {
      faults: [{ message, hint: "close brackets, and mend the indentation", offset: tooDeep }],
    };
  }
  // The core schema alone, whatever a %YAML directive or a tag asks for: no dates, sets or binary values.
  const composer = new Composer({
    schema: "core",
    resolveKnownTags: false,
    prettyErrors: false,
    keepSourceTokens,
  });
  const [document, next] = composer.compose(tokens, true, text.length);
  if (document === undefined) throw new Error("compose makes a document at its end");
  if (next !== undefined) {
    const message = "there is more than one document";
    const hint = 'leave one mesh in the file, and remove "---" and what follows';
    return { faults: [{ message, hint, offset: next.range[0] }] };
  }
  const toFault = ({ message, pos }: YAMLParseError | YAMLWarning): SyntaxFault => ({
    message: message.replace(/\s+/g, " ").replace(/[.:]$/, ""),
    hint: mendYaml,
    offset: pos[0],
  });
  // What is broken is misread up to the end: the first place counts, and what comes after may only follow.
  const broken = document.errors.filter(({ code }) => code !== "DUPLICATE_KEY").map(toFault);
  if (broken.length > 0)
    return { faults: [broken.reduce((a, b) => (b.offset < a.offset ? b : a))] };
  const faults = [...document.errors, ...document.warnings].map(toFault);
  const aliases = resolveAliases(document);
  for (const [alias, meant] of aliases) {
    if (meant !== undefined) continue;
    const message = `there is no anchor "${alias.source}" before this alias`;
    const hint = `put &${alias.source} before the value that is meant`;
    faults.push({ message, hint, offset: startOf(alias) });
  }
  if (faults.length > 0) return { faults };
  try {
    return { document, aliases, value: document.toJS({ maxAliasCount: maxAliases }) as unknown };
  } catch {
    const message = `the aliases stand for more than ${maxAliases} values`;
    const offset = startOf([...aliases.keys()][0]);
    return { faults: [{ message, hint: "write values out instead of using aliases", offset }] };
  }
}

/** A token of the concrete syntax, as far as nesting goes. */
interface Nested {
  readonly offset?: number;
  readonly value?: unknown;
  readonly items?: readonly { readonly key?: unknown; readonly value?: unknown }[];
}

/** The offset of a part that lies deeper, found level by level, since recursion is what would fail. */
function deeperThan(tokens: readonly Nested[], depth: number): number | undefined {
  const isToken = (part: unknown): part is Nested => typeof part === "object" && part !== null;
  let level = tokens;
  for (let i = 0; i <= depth; i++) {
    level = level.flatMap(({ value, items = [] }) =>
      [value, ...items.flatMap((item) => [item.key, item.value])].filter(isToken),
    );
  }
  return level[0]?.offset;
}

/** Finds the text of an issue's value: the key of an unknown key and of a block, else the value itself. */
function offsetsIn(document: Document, aliases: Aliases): (issue: Issue) => number {
  const entriesOf = once((node: Node) => new Map(childrenOf(node)));
  return ({ code, path }) => {
    let place: Place = { key: undefined, value: document.contents ?? undefined };
    for (const [index, segment] of path.entries()) {
      const around: Node | undefined = isAlias(place.value)
        ? aliases.get(place.value)
        : place.value;
      const inside: Place | undefined =
        around === undefined ? undefined : entriesOf(around).get(String(segment));
      if (inside === undefined) break;
      place = inside;
      if (code === "unknown_key" && index === path.length - 1) return startOf(place.key);
    }
    const { key, value } = place;
    const isBlock = (isMap(value) || isSeq(value)) && value.flow !== true;
    return startOf((isBlock ? key : undefined) ?? value ?? key);
  };
}

/** A node and the key that it stands under. */
interface Place {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

function childrenOf(node: Node): (readonly [string, Place])[] {
  const nodeOf = (part: unknown): Node | undefined => (isNode(part) ? part : undefined);
  if (isSeq(node)) {
    return node.items.map((item, index) => [
      String(index),
      { key: undefined, value: nodeOf(item) },
    ]);
  }
  if (!isMap(node)) return [];
  return node.items.map(({ key, value }) => [
    String(isScalar(key) ? (key.value ?? "") : key),
    { key: nodeOf(key), value: nodeOf(value) },
  ]);
}

function hasAnchor(node: Node): node is Node & { readonly anchor: string } {
  return "anchor" in node && typeof node.anchor === "string";
}

function resolveAliases(document: Document): Aliases {
  const anchors = new Map<string, Node>();
  const aliases = new Map<Alias, Node | undefined>();
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) aliases.set(node, anchors.get(node.source));
      else if (hasAnchor(node)) anchors.set(node.anchor, node);
    },
  });
  return aliases;
}

function startOf(node: Node | undefined): number {
  return node?.range?.[0] ?? 0;
}
