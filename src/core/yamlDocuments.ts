/** YAML in: the documents of a text, each with its value or its faults, and the places of its parts. */
import {
  type Alias,
  Composer,
  type Document,
  type ErrorCode,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Scalar,
  type YAMLError,
} from "yaml";
import { type PathSegment, show } from "./issues";
import { once } from "./once";
import { isOverrun, type Overrun, readTokens } from "./yamlTokens";

/** A place in a text; lines and columns count from 1. */
export interface Position {
  /** Number of the line. */
  readonly line: number;
  /** Place in the line, in UTF-16 code units. */
  readonly column: number;
}

/** What is wrong with the YAML itself. */
export interface YamlFault {
  readonly message: string;
  readonly hint: string;
  readonly position: Position;
}

/** One document of a text. */
export interface YamlDocument {
  /** Plain data; `undefined` where there are faults. */
  readonly value: unknown;
  /** In the order of the text. Of what is broken the first place alone: what comes after may only follow. */
  readonly faults: readonly YamlFault[];
  /** What a reader has to guess, such as tags that it doesn't know. */
  readonly warnings: readonly YamlFault[];
  /** What the value was made of; `undefined` where there is no telling. */
  readonly source: YamlSource | undefined;
  /** Of the document itself, a "---" in front of it included. */
  readonly start: Position;
  /**
   * The place of the value at a path, or of the nearest part around it: of a block, its key.
   * @param isKey Whether the key of the path's last step is meant. @default false
   */
  readonly positionOf: (path: readonly PathSegment[], isKey?: boolean) => Position;
}

/** A document as nodes. */
export interface YamlSource {
  readonly document: Document;
  readonly aliases: Aliases;
}

/** How a text is read. */
export interface ReadOptions {
  /** Whether nodes have the tokens that they were made of, for an edit. @default false */
  readonly keepSourceTokens?: boolean;
}

/** One anchor may be used by every part of a large document; anchors of anchors multiply beyond that. */
const maxAliases = 10_000;

/** What to do about the faults that people make most; the parser's messages are in YAML's own words. */
const mends: Readonly<Partial<Record<ErrorCode, string>>> = {
  TAB_AS_INDENT: "indent with spaces",
  BAD_INDENT: "indent it as the lines beside it",
  MULTILINE_IMPLICIT_KEY: "put a colon and a space after the key, or end the quotes",
};

function mendOf(code: ErrorCode): string {
  return `${mends[code] ?? "mend the YAML"}; the rest is checked after that`;
}

/** The documents of a text one by one, so that a large file is never in memory whole. There is at least one. */
export function* readYamlDocuments(
  text: string,
  { keepSourceTokens = false }: ReadOptions = {},
): Generator<YamlDocument> {
  const lineCounter = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  // The core schema alone, whatever a %YAML directive or a tag asks for: no dates, sets or binary values.
  const composer = new Composer({
    schema: "core",
    resolveKnownTags: false,
    prettyErrors: false,
    // The composer compares each key with all before it; `repeatedKeys` looks them up.
    uniqueKeys: false,
    keepSourceTokens,
  });
  let hasOverrun = false;
  for (const token of readTokens(text, lineCounter.addNewLine)) {
    if (isOverrun(token)) {
      hasOverrun = true;
      yield* [...composer.end()].map((document) => toYamlDocument(document, positionAt));
      yield unreadable(token, positionAt(token.offset));
      continue;
    }
    for (const document of composer.next(token)) yield toYamlDocument(document, positionAt);
  }
  for (const document of composer.end(!hasOverrun, text.length))
    yield toYamlDocument(document, positionAt);
}

function unreadable({ message, hint }: Overrun, position: Position): YamlDocument {
  const faults = [{ message, hint, position }];
  return {
    ...{ value: undefined, faults, warnings: [], source: undefined, start: position },
    positionOf: () => position,
  };
}

/** The value that each alias stands for: the last with that anchor before it. */
export type Aliases = ReadonlyMap<Alias, Node | undefined>;

type PositionAt = (offset: number) => Position;

/** An error or a warning of the composer. */
type Complaint = Pick<YAMLError, "code" | "message" | "pos">;

function toYamlDocument(document: Document.Parsed, positionAt: PositionAt): YamlDocument {
  const toFault = ({ code, message, pos }: Complaint): YamlFault => ({
    message: message.replace(/\s+/g, " ").replace(/[.:]$/, ""),
    hint: mendOf(code),
    position: positionAt(pos[0]),
  });
  const found = inspect(document);
  const { aliases } = found;
  const { value, faults } = valueOf(document, found, toFault, positionAt);
  const offsetOf = offsetsIn(document, aliases);
  return {
    value,
    faults,
    warnings: document.warnings.map(toFault),
    source: { document, aliases },
    start: positionAt(document.range[0]),
    positionOf: (path, isKey = false) => positionAt(offsetOf(path, isKey)),
  };
}

function valueOf(
  document: Document.Parsed,
  { aliases, repeatedKeys, collectionKeys }: Findings,
  toFault: (complaint: Complaint) => YamlFault,
  positionAt: PositionAt,
): Pick<YamlDocument, "value" | "faults"> {
  const fail = (...faults: readonly YamlFault[]) => ({ value: undefined, faults });
  const [first, ...others] = document.errors;
  if (first !== undefined)
    return fail(toFault(others.reduce((a, b) => (b.pos[0] < a.pos[0] ? b : a), first)));
  const dangling = [...aliases].flatMap(([alias, meant]): readonly YamlFault[] => {
    if (meant !== undefined) return [];
    const message = `there is no anchor "${alias.source}" before this alias`;
    const hint = `put &${alias.source} before the value that is meant`;
    return [{ message, hint, position: positionAt(startOf(alias)) }];
  });
  const faults = [
    ...repeatedKeys.slice(0, maxRepeatedKeys).map((key) => ({
      message: `the key ${show(key.value)} is there twice`,
      hint: "remove one of them, or give it another name",
      position: positionAt(startOf(key)),
    })),
    ...dangling,
    ...collectionKeys.slice(0, 1).map((key) => ({
      message: "a map or a list is a key here",
      hint: "put what begins with a bracket in quotes",
      position: positionAt(startOf(key)),
    })),
  ];
  if (faults.length > 0) return fail(...faults);
  try {
    return { value: document.toJS({ maxAliasCount: maxAliases }) as unknown, faults: [] };
  } catch {
    const message = `the aliases stand for more than ${maxAliases} values`;
    const position = positionAt(startOf([...aliases.keys()][0]));
    return fail({ message, hint: "write values out instead of using aliases", position });
  }
}

/** More than these nobody mends one by one. */
const maxRepeatedKeys = 100;

/** What the composer doesn't look at, or not fast enough. */
interface Findings {
  readonly aliases: Aliases;
  /** Keys that their map has already. */
  readonly repeatedKeys: readonly Scalar[];
  /** Keys that no JSON has, and so no plain data: what `{{ name }}` is, where it isn't in quotes. */
  readonly collectionKeys: readonly Node[];
}

/** One walk over all nodes, in the order of the text. The library's own makes a path for each, and takes as long as the parse. */
function inspect(document: Document): Findings {
  const anchors = new Map<string, Node>();
  const aliases = new Map<Alias, Node | undefined>();
  const repeatedKeys: Scalar[] = [];
  const collectionKeys: Node[] = [];
  const lookAt = (node: unknown): void => {
    if (!isNode(node)) return;
    if (isAlias(node)) aliases.set(node, anchors.get(node.source));
    else if (hasAnchor(node)) anchors.set(node.anchor, node);
    if (isSeq(node)) node.items.forEach(lookAt);
    else if (isMap(node)) {
      const known = new Set<unknown>();
      for (const { key, value } of node.items) {
        if (isCollection(key)) collectionKeys.push(key);
        else if (isScalar(key)) {
          if (known.has(key.value)) repeatedKeys.push(key);
          known.add(key.value);
        }
        lookAt(key);
        lookAt(value);
      }
    }
  };
  lookAt(document.contents);
  return { aliases, repeatedKeys, collectionKeys };
}

function offsetsIn(
  document: Document,
  aliases: Aliases,
): (path: readonly PathSegment[], isKey: boolean) => number {
  const entriesOf = once((node: Node) => new Map(childrenOf(node)));
  return (path, isKey) => {
    let place: Place = { key: undefined, value: document.contents ?? undefined };
    for (const [index, segment] of path.entries()) {
      const around: Node | undefined = isAlias(place.value)
        ? aliases.get(place.value)
        : place.value;
      const inside: Place | undefined =
        around === undefined ? undefined : entriesOf(around).get(String(segment));
      if (inside === undefined) break;
      place = inside;
      if (isKey && index === path.length - 1) return startOf(place.key);
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

function startOf(node: Node | undefined): number {
  return node?.range?.[0] ?? 0;
}
