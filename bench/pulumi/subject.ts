/** A program of the benchmark, in the real engine and over real API servers, and what its operations take. */
import { readFileSync } from "node:fs";
import { startCluster, type TestCluster } from "../../test/engine/cluster";
import { type Run, TestStack } from "../../test/engine/stack";
import { median } from "../measure";
import { description, names, type Program, programs } from "./programs";

/**
 * The backend of files writes the whole state at each step, which hides everything else. Garbage is collected as often as it is
 * for users.
 */
const env = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true", GOGC: "100" };
/** What is measured. */
export const operations = {
  preview: "preview, all new",
  up: "up, all new",
  unchanged: "preview, nothing changed",
} as const;

export type Operation = keyof typeof operations;

/** What an operation took. */
export interface Taken {
  readonly seconds: number;
  /** CPU seconds of the process that the program runs in, Pulumi's SDK included. */
  readonly programCpu: number;
  /** With those of the engine and its plugins. */
  readonly allCpu: number;
}

/** CPU seconds of this process, and of children that have ended, with theirs. */
function cpuSeconds(): { readonly own: number; readonly children: number } {
  const { user, system } = process.cpuUsage();
  const stat = readFileSync("/proc/self/stat", "utf8");
  // proc(5): after the name, which may have spaces in it, cutime and cstime are the 14th and 15th, in hundredths.
  const [children = NaN, childrenSystem = NaN] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(13, 15)
    .map(Number);
  return { own: (user + system) / 1e6, children: (children + childrenSystem) / 100 };
}

/** Clusters for programs. Those that make objects need their own; previews alone may share them. */
export function startClusters(): Promise<readonly TestCluster[]> {
  return Promise.all(names.map((one) => startCluster(one, { crds: true })));
}

/** A program with a stack of its own. */
export class Subject {
  readonly name: Program;
  readonly #stack: TestStack;
  readonly #taken: Record<Operation, Taken[]> = {
    preview: [],
    up: [],
    unchanged: [],
  };
  #resources = 0;

  private constructor(name: Program, stack: TestStack) {
    this.name = name;
    this.#stack = stack;
  }

  static async create(
    name: Program,
    services: number,
    clusters: readonly TestCluster[],
  ): Promise<Subject> {
    const kubeconfigs = Object.fromEntries(
      clusters.map((cluster) => [cluster.name, cluster.kubeconfig]),
    );
    const program = programs[name](description(services), kubeconfigs);
    return new Subject(name, await TestStack.create(program, env));
  }

  /** Resources of the stack; the engine's own for it is none. */
  get resources(): number {
    return this.#resources;
  }

  taken(operation: Operation): Taken {
    const all = this.#taken[operation];
    const of = (what: keyof Taken) => median(all.map((one) => one[what]));
    return { seconds: of("seconds"), programCpu: of("programCpu"), allCpu: of("allCpu") };
  }

  async run(operation: Operation): Promise<void> {
    const before = cpuSeconds();
    const run = await this.#run(operation);
    if (run.error !== undefined) throw new Error(`${this.name}: ${run.error.slice(-2000)}`);
    const after = cpuSeconds();
    const programCpu = after.own - before.own;
    const allCpu = programCpu + after.children - before.children;
    this.#taken[operation].push({ seconds: run.seconds, programCpu, allCpu });
    if (operation === "up") this.#resources = (await this.#stack.state()).length - 1;
    const figures = [run.seconds, allCpu, programCpu].map((value) => value.toFixed(1));
    console.error(
      `${this.name}, ${operations[operation]}: ${figures[0]} s, CPU ${figures[1]} s, of the program ${figures[2]} s`,
    );
  }

  #run(operation: Operation): Promise<Run> {
    const quietly = { inDetail: false };
    return operation === "up" ? this.#stack.up(quietly) : this.#stack.preview(quietly);
  }

  remove(): void {
    this.#stack.remove();
  }
}

/** Every program in turn, in another order each time: what is slow for a while is slow for all. */
export async function round(
  subjects: readonly Subject[],
  operation: Operation,
  turn = 0,
): Promise<void> {
  const first = turn % subjects.length;
  for (const subject of [...subjects.slice(first), ...subjects.slice(0, first)])
    await subject.run(operation);
}
