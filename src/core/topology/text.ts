/** Text that pictures show, safe in whatever language they are written. */

/**
 * One line without control characters, halves of surrogate pairs and other code points that XML 1.0
 * doesn't allow even when escaped.
 */
export function plainText(text: string): string {
  return text
    .replace(/\p{Cs}/gu, "\uFFFD")
    .replace(/[\p{Cc}\u2028\u2029\uFFFE\uFFFF]+/gu, " ")
    .trim();
}
