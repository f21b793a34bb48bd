/**
 * What the components cost beside plain programs that make the same objects, in the real engine and over real API servers:
 * `npm run bench -- pulumi`, with the toolchain; `node --import tsx bench/pulumi/main.ts --services 60` is quick, and
 * `--rounds` and `--program` (more than one) make it shorter, too.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startCluster, type TestCluster } from "../../test/engine/cluster";
import { type Run, TestStack } from "../../test/engine/stack";
import { median } from "../measure";
import { writeResults } from "../results";
import { description, names, type Program, programs } from "./programs";

/** Four objects each, a few for the clusters, and a component each: 6,200 resources, of which 5,000 are objects. */
const defaultServices = 1240;
/** The backend of files writes the whole state at each step, which hides everything else. */
const env = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };
/** Of what changes nothing; the median counts. In each, every program has its turn. */
const defaultRounds = 3;

const operations = {
  preview: "preview, all new",
  up: "up, all new",
  unchanged: "preview, nothing changed",
} as const;

type Operation = keyof typeof operations;

/** What an operation took. */
interface Taken {
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

/** A program with a stack and clusters of its own. */
class Subject {
  readonly name: Program;
  readonly #stack: TestStack;
  readonly #clusters: readonly TestCluster[];
  readonly #taken: Record<Operation, Taken[]> = {
    preview: [],
    up: [],
    unchanged: [],
  };
  #resources = 0;

  private constructor(name: Program, stack: TestStack, clusters: readonly TestCluster[]) {
    this.name = name;
    this.#stack = stack;
    this.#clusters = clusters;
  }

  static async start(name: Program, services: number): Promise<Subject> {
    const clusters = await Promise.all(names.map((one) => startCluster(one, { crds: true })));
    const kubeconfigs = Object.fromEntries(
      clusters.map((cluster) => [cluster.name, cluster.kubeconfig]),
    );
    const program = programs[name](description(services), kubeconfigs);
    return new Subject(name, await TestStack.create(program, env), clusters);
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

  async stop(): Promise<void> {
    await Promise.all(this.#clusters.map((cluster) => cluster.stop()));
    this.#stack.remove();
  }
}

/** Every program in turn, in another order each time: what is slow for a while is slow for all. */
async function round(subjects: readonly Subject[], operation: Operation, turn = 0): Promise<void> {
  const first = turn % subjects.length;
  for (const subject of [...subjects.slice(first), ...subjects.slice(0, first)])
    await subject.run(operation);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      services: { type: "string", default: String(defaultServices) },
      rounds: { type: "string", default: String(defaultRounds) },
      program: { type: "string", multiple: true, default: Object.keys(programs) },
    },
  });
  const [services, rounds] = [Number(values.services), Number(values.rounds)];
  // The SDK notes for each promise where it was made, and tsx looks each place up: a quarter of the time, of all alike.
  process.setSourceMapsEnabled(false);
  const subjects: Subject[] = [];
  try {
    for (const name of values.program as Program[])
      subjects.push(await Subject.start(name, services));
    for (const operation of ["preview", "up", "unchanged"] as const)
      for (let turn = 0; turn < (operation === "unchanged" ? rounds : 1); turn++)
        await round(subjects, operation, turn);
    await report(subjects, rounds);
  } finally {
    for (const subject of subjects) await subject.stop();
  }
}

async function report(subjects: readonly Subject[], rounds: number): Promise<void> {
  const [reference] = subjects;
  if (reference === undefined) return;
  const rows = (Object.keys(operations) as Operation[]).flatMap((operation) =>
    subjects.map((subject) => {
      const { name, resources } = subject;
      const taken = subject.taken(operation);
      const beside = (what: keyof Taken) => taken[what] / reference.taken(operation)[what];
      return { ...taken, operation: operations[operation], name, resources, beside };
    }),
  );
  const ratio = `× ${reference.name}`;
  await writeResults("pulumi", {
    title: "Components beside plain programs",
    notes: [
      ...(process.argv.length > 2 ? [`With \`${process.argv.slice(2).join(" ")}\`.`] : []),
      "Real engine and API servers; the kubernetes plugin is the tests' stand-in for all programs. Without checkpoints at each step.",
      `What is all new once; of what changes nothing, ${rounds === 1 ? "once, too" : `medians of ${rounds} rounds in which the programs take turns`}. Seconds are those of the whole operation, which everything else on the machine makes longer; CPU seconds of the program's process, with Pulumi's SDK, and of all (program, engine and plugins) are not.`,
    ],
    columns: [
      "operation",
      "program",
      "resources",
      ...["s", ratio, "CPU s of all", ratio, "CPU s of the program", ratio],
      "program's CPU ms per resource",
    ],
    rows: rows.map(({ operation, name, resources, beside, ...taken }) => [
      operation,
      name,
      resources.toLocaleString("en"),
      ...(["seconds", "allCpu", "programCpu"] as const).flatMap((what) => [
        taken[what].toFixed(1),
        beside(what).toFixed(2),
      ]),
      ((taken.programCpu / resources) * 1000).toFixed(2),
    ]),
    plot: {
      data: rows.map(({ operation, name, beside }) => ({
        what: `${operation}: ${name}`,
        ratio: beside("allCpu"),
      })),
      of: "what",
      x: { field: "ratio", title: `CPU of all, ${ratio}` },
    },
  });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
