/** Progress for a person who waits: a line per step. */
import type { Writable } from "node:stream";

/** A function that reports a step; it does nothing without a stream. */
export function progressOn(stream: Writable | undefined): (step: string) => void {
  return (step) => {
    stream?.write(`· ${step}\n`);
  };
}
