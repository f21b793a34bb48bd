/** A difference in words. */
import type { MeshDiff } from "./change";
import { formatDiffMarkdown, maxComment } from "./formatMarkdown";
import { type DiffPart, formatDiffText } from "./formatText";

/** `text` for a terminal, `markdown` for a comment on a pull request. The data itself is JSON. */
export const diffFormats = ["text", "markdown"] as const;
/** A form of a difference in words. */
export type DiffFormat = (typeof diffFormats)[number];

/** Options of `formatDiff`. */
export interface FormatDiffOptions {
  /**
   * Most characters that the Markdown has; what is left out is counted. Not below 1,000.
   * @default 65536, GitHub's limit of a comment
   */
  readonly maxLength?: number;
  /**
   * Colours a part of the text.
   * @default leaves it as it is
   */
  readonly paint?: (part: DiffPart, text: string) => string;
}

/** A difference in words. Whatever names and values are, they break neither a terminal nor Markdown. */
export function formatDiff(
  diff: MeshDiff,
  format: DiffFormat,
  { maxLength = maxComment, paint = (_, text) => text }: FormatDiffOptions = {},
): string {
  switch (format) {
    case "text":
      return formatDiffText(diff, paint);
    case "markdown":
      return formatDiffMarkdown(diff, Math.max(maxLength, 1000));
  }
}
