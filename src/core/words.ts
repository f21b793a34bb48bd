/** Counts in words, the order of words, and words that can be shown. */

/** `1 call`, `2 calls`; a plural that isn't made with an s is given. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** By code units: the same everywhere, whatever the machine's language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Lines for a terminal: line ends, tabs and colours stay, and what else steers it is written as `\u{1b}`. */
export function printableLines(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}](?:\[[\d;]*m)?/gu, (found) =>
    /^[\n\t]/.test(found) || found.startsWith("\u001b[") ? found : printable(found),
  );
}

/** A text without characters that steer a terminal or turn the direction of writing; those are written as `\u{1b}`. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** `203.0.113.20:15443`, `[2001:db8::1]:15443` (RFC 3986). */
export function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
