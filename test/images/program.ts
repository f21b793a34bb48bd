/** Programs of the lab's images, run on this machine. */
import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { compileImages } from "../lab/compileImages";

/** Inside the repository, where the packages that they need are found; not the lab's own, which may be in use. */
const folder = compileImages(resolve(__dirname, "../../out/test/images"));

const running = new Set<Program>();
const servers = new Set<Server>();

export type Line = Readonly<Record<string, any>>;

/** A program and what it has written. */
export class Program {
  readonly exit: Promise<number | NodeJS.Signals>;
  /** Standard output up to now. */
  output = "";
  /** Standard error up to now. */
  errors = "";
  readonly #child: ChildProcess;

  constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    const [file = "", ...args] = command;
    const { PATH = "" } = process.env;
    this.#child = spawn(file, args, { env: { PATH, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.errors += text));
    running.add(this);
    this.exit = new Promise((done) => {
      this.#child.on("error", () => done(127));
      this.#child.on("close", (code, signal) => {
        running.delete(this);
        done(signal ?? code ?? 0);
      });
    });
  }

  /** Whole lines of standard output, as JSON. */
  get lines(): readonly Line[] {
    return this.output
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  }

  /** Waits for something to be true of the output. */
  async until(isSo: (program: Program) => boolean): Promise<void> {
    const late = Date.now() + 15_000;
    while (!isSo(this)) {
      if (Date.now() > late) throw new Error(`not so in time: ${this.output}${this.errors}`);
      await sleep(10);
    }
  }

  /** Ends standard input. */
  hangUp(): void {
    this.#child.stdin?.end();
  }

  end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals> {
    this.#child.kill(signal);
    return this.exit;
  }
}

/** Starts a compiled program: `shop adservice`. */
export function node(
  [script = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Program {
  return new Program([process.execPath, join(folder, `${script}.js`), ...args], env);
}

/** Runs a program with a question to its end. */
export async function ask(script: string, question: object): Promise<readonly Line[]> {
  const program = node([script, JSON.stringify(question)]);
  const code = await program.exit;
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${program.errors}`);
  return program.lines;
}

/** Ends whatever still runs or listens. */
export async function endAll(): Promise<void> {
  for (const server of servers) server.close();
  await Promise.all([...running].map((program) => program.end("SIGKILL")));
}

/** Ports that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const taken = await Promise.all(Array.from({ length: count }, () => listening(createServer())));
  const ports = taken.map(portOf);
  await Promise.all(taken.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** The server, on a free port of this machine alone. */
export function listening<S extends Server>(server: S): Promise<S> {
  servers.add(server);
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
