/** Commands inside of the lab's pods. */
import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import { execCommand, userOf } from "./container";
import type { Pod } from "./pod";

const run = promisify(execFile);

/** Standard output of a command in a pod's container, as its user. @throws Error when the command fails */
export async function exec(
  pod: Pod,
  command: readonly string[],
  container?: string,
): Promise<string> {
  const [file, args] = await commandIn(pod, command, container);
  const { stdout } = await run(file, args, { maxBuffer: 2 ** 28 });
  return stdout;
}

/** Command line that runs a command in a running container of a pod, as its user. */
export async function commandIn(
  pod: Pod,
  command: readonly string[],
  container?: string,
): Promise<[string, readonly string[]]> {
  const { spec, running } = pod.container(container);
  const [file = "", ...args] = execCommand(await running.pid, userOf(pod.object, spec), command);
  return [file, args];
}

/** Calls that a pod makes. */
export interface CallSpec {
  /** `http://host:port/path`, `http2://…` (which is how gRPC looks to a proxy) or `tcp://host:port`. */
  readonly target: string;
  /** 0: until `stop` is called. @default 1 */
  readonly count?: number;
  /** @default 1 */
  readonly concurrency?: number;
  /** Milliseconds between starts. @default 0: one after the other */
  readonly intervalMs?: number;
  /** @default 3000 */
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What became of a call. */
export interface CallResult {
  /** When it began, milliseconds since 1970. */
  readonly at: number;
  readonly ms: number;
  readonly ok: boolean;
  readonly status?: number;
  readonly body?: any;
  readonly error?: string;
}

/** For calls none of which may fail: lost are those without an answer, not those that a busy machine is slow at. */
export const patient = { timeoutMs: 15_000 };

const defaults = { count: 1, concurrency: 1, timeoutMs: 3000, newConnection: true };

function callCommand(spec: CallSpec): readonly string[] {
  const program = "/opt/meshspan/out/lab/images/call.js";
  return ["/usr/local/bin/node", program, JSON.stringify({ ...defaults, ...spec })];
}

/** Makes calls from a pod whose image is one of the lab's own programs. */
export async function call(pod: Pod, spec: CallSpec): Promise<readonly CallResult[]> {
  return results(await exec(pod, callCommand(spec)));
}

/** One call. */
export async function callOnce(pod: Pod, target: string): Promise<CallResult> {
  const [result] = await call(pod, { target });
  if (result === undefined) throw new Error(`${target}: the call said nothing`);
  return result;
}

function results(text: string): readonly CallResult[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as CallResult);
}

/** Calls that go on until they are stopped. */
export class Calls {
  readonly results: CallResult[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #end: Promise<void>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("{")) this.results.push(JSON.parse(line) as CallResult);
    });
    this.#end = new Promise((resolve) => child.on("close", () => resolve()));
  }

  static async start(pod: Pod, spec: CallSpec): Promise<Calls> {
    const [file, args] = await commandIn(pod, callCommand({ ...spec, count: 0 }));
    return new Calls(spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] }));
  }

  /** Calls that failed. */
  get failed(): readonly CallResult[] {
    return this.results.filter(({ ok }) => !ok);
  }

  async stop(): Promise<readonly CallResult[]> {
    this.#child.stdin.end();
    await this.#end;
    return this.results;
  }
}
