/** Stacks of the real engine: its executable, a backend of files, and programs in this process. */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import {
  type Deployment,
  type EngineEvent,
  LocalWorkspace,
  type OutputMap,
  PulumiCommand,
  type PulumiFn,
  type Stack,
} from "@pulumi/pulumi/automation";
import { goEnvironment } from "./apiServer";
import { type PluginHost, preparePlugins } from "./pluginHost";
import { componentPath } from "./toolchain";

const repository = resolve(__dirname, "../..");

/** What an operation did and said. */
export interface Run {
  /** Undefined when it succeeded. */
  readonly error: string | undefined;
  /** Everything that was printed. */
  readonly output: string;
  readonly events: readonly EngineEvent[];
  readonly seconds: number;
  /** How many resources were created, updated, … by the engine's own summary. */
  readonly changes: Readonly<Record<string, number>>;
}

/** Settings of one operation. */
export interface RunOptions {
  /** Environment of the engine and its plugins. */
  readonly env?: Readonly<Record<string, string>>;
  /** How many resources at a time. @default the engine's */
  readonly parallel?: number;
  /** Folders of policy packs, for a preview or an update. */
  readonly policyPacks?: readonly string[];
  /** Whether events are kept and all values shown, which takes as long as the operation where resources are many. @default true */
  readonly inDetail?: boolean;
}

export class TestStack {
  readonly folder: string;
  readonly plugins: PluginHost;
  readonly #stack: Stack;
  readonly #outputs: () => Promise<OutputMap>;
  #program: PulumiFn;
  #seen = "";

  private constructor(folder: string, plugins: PluginHost, stack: Stack, program: PulumiFn) {
    this.folder = folder;
    this.plugins = plugins;
    this.#stack = stack;
    this.#outputs = stack.outputs.bind(stack);
    // After an operation the SDK asks for these, in up to three processes of the engine; here nobody looks at them.
    stack.outputs = () => Promise.resolve({});
    stack.info = () => Promise.resolve(undefined);
    this.#program = program;
  }

  /**
   * A new stack in a folder of its own.
   * @param env Environment of every operation.
   * @param path Folders to find programs in, before all others.
   */
  static async create(
    program: PulumiFn,
    env: Readonly<Record<string, string>> = {},
    path: readonly string[] = [],
  ): Promise<TestStack> {
    const folder = mkdtempSync(join(tmpdir(), "meshspan-stack-"));
    for (const name of ["backend", "home", "project"]) mkdirSync(join(folder, name));
    // Where Pulumi's Node provider finds this package, as in a user's project.
    symlinkSync(join(repository, "node_modules"), join(folder, "project", "node_modules"));
    const pulumi = componentPath("pulumi");
    const pulumiHome = join(folder, "home");
    const plugins = preparePlugins({
      pulumiHome,
      folder: join(folder, "plugins"),
      crds: componentPath("istio-crds"),
    });
    const stack = await LocalWorkspace.createStack(
      { stackName: "test", projectName: "meshspan-test", program },
      {
        workDir: join(folder, "project"),
        pulumiHome,
        pulumiCommand: await PulumiCommand.get({ root: resolve(dirname(pulumi), "..") }),
        projectSettings: {
          name: "meshspan-test",
          runtime: "nodejs",
          backend: { url: `file://${join(folder, "backend")}` },
        },
        // Nothing may land in whichever cluster kubectl points at.
        stackSettings: {
          test: {
            config: { "pulumi:disable-default-providers": ["kubernetes"] },
          },
        },
        envVars: {
          PULUMI_CONFIG_PASSPHRASE: "passphrase of the tests",
          ...goEnvironment,
          ...plugins.env,
          PATH: [...path, plugins.path, dirname(pulumi), process.env.PATH].join(delimiter),
          ...env,
        },
      },
    );
    return new TestStack(folder, plugins, stack, program);
  }

  /** What runs from now on. */
  program(program: PulumiFn): this {
    this.#program = program;
    return this;
  }

  up(options: RunOptions = {}): Promise<Run> {
    return this.#run(options, (shared) =>
      this.#stack.up({ ...shared, ...packsOf(options), program: this.#program }),
    );
  }

  preview(options: RunOptions = {}): Promise<Run> {
    return this.#run(options, (shared) =>
      this.#stack.preview({ ...shared, ...packsOf(options), program: this.#program }),
    );
  }

  refresh(options: RunOptions = {}): Promise<Run> {
    return this.#run(options, (shared) =>
      this.#stack.refresh({ ...shared, clearPendingCreates: true }),
    );
  }

  destroy(options: RunOptions = {}): Promise<Run> {
    return this.#run(options, (shared) => this.#stack.destroy(shared));
  }

  /**
   * What a user does after an update was killed: removes its lock, and, where the engine was cut off while it wrote its
   * state, takes the copy that it had made just before. (The backend of files writes in place.)
   */
  async unlock(): Promise<void> {
    const file = this.#stateFile();
    if (!isWhole(file)) copyFileSync(`${file}.bak`, file);
    await this.#stack.cancel();
  }

  #stateFile(): string {
    return join(this.folder, "backend/.pulumi/stacks/meshspan-test/test.json");
  }

  async state(): Promise<readonly any[]> {
    const { deployment } = await this.#stack.exportStack();
    return deployment?.resources ?? [];
  }

  /** The state as the backend keeps it: secrets are encrypted. */
  stored(): Deployment {
    const { version, checkpoint } = JSON.parse(readFileSync(this.#stateFile(), "utf8")) as {
      readonly version: number;
      readonly checkpoint: { readonly latest: unknown };
    };
    return { version, deployment: checkpoint.latest };
  }

  imported(state: Deployment): Promise<void> {
    return this.#stack.importStack(state);
  }

  async outputs(): Promise<Readonly<Record<string, any>>> {
    const outputs = await this.#outputs();
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }

  /** Everything that operations printed and that the engine and plugins wrote, by where it is. */
  everythingWritten(): ReadonlyMap<string, string> {
    const files = readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return new Map([
      ["output and events", this.#seen],
      ...files.map((file): [string, string] => [file, readFileSync(file, "utf8")]),
    ]);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #run(
    { env = {}, parallel, inDetail = true }: RunOptions,
    operation: (shared: {
      onOutput: (text: string) => void;
      onError: (text: string) => void;
      onEvent?: (event: EngineEvent) => void;
      color: "never";
      diff: boolean;
      parallel?: number;
    }) => Promise<unknown>,
  ): Promise<Run> {
    const output: string[] = [];
    const events: EngineEvent[] = [];
    const started = performance.now();
    let error: string | undefined;
    const stopListening = listenForRejections();
    const before = { ...this.#stack.workspace.envVars };
    Object.assign(this.#stack.workspace.envVars, env);
    try {
      await operation({
        onOutput: (text) => output.push(text),
        onError: (text) => output.push(text),
        ...(inDetail
          ? {
              // At debug level Pulumi's SDK repeats every answer of the engine, secrets too; that is shown with --debug alone.
              onEvent: (event: EngineEvent) => {
                if ((event.diagnosticEvent?.severity as string | undefined) !== "debug")
                  events.push(event);
              },
            }
          : {}),
        color: "never",
        // All values that a preview shows.
        diff: inDetail,
        ...(parallel === undefined ? {} : { parallel }),
      });
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.message : String(thrown);
    } finally {
      this.#stack.workspace.envVars = before;
      await stopListening(error !== undefined);
    }
    const run: Run = {
      error,
      output: output.join(""),
      events,
      seconds: (performance.now() - started) / 1000,
      changes: {
        ...events.find(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges,
      },
    };
    this.#seen += `${run.output}\n${JSON.stringify(events)}\n${error ?? ""}\n`;
    return run;
  }
}

function packsOf({ policyPacks }: RunOptions): { readonly policyPacks?: string[] } {
  return policyPacks === undefined ? {} : { policyPacks: [...policyPacks] };
}

function isWhole(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
  }
}

/** The process itself: jest gives tests a copy, and its environment the real one beside it. */
const nodeProcess =
  (globalThis as { readonly nodeProcess?: NodeJS.Process }).nodeProcess ?? process;

/**
 * When an engine fails or is killed, calls of the SDK that were under way are rejected without a listener, and a program's
 * own error once more. @returns what stops listening: what came after an operation that succeeded is reported as ever.
 */
function listenForRejections(): (failed: boolean) => Promise<void> {
  const names = ["unhandledRejection", "uncaughtException"] as const;
  const before = names.map((name) => nodeProcess.listeners(name as "uncaughtException"));
  const heard: unknown[] = [];
  for (const name of names) {
    nodeProcess.removeAllListeners(name);
    nodeProcess.on(name, (error: unknown) => heard.push(error));
  }
  return async (failed) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const [index, name] of names.entries()) {
      nodeProcess.removeAllListeners(name);
      for (const listener of before[index]!) nodeProcess.on(name, listener as () => void);
    }
    if (!failed && heard.length > 0) throw heard[0];
  };
}

/** Resources that an operation would do or did something to, as `create shop/east/istio-system`. */
export function steps(run: Run): readonly string[] {
  return run.events
    .flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? [])
    .filter(({ op }) => op !== "same" && op !== "read")
    .map(({ op, urn }) => `${op} ${urn.split("::").slice(2).join(" ")}`)
    .sort();
}

/** `<rule> <level> <resource>` of what policies found. */
export function policyEvents(run: Run): readonly string[] {
  return run.events
    .flatMap(({ policyEvent }) => policyEvent ?? [])
    .map(({ policyName, enforcementLevel, resourceUrn = "" }) =>
      [policyName, enforcementLevel, resourceUrn.split("::").at(-1)].join(" "),
    );
}

/** Messages of diagnostics, without the engine's markup. */
export function diagnostics(run: Run): string {
  return run.events
    .flatMap(({ diagnosticEvent }) => diagnosticEvent?.message ?? [])
    .join("\n")
    .replace(/<\{%[^%]*%\}>/g, "");
}
