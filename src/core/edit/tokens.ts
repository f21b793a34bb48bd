/** Where the parts of a YAML text are, by the tokens that it was read from. */
import type { CST } from "yaml";

/** A map or a list as it is written. */
export type CollectionToken = CST.BlockMap | CST.BlockSequence | CST.FlowCollection;

/** An entry of a map or a list. */
export interface ItemPlace {
  /** Of its first character that is no space or comment: a key, an anchor, a dash. */
  readonly start: number;
  /** Behind its last character that is no space or comment. */
  readonly end: number;
}

/** A collection that was read from a text. */
export function collectionTokenOf(token: CST.Token | undefined): CollectionToken | undefined {
  switch (token?.type) {
    case "block-map":
    case "block-seq":
    case "flow-collection":
      return token;
    default:
      return undefined;
  }
}

/** The entries of a collection, in order. */
export function itemsOf(token: CollectionToken): readonly ItemPlace[] {
  return token.items.flatMap((item) => {
    const first = item.start.find(({ type }) => !isGap(type));
    const start = first?.offset ?? startOf(item.key ?? item.value) ?? item.sep?.[0]?.offset;
    const isComma = first === undefined && item.key == null && item.value === undefined;
    if (start === undefined || (isComma && item.sep === undefined)) return [];
    return [{ start, end: endOfItem(item) ?? start }];
  });
}

/** Offset of the bracket that closes a collection in brackets. */
export function closingBracket(token: CST.FlowCollection): number {
  const bracket = token.end.find(({ type }) => type.startsWith("flow-"));
  return bracket?.offset ?? token.offset;
}

function isGap(type: CST.SourceToken["type"]): boolean {
  return ["space", "newline", "comment", "comma"].includes(type);
}

function startOf(token: CST.Token | null | undefined): number | undefined {
  return token == null ? undefined : token.offset;
}

function endOfItem({ start, key, sep = [], value }: CST.CollectionItem): number | undefined {
  const marks = [...start, ...sep].filter(({ type }) => !isGap(type)).at(-1);
  const ends = [marks && marks.offset + marks.source.length, endOfToken(key), endOfToken(value)];
  return ends.reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined);
}

function endOfToken(token: CST.Token | null | undefined): number | undefined {
  switch (token?.type) {
    case "alias":
    case "scalar":
    case "single-quoted-scalar":
    case "double-quoted-scalar":
      return token.offset + token.source.length;
    case "block-scalar": {
      const header = token.props.reduce(
        (sum, prop) => sum + ("source" in prop ? prop.source.length : 0),
        0,
      );
      return (startOf(token.props[0]) ?? token.offset) + header + token.source.length;
    }
    case "flow-collection":
      return closingBracket(token) + 1;
    case "block-map":
    case "block-seq":
      return itemsOf(token).at(-1)?.end;
    default:
      return undefined;
  }
}
