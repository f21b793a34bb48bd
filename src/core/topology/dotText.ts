/** Strings in Graphviz's DOT language, each kind escaped as Graphviz reads it. */
import { plainText } from "./text";

/** An identifier: a quoted string in which nothing has a meaning but entities, where it is shown. */
export function quoted(text: string): string {
  const escaped = plainText(text)
    .replaceAll("&", "&amp;")
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"');
  return `"${escaped}"`;
}

/** Lines of a tooltip. Graphviz reads its escapes (`\N` is the node's name) twice over. */
export function tooltip(lines: readonly string[]): string {
  const escaped = lines.map((line) =>
    plainText(line).replaceAll("&", "&amp;").replaceAll("\\", "\\\\\\\\").replaceAll('"', '\\"'),
  );
  return `"${escaped.join("\\n")}"`;
}

/** Text of an HTML-like label (between `<` and `>`). Graphviz reads its escapes there too. */
export function html(text: string): string {
  return plainText(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\\", "\\\\");
}
