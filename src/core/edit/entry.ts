/** How a new entry is written: like the last of those that are there. */
import { isMap, isScalar, type Node, type Scalar, type YAMLMap } from "yaml";
import { formatYaml } from "../yaml";
import type { EditableCollection, NewEntry } from "./editableYaml";
import { lineStart } from "./splice";
import { itemsOf } from "./tokens";

/** Plain data of a new entry. */
export type Plain = string | number | boolean | readonly Plain[] | PlainMap;
export interface PlainMap extends Readonly<Record<string, Plain>> {}

interface Style {
  /** Keys and texts in double quotes, as in JSON. */
  readonly isJson: boolean;
  /** A space behind `{` and before `}`. */
  readonly isPadded: boolean;
}

/** `north: { gateway: { address: 203.0.113.30 } }`, or that on lines of its own. */
export function mapEntry(
  text: string,
  { node, token }: EditableCollection,
  key: string,
  value: Plain,
): NewEntry {
  const last = (node as YAMLMap).items.at(-1);
  const sample = isMap(last?.value) ? last.value : undefined;
  const style: Style = {
    isJson: token.type === "flow-collection" && isDoubleQuoted(last?.key),
    isPadded: !/^\{[^\s}]/.test(firstFlow(text, sample ?? (node as YAMLMap)) ?? "{ "),
  };
  const flow = `${scalarText(key, style)}: ${flowText(value, style)}`;
  const step = sample?.flow === true ? undefined : indentStep(text, last?.key, sample);
  if (step === undefined || typeof value !== "object" || Array.isArray(value))
    return { flow, lines: [flow] };
  return {
    flow,
    lines: [`${scalarText(key, style)}:`, ...linesOf(value as PlainMap, step, sample, style)],
  };
}

/** A text as an item of a list, quoted like the last and as far behind its dash. */
export function listItem(
  source: string,
  { node, token }: EditableCollection,
  text: string,
): NewEntry {
  const last = node.items.at(-1);
  const flow =
    isScalar(last) && last.type === "QUOTE_SINGLE"
      ? `'${text}'`
      : scalarText(text, { isJson: isDoubleQuoted(last), isPadded: true });
  const place = itemsOf(token).at(-1);
  const dash =
    place === undefined || !isScalar(last) ? "" : source.slice(place.start, offsets(last)[0]);
  return { flow, lines: [`${/^-\s+$/.test(dash) ? dash : "- "}${flow}`] };
}

/** `[v1, v2]`, for a cluster in a map. */
export function flowText(value: Plain, style: Style = { isJson: false, isPadded: true }): string {
  if (isList(value)) return `[${value.map((item) => flowText(item, style)).join(", ")}]`;
  if (typeof value !== "object") return scalarText(value, style);
  const entries = Object.entries(value).map(
    ([key, item]) => `${scalarText(key, style)}: ${flowText(item, style)}`,
  );
  const space = style.isPadded ? " " : "";
  return `{${space}${entries.join(", ")}${space}}`;
}

/** The keys of a map on a line each; a map in it is written as the sample has its own of that name. */
function linesOf(
  value: PlainMap,
  step: string,
  sample: YAMLMap | undefined,
  style: Style,
): readonly string[] {
  return Object.entries(value).flatMap(([key, item]) => {
    const name = scalarText(key, style);
    const like: unknown = sample?.get(key, true);
    if (typeof item === "object" && !isList(item) && isMap(like) && like.flow !== true)
      return [
        `${step}${name}:`,
        ...linesOf(item, step, like, style).map((line) => `${step}${line}`),
      ];
    return [`${step}${name}: ${flowText(item, style)}`];
  });
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}

function scalarText(value: string | number | boolean, { isJson }: Style): string {
  return isJson ? JSON.stringify(value) : formatYaml([value]).trimEnd();
}

function isDoubleQuoted(node: unknown): boolean {
  return isScalar(node) && node.type === "QUOTE_DOUBLE";
}

/** The text of the first map in brackets, to see how those are written. */
function firstFlow(text: string, map: YAMLMap): string | undefined {
  if (map.flow === true) return text.slice(...offsets(map));
  for (const { value } of map.items) {
    const found = isMap(value) ? firstFlow(text, value) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function offsets({ range }: Node): readonly [number, number] {
  return [range?.[0] ?? 0, range?.[1] ?? 0];
}

/** Spaces by which what is in an entry stands further in. */
function indentStep(text: string, key: unknown, sample: YAMLMap | undefined): string | undefined {
  const inner = sample?.items[0]?.key;
  if (!isScalar(key) || !isScalar(inner)) return undefined;
  const column = (node: Scalar) => {
    const [start] = offsets(node);
    return start - lineStart(text, start);
  };
  const step = column(inner) - column(key);
  return step > 0 ? " ".repeat(step) : undefined;
}
