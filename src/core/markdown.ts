/** Texts that are safe inside of Markdown: whatever a name is, it can't leave its cell, link, or call anybody. */
import { printable } from "./words";

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
