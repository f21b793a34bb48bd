/** Makes calls from inside a pod, and prints a line of JSON for each as it ends: `node call.js '<question>'`. */
import { setMaxListeners } from "node:events";
import { fstatSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { callerOf, type Caller } from "./callTarget";
import { describe, printLine, question } from "./lines";

interface Question {
  /** `http://host:port/path`, `http2://host:port/path` or `tcp://host:port`. */
  readonly target: string;
  /** Zero: until SIGTERM, or until standard input ends where that's a pipe. @default 1 */
  readonly count?: number;
  /** Calls under way at a time. @default 1 */
  readonly concurrency?: number;
  /** Milliseconds from the start of a call to that of the next, at least. @default 0 */
  readonly intervalMs?: number;
  /** @default 3000 */
  readonly timeoutMs?: number;
  /** `host` is what HTTP/2 calls its authority. */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default true */
  readonly newConnection?: boolean;
}

const {
  count = 1,
  concurrency = 1,
  intervalMs = 0,
  timeoutMs = 3_000,
  ...asked
} = question<Question>("call");

async function callOnce(caller: Caller): Promise<void> {
  const at = Date.now();
  const began = performance.now();
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  const outcome = await caller.call(abort.signal).then(
    ({ status, body }) => ({
      ok: status === undefined || (status >= 200 && status < 300),
      ...(status === undefined ? {} : { status }),
      body: parsed(body),
    }),
    (error: unknown) => ({
      ok: false,
      error: abort.signal.aborted ? `TIMEOUT no answer in ${timeoutMs} ms` : describe(error),
    }),
  );
  clearTimeout(timer);
  printLine({ at, ms: Math.round((performance.now() - began) * 10) / 10, ...outcome });
}

/** The proxies' own answers are text. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

/** Aborted when there are to be no more calls. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  // Each call that waits for its turn listens.
  setMaxListeners(concurrency, stop.signal);
  process.once("SIGTERM", () => stop.abort());
  const input = fstatSync(0);
  if (count === 0 && (input.isFIFO() || input.isSocket()))
    process.stdin.once("end", () => stop.abort()).resume();
  return stop.signal;
}

async function main(): Promise<void> {
  const caller = callerOf({
    target: asked.target,
    headers: asked.headers ?? {},
    newConnection: asked.newConnection ?? true,
  });
  const stop = stopSignal();
  const isOver = (): boolean => stop.aborted;
  let started = 0;
  let next = performance.now();
  const worker = async (): Promise<void> => {
    while (!isOver() && (count === 0 || started < count)) {
      started++;
      const wait = next - performance.now();
      next = Math.max(next, performance.now()) + intervalMs;
      if (wait > 0) await sleep(wait, undefined, { signal: stop }).catch(() => undefined);
      if (!isOver()) await callOnce(caller);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  caller.close();
  // Standard input may be open still.
  process.exit(0);
}

main().catch((error: unknown) => {
  process.stderr.write(`${describe(error)}\n`);
  process.exit(2);
});
