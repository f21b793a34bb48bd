/** Progress for a person who waits: a line per step, and a bar, or lines, within a long one. */
import type { Writable } from "node:stream";

/** A function that reports a step; it does nothing without a stream. */
export function progressOn(stream: Writable | undefined): (step: string) => void {
  return (step) => {
    stream?.write(`· ${step}\n`);
  };
}

/** How far a long step is. */
export interface Meter {
  readonly update: (done: number, total: number) => void;
  /** Takes the bar away, so that what follows has its line. */
  readonly end: () => void;
}

/** Where a meter is shown. */
export type MeterStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Milliseconds before anything is shown, as most steps are done by then; between two bars; between two lines. */
const [patience, betweenBars, betweenLines] = [500, 100, 5000];

/**
 * A meter of things that are done: on a terminal a bar that is drawn over, elsewhere a line every five seconds.
 * @param things Their name, such as `files`.
 * @param stream Nothing is shown without one.
 * @param now Milliseconds. @default the system's clock
 */
export function meterOn(
  stream: MeterStream | undefined,
  things: string,
  now: () => number = () => performance.now(),
): Meter {
  if (stream === undefined) return { update: () => undefined, end: () => undefined };
  const isTerminal = stream.isTTY === true;
  let next = now() + (isTerminal ? patience : betweenLines);
  let isDrawn = false;
  return {
    update: (done, total) => {
      if (now() < next) return;
      next = now() + (isTerminal ? betweenBars : betweenLines);
      const count = `${done.toLocaleString("en")} of ${total.toLocaleString("en")} ${things}`;
      isDrawn = isTerminal;
      stream.write(isTerminal ? `\r${bar(done / total, count, stream.columns)}` : `· ${count}\n`);
    },
    end: () => {
      if (isDrawn) stream.write("\r\u001b[K");
      isDrawn = false;
    },
  };
}

/** `━━━━━━──── 480 of 800 files`, never wider than the terminal, since only one line can be drawn over. */
function bar(share: number, count: string, columns = 80): string {
  const width = Math.min(40, columns - count.length - 2);
  if (width < 5) return count.slice(0, columns - 1);
  const filled = Math.round(share * width);
  return `${"━".repeat(filled)}${"─".repeat(width - filled)} ${count}`;
}
