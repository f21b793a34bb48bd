/** Makes one call of each of many targets, several at a time, and prints a line of JSON for each: `node callMany.js '<question>'`. */
import { callerOf } from "./callTarget";
import { describe, printLine, question } from "./lines";

interface Question {
  readonly calls: readonly {
    readonly target: string;
    readonly headers?: Readonly<Record<string, string>>;
  }[];
  /** For each call. */
  readonly timeoutMs: number;
  readonly concurrency: number;
}

const { calls, timeoutMs, concurrency } = question<Question>("callMany");

async function make(index: number): Promise<void> {
  const { target, headers = {} } = calls[index]!;
  const caller = callerOf({ target, headers, newConnection: true });
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  const outcome = await caller.call(abort.signal).then(
    ({ status, body }) => ({ ...(status === undefined ? {} : { status }), text: body }),
    (error: unknown) => ({
      error: abort.signal.aborted ? `TIMEOUT no answer in ${timeoutMs} ms` : describe(error),
    }),
  );
  clearTimeout(timer);
  printLine({ index, ...outcome });
}

async function main(): Promise<void> {
  const waiting = calls.keys();
  const worker = async (): Promise<void> => {
    for (const index of waiting) await make(index);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  process.exit(0);
}

main().catch((error: unknown) => {
  process.stderr.write(`${describe(error)}\n`);
  process.exit(2);
});
