/** Texts that are safe inside of Markdown: whatever a name is, it can't leave its cell, link, or call anybody. */
import { printable } from "./rows";

/** A text as Markdown that shows it as it is, on one line. */
export function escapeMarkdown(text: string): string {
  return parted(
    printable(text.replace(/\s+/g, " ")).replace(/[\\`*_[\]<>|~$&]/g, (found) => `\\${found}`),
  );
}

/**
 * A text as a code span of GitHub's Markdown, inside of a table too. A table is cut at "|" before code is looked for, so
 * a text that has one is plain.
 */
export function codeSpan(text: string): string {
  if (text.includes("|")) return escapeMarkdown(text);
  const shown = printable(text.replace(/\s+/g, " "));
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = /^`|`$|^ .* $/.test(shown) ? " " : "";
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** A text inside of an HTML element. */
export function escapeHtml(text: string): string {
  return parted(
    printable(text.replace(/\s+/g, " ")).replace(
      /[&<>"'`*_[\]\\|~$]/g,
      (character) => `&#x${character.charCodeAt(0).toString(16)};`,
    ),
  );
}

/**
 * Mentions, references to issues and addresses are found in the text that is shown, whatever is escaped; a comment inside
 * parts them.
 */
function parted(text: string): string {
  return text.replace(
    /@|#(?=\d)|\bGH-(?=\d)|\b(?:https?|ftp):|\bwww(?=\.)/gi,
    (found) => `${found}<!-- -->`,
  );
}

/** What a row stands for, should it be left out. */
export interface Row {
  readonly text: string;
  readonly changes?: number;
  readonly objects?: number;
}

/** Rows between an opening and a closing, which are there only with a row. */
export interface Section {
  readonly opening: string;
  readonly rows: readonly Row[];
  readonly closing: string;
}

/**
 * Writes as many rows as there is room for, and says at the end how much was left out. Sections that have a row have their
 * closing too, so that no table or fold stays open.
 */
export function writeBounded(
  head: string,
  sections: readonly Section[],
  maxLength: number,
  note: (changes: number, objects: number) => string,
): string {
  const sum = (kind: "changes" | "objects") =>
    sections.reduce(
      (all, { rows }) => all + rows.reduce((total, row) => total + (row[kind] ?? 0), 0),
      0,
    );
  // No note is longer than the one of everything.
  const room = maxLength - note(sum("changes"), sum("objects")).length;
  const parts = [head];
  let length = head.length;
  let changes = 0;
  let objects = 0;
  let isFull = false;
  for (const { opening, rows, closing } of sections) {
    let isOpen = false;
    for (const row of rows) {
      const cost = row.text.length + (isOpen ? 0 : opening.length + closing.length);
      // Once full, what is less important doesn't slip in.
      if (isFull || length + cost > room) {
        isFull = true;
        changes += row.changes ?? 0;
        objects += row.objects ?? 0;
        continue;
      }
      parts.push(isOpen ? row.text : opening + row.text);
      isOpen = true;
      length += cost;
    }
    if (isOpen) parts.push(closing);
  }
  return parts.join("") + (isFull ? note(changes, objects) : "");
}
