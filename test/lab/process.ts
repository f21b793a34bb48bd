/** Programs that the lab runs, each with a log of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fchmodSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

export interface ProcessOptions {
  /** Where standard output and error go; appended to. */
  readonly log: string;
  /** @default this process' own */
  readonly env?: Readonly<Record<string, string>>;
  /** Has the child write to its descriptor 3. @default nothing listens there */
  readonly onInfo?: (text: string) => void;
}

/** A program that runs, or ran. */
export class Process {
  readonly name: string;
  readonly log: string;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;
  #isRunning = true;

  constructor(name: string, command: readonly string[], options: ProcessOptions) {
    this.name = name;
    this.log = options.log;
    mkdirSync(dirname(options.log), { recursive: true });
    const log = openSync(options.log, "a");
    // Proxies open /dev/stdout again, as users of their own.
    fchmodSync(log, 0o666);
    const [file = "", ...args] = command;
    const info = options.onInfo === undefined ? ("ignore" as const) : ("pipe" as const);
    this.#child = spawn(file, args, {
      stdio: ["ignore", log, log, info],
      env: options.env ?? process.env,
      // Ctrl-C is the lab's: it ends its processes in their order.
      detached: true,
    });
    closeSync(log);
    if (options.onInfo !== undefined) {
      const { onInfo } = options;
      const pipe = this.#child.stdio[3] as NodeJS.ReadableStream;
      pipe.setEncoding("utf8");
      pipe.on("data", onInfo);
    }
    this.exit = new Promise((resolve) => {
      const end = (result: number | NodeJS.Signals) => {
        this.#isRunning = false;
        resolve(result);
      };
      this.#child.on("error", () => end(127));
      this.#child.on("exit", (code, signal) => end(signal ?? code ?? 0));
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#isRunning) this.#child.kill(signal);
  }

  /** Ends it, and waits until it has. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exit;
  }

  /** The last lines that it wrote. */
  lastLines(count = 12): string {
    return readFileSync(this.log, "utf8").trimEnd().split("\n").slice(-count).join("\n");
  }
}
