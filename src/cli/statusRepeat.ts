/** Looks that are repeated: until all is fine, or until somebody has seen enough. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { counted } from "../core/words";
import { print } from "./output";
import { statusReport, type StatusReportOptions } from "./statusReport";
import type { StatusData } from "./statusSchema";

type Look = () => Promise<StatusData>;

/** Milliseconds between looks while somebody waits. */
const waitInterval = 2000;
/** Milliseconds between looks while somebody watches. */
const watchInterval = 5000;

/**
 * Looks until there is no error, or the time is over. @returns the last look
 * @param say Told what is still missing, whenever that changes.
 */
export async function lookUntilFine(
  look: Look,
  seconds: number,
  say: (line: string) => void,
): Promise<StatusData> {
  const end = performance.now() + seconds * 1000;
  let said = "";
  for (;;) {
    const data = await look();
    if (data.ok || performance.now() + waitInterval > end) return data;
    const errors = errorsOf(data);
    const [first = ""] = errors;
    const more = errors.length > 1 ? ` (and ${counted(errors.length - 1, "other")})` : "";
    const line = `${first}${more}`;
    if (line !== said) say(`· waiting for ${line}`);
    said = line;
    await sleep(waitInterval);
  }
}

/** Lines of errors that follow from no other. */
function errorsOf({ findings }: StatusData): readonly string[] {
  return findings
    .filter(({ state, because }) => state === "error" && because === undefined)
    .map(({ cluster, subject, message }) => `${cluster}: ${subject}: ${message}`);
}

export interface WatchOptions extends StatusReportOptions {
  readonly output: "text" | "json";
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Looks until it's ended. A terminal is drawn anew; elsewhere what comes and goes is a line each, or a document. */
export async function watch(
  look: Look,
  { output, signal, ...options }: WatchOptions,
): Promise<void> {
  let before: ReadonlySet<string> | undefined;
  let printed = "";
  const ended = once(signal, "abort");
  while (!signal.aborted) {
    const data = await Promise.race([look(), ended]);
    if (Array.isArray(data)) return;
    if (output === "json") {
      const text = JSON.stringify(data);
      // A call's milliseconds are no change.
      const state = JSON.stringify(linesOf(data));
      if (state !== printed) await print(`${text}\n`);
      printed = state;
    } else if (process.stdout.isTTY) {
      const text = statusReport(data, options).text();
      await print(
        `\u001b[H\u001b[2J${text}\nCtrl-C ends it; looked at ${new Date().toLocaleTimeString()}\n`,
      );
    } else if (before === undefined) {
      await print(statusReport(data, options).text());
    } else {
      await print(changedLines(before, new Set(linesOf(data))));
    }
    before = new Set(linesOf(data));
    await sleep(watchInterval, undefined, { signal }).catch(() => undefined);
  }
}

/** What isn't fine and follows from nothing else. */
function linesOf({ findings }: StatusData): readonly string[] {
  return findings
    .filter(({ state, because }) => state !== "ok" && because === undefined)
    .map(
      ({ cluster, state, subject, code, message }) =>
        `${cluster} ${state} ${subject}: ${message} [${code}]`,
    );
}

function changedLines(before: ReadonlySet<string>, now: ReadonlySet<string>): string {
  const time = new Date().toISOString().slice(11, 19);
  const gone = [...before].filter((line) => !now.has(line)).map((line) => `${time} - ${line}\n`);
  const come = [...now].filter((line) => !before.has(line)).map((line) => `${time} + ${line}\n`);
  return [...gone, ...come].join("");
}
