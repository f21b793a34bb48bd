/** The log that all stand-ins share: one line of JSON for each thing done, and faults injected by counting them. */
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";

export interface Operation {
  /** Place in the log, from 1, over all plugins and all runs of the engine that share the log. */
  readonly sequence: number;
  readonly plugin: string;
  readonly operation: "create" | "update" | "delete" | "read";
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly phase: "done" | "failed";
  /** Why it failed, in a word; never a value, which could be secret. */
  readonly message?: string;
  /** Whether anything was changed: of what failed, objects that were made and didn't become ready. */
  readonly performed: boolean;
  /** Process id of the engine that asked for it. */
  readonly engine: number;
}

type Line = Omit<Operation, "sequence"> & { readonly key: string };

let written = 0;

/**
 * Appends a line, then kills the engine if this was the operation of the number in MESHSPAN_STANDIN_KILL_AT: the n-th create,
 * update or delete that this run of the engine has had performed. It's never answered.
 */
export function record(operation: Omit<Operation, "sequence" | "engine">): void {
  const log = process.env.MESHSPAN_STANDIN_LOG;
  if (log === undefined || log === "") return;
  const line: Line = { ...operation, engine: process.ppid, key: `${process.pid}-${++written}` };
  // Appends to a local file are atomic, so the order of lines is the same for all who read them.
  appendFileSync(log, `${JSON.stringify(line)}\n`, { flag: "a" });
  const killAt = Number(process.env.MESHSPAN_STANDIN_KILL_AT ?? "0");
  if (killAt > 0 && isCounted(line) && ordinal(log, line) === killAt) killEngine();
}

function isCounted(line: Line): boolean {
  return line.performed && line.operation !== "read";
}

function ordinal(log: string, line: Line): number {
  const counted = lines(log).filter((other) => isCounted(other) && other.engine === line.engine);
  return counted.findIndex((other) => other.key === line.key) + 1;
}

/** Kills the engine as a power cut would, and this plugin with it. */
function killEngine(): never {
  const engine = process.ppid;
  const name = execFileSync("ps", ["-o", "comm=", "-p", String(engine)], { encoding: "utf8" });
  if (!/(^|\/)pulumi\s*$/.test(name)) {
    console.error(`the parent of this stand-in is ${name.trim()}, not the engine: it isn't killed`);
    process.exit(3);
  }
  process.kill(engine, "SIGKILL");
  process.exit(0);
}

/** What the stand-ins have done up to now. */
export function operationsOf(log: string): Operation[] {
  return lines(log).map(({ key, ...line }, index) => ({ sequence: index + 1, ...line }));
}

function lines(log: string): Line[] {
  if (!existsSync(log)) return [];
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}
