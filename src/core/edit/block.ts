/**
 * Entries of maps and lists that stand on lines of their own. An entry has the comments on its lines and those
 * that follow it further in; a comment above an entry is nobody's, and stays.
 */
import type { CST } from "yaml";
import { endOfLine, lineEnd, lineStart, type Splice } from "./splice";
import { itemsOf, type ItemPlace } from "./tokens";

export type BlockToken = CST.BlockMap | CST.BlockSequence;

/** Spaces before the entries of a collection; `undefined` where one shares its line with something else. */
export function indentOfBlock(text: string, token: BlockToken): string | undefined {
  const indents = itemsOf(token).map(({ start }) => text.slice(lineStart(text, start), start));
  const [indent] = indents;
  return indents.every((one) => one === indent && one.trim() === "") ? indent : undefined;
}

/**
 * Adds lines behind the last entry, with an empty line before them where the entries have one between.
 * @param lines Without indentation and ends.
 */
export function appendToBlock(
  text: string,
  token: BlockToken,
  indent: string,
  lines: readonly string[],
): readonly Splice[] {
  const items = itemsOf(token);
  const last = items.at(-1);
  if (last === undefined) return [];
  const eol = endOfLine(text);
  const before = items.at(-2);
  const isSpaced = before !== undefined && hasEmptyLine(text, before.end, last.start);
  const added = [...(isSpaced ? [""] : []), ...lines.map((line) => `${indent}${line}`)];
  const at = behind(text, last, indent);
  const isOpen = at === text.length && !text.endsWith("\n");
  const insert = isOpen
    ? added.map((line) => `${eol}${line}`).join("")
    : added.map((line) => `${line}${eol}`).join("");
  return [{ at, remove: 0, insert }];
}

/** Takes an entry out with its lines, and one empty line that parted it from another. */
export function removeFromBlock(
  text: string,
  items: readonly ItemPlace[],
  indent: string,
  index: number,
): readonly Splice[] {
  const item = items[index];
  if (item === undefined) return [];
  let from = lineStart(text, item.start);
  let to = behind(text, item, indent);
  if (index > 0) {
    const above = lineStart(text, from - 1);
    if (from > 0 && isEmptyLine(text, above)) from = above;
  } else if (items.length > 1 && isEmptyLine(text, to)) to = lineEnd(text, to);
  // What ended without an end of line does so again.
  if (to === text.length && !text.endsWith("\n") && from > lineStart(text, 0))
    from -= text[from - 2] === "\r" ? 2 : 1;
  return [{ at: from, remove: to - from, insert: "" }];
}

/** The start of the line behind an entry and the comments that follow it further in. */
function behind(text: string, { end }: ItemPlace, indent: string): number {
  // A text in several lines (`|`) has the end of its last.
  let at = text[end - 1] === "\n" ? end : lineEnd(text, end);
  for (let next = at; next < text.length; next = lineEnd(text, next)) {
    const line = text.slice(next, lineEnd(text, next));
    const content = line.trimStart();
    if (content === "") continue;
    if (!content.startsWith("#") || line.length - content.length <= indent.length) break;
    at = lineEnd(text, next);
  }
  return at;
}

function hasEmptyLine(text: string, from: number, to: number): boolean {
  for (let at = lineEnd(text, from); at < to; at = lineEnd(text, at))
    if (isEmptyLine(text, at)) return true;
  return false;
}

function isEmptyLine(text: string, at: number): boolean {
  return at < text.length && text.slice(at, lineEnd(text, at)).trim() === "";
}
