/** YAML out: values as Kubernetes tools read them. */
import { Document, stringify } from "yaml";
import { type StringifyContext, stringifyString } from "yaml/util";

/** What stands between two documents. */
export const documentSeparator = "---\n";

const options = { compat: "yaml-1.1", lineWidth: 0, aliasDuplicateObjects: false } as const;

/**
 * YAML documents of values, separated by `---`. Texts that YAML 1.1 takes for something else, such as
 * `yes`, `010` or `12:30`, are quoted: that is what kubectl, Helm and Argo CD read. Long texts are not
 * folded, and nothing is an alias.
 */
export function formatYaml(values: readonly unknown[]): string {
  return values.map(formatDocument).join(documentSeparator);
}

/**
 * `yaml` makes a node of each value before it writes any, which takes 30 times as long as the writing. Of plain data, blocks
 * are laid out here as it lays them out, and it writes the scalars, which is where a YAML can go wrong. All else is
 * left to it as a whole.
 */
function formatDocument(value: unknown): string {
  if (!isPlain(value)) return stringify(value, options);
  const parts: string[] = [];
  addValue(value, "", parts);
  parts.push("\n");
  // Joined, it is one text in memory, which is copied at once wherever it goes.
  return parts.join("");
}

type Plain = string | number | boolean | null | readonly Plain[] | PlainMap;
interface PlainMap {
  readonly [key: string]: Plain | undefined;
}

/** Whether a value is as JSON has it, with keys on one line each. */
function isPlain(value: unknown): value is Plain {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      return value === null || Array.isArray(value)
        ? value === null || value.every(isPlain)
        : isPlainMap(value);
    default:
      return false;
  }
}

/** Characters of a key that is still written in front of its value. */
const maxKeyLength = 200;

function isPlainMap(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.entries(value).every(
    ([key, item]) =>
      key !== "toJSON" && key.length <= maxKeyLength && (item === undefined || isPlain(item)),
  );
}

function addValue(value: Plain, indent: string, parts: string[]): void {
  if (typeof value === "string") parts.push(formatText(value, indent, texts));
  else if (typeof value !== "object" || value === null)
    parts.push(Object.is(value, -0) ? "-0" : String(value));
  else if (isList(value)) addList(value, indent, parts);
  else addMap(value, indent, parts);
}

function addList(list: readonly Plain[], indent: string, parts: string[]): void {
  if (list.length === 0) parts.push("[]");
  let start = "- ";
  for (const item of list) {
    parts.push(start);
    addValue(item, `${indent}  `, parts);
    start = `\n${indent}- `;
  }
}

function addMap(map: PlainMap, indent: string, parts: string[]): void {
  if (!hasValues(map)) parts.push("{}");
  const below = `${indent}  `;
  let start = "";
  for (const [key, value] of Object.entries(map)) {
    if (value === undefined) continue;
    const isBlock =
      typeof value === "object" &&
      value !== null &&
      (isList(value) ? value.length > 0 : hasValues(value));
    parts.push(start, formatText(key, below, keys), isBlock ? `:\n${below}` : ": ");
    addValue(value, below, parts);
    start = `\n${indent}`;
  }
}

function isList(value: readonly Plain[] | PlainMap): value is readonly Plain[] {
  return Array.isArray(value);
}

function hasValues(map: PlainMap): boolean {
  return Object.values(map).some((value) => value !== undefined);
}

/** How a text is written where it stands alone, or as a key. */
interface Scalars {
  readonly context: StringifyContext;
  /** Texts on one line are written the same at any depth, and most of them come many times. */
  readonly known: Map<string, string>;
}

const [texts, keys] = [scalars(false), scalars(true)];

/** Texts that are remembered; a mesh of thousands of services has fewer. */
const maxKnown = 100_000;

function formatText(text: string, indent: string, { context, known }: Scalars): string {
  const found = known.get(text);
  if (found !== undefined) return found;
  const written = stringifyString({ value: text }, { ...context, indent });
  // Those that look like a document's marker depend on where they stand.
  if (text.length > 300 || /\n|^(?:%|---|\.\.\.)/.test(text)) return written;
  if (known.size >= maxKnown) known.clear();
  known.set(text, written);
  return written;
}

function scalars(implicitKey: boolean): Scalars {
  const context: StringifyContext = {
    actualString: true,
    anchors: new Set(),
    doc: new Document(null, options),
    flowCollectionPadding: " ",
    implicitKey,
    indent: "",
    indentStep: "  ",
    inFlow: null,
    // Their defaults, as `stringify` has them.
    options: {
      blockQuote: true,
      commentString: (comment) => comment,
      defaultKeyType: null,
      defaultStringType: "PLAIN",
      directives: null,
      doubleQuotedAsJSON: false,
      doubleQuotedMinMultiLineLength: 40,
      falseStr: "false",
      flowCollectionPadding: true,
      indentSeq: true,
      lineWidth: options.lineWidth,
      minContentWidth: 20,
      nullStr: "null",
      simpleKeys: false,
      singleQuote: null,
      trailingComma: false,
      trueStr: "true",
      verifyAliasOrder: true,
    },
  };
  return { context, known: new Map() };
}
