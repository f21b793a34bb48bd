/** Ctrl-C, and what ends a job: work that has files open comes to an end in good order. */
import { constants } from "node:os";
import { Failure } from "./failure";

/** The first ends the work after the file that it is at; one more ends the process at once. */
const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * Runs work that ends when its signal is aborted.
 * @throws Failure when it was, with the exit code that shells give to what a signal ended: 130 for Ctrl-C.
 */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const handlers = signals.map((name) => {
    const handler = (): void => ended.abort(interruption(name));
    process.once(name, handler);
    return { name, handler };
  });
  try {
    return await run(ended.signal);
  } finally {
    for (const { name, handler } of handlers) process.off(name, handler);
  }
}

function interruption(name: (typeof signals)[number]): Failure {
  const message = `interrupted by ${name}`;
  const hint = "what is written is whole; run it again for the rest";
  return new Failure(
    [{ code: "interrupted", path: [], message, hint }],
    128 + constants.signals[name],
  );
}
