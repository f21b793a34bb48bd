/** Entries of maps and lists in brackets, on one line or each on its own. */
import type { CST } from "yaml";
import { endOfLine, lineEnd, lineStart, type Splice } from "./splice";
import { closingBracket, itemsOf, type ItemPlace } from "./tokens";

/** Adds an entry behind the last. */
export function appendToFlow(
  text: string,
  token: CST.FlowCollection,
  entry: string,
): readonly Splice[] {
  const last = itemsOf(token).at(-1);
  if (last === undefined) return [{ at: token.offset + 1, remove: 0, insert: entry }];
  const close = closingBracket(token);
  if (!hasOwnLines(text, last, close)) return [{ at: last.end, remove: 0, insert: `, ${entry}` }];
  const comma = commaIn(text, last.end, close);
  const indent = text.slice(lineStart(text, last.start), last.start);
  const end = comma === undefined ? "" : ",";
  return [
    ...(comma === undefined ? [{ at: last.end, remove: 0, insert: "," }] : []),
    {
      at: lineEnd(text, comma ?? last.end),
      remove: 0,
      insert: `${indent}${entry}${end}${endOfLine(text)}`,
    },
  ];
}

/**
 * Takes an entry out, and the comma that parted it from another.
 * @param close Offset of the closing bracket.
 */
export function removeFromFlow(
  text: string,
  items: readonly ItemPlace[],
  close: number,
  index: number,
): readonly Splice[] {
  const [before, item, after] = [items[index - 1], items[index], items[index + 1]];
  if (item === undefined) return [];
  const next = after?.start ?? close;
  const comma = commaIn(text, item.end, next);
  // The last entry has no comma behind it, or one that closes the list; without it, the one before is the last.
  const commaBefore =
    before === undefined || after !== undefined || comma !== undefined
      ? undefined
      : commaIn(text, before.end, item.start);
  const dropComma = commaBefore === undefined ? [] : [{ at: commaBefore, remove: 1, insert: "" }];
  if (hasOwnLines(text, item, next)) {
    const from = lineStart(text, item.start);
    return [
      ...dropComma,
      { at: from, remove: lineEnd(text, comma ?? item.end) - from, insert: "" },
    ];
  }
  if (before !== undefined && !text.slice(before.end, item.start).includes("#"))
    return [{ at: before.end, remove: item.end - before.end, insert: "" }];
  // A comment stands between; or it's the first.
  const end = comma === undefined ? item.end : comma + 1;
  const gap = after !== undefined && text.slice(end, next).trim() === "" ? next - end : 0;
  return [...dropComma, { at: item.start, remove: end - item.start + gap, insert: "" }];
}

/** Whether nothing but the entry, its comma and a comment is on its lines. */
function hasOwnLines(text: string, { start, end }: ItemPlace, next: number): boolean {
  return (
    text.slice(lineStart(text, start), start).trim() === "" &&
    lineEnd(text, commaIn(text, end, next) ?? end) <= lineStart(text, next)
  );
}

/** The comma between two offsets, where there is nothing but space and comments. */
export function commaIn(text: string, from: number, to: number): number | undefined {
  for (let at = from; at < to; at++) {
    if (text[at] === "#") at = lineEnd(text, at) - 1;
    else if (text[at] === ",") return at;
  }
  return undefined;
}
