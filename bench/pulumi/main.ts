/**
 * What the components cost beside plain programs that make the same objects, in the real engine and over real API servers:
 * `npm run bench -- pulumi`, with the toolchain; `node --import tsx bench/pulumi/main.ts --services 60` is quick, and
 * `--rounds` and `--program` (more than one) make it shorter, too.
 */
import { parseArgs } from "node:util";
import type { TestCluster } from "../../test/engine/cluster";
import { writeResults } from "../results";
import { type Program, programs } from "./programs";
import { type Operation, operations, round, startClusters, Subject, type Taken } from "./subject";

/** Four objects each, a few for the clusters, and a component each: 6,200 resources, of which 5,000 are objects. */
const defaultServices = 1240;
/** Of what changes nothing; the median counts. In each, every program has its turn. */
const defaultRounds = 3;

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
  const clusters: TestCluster[] = [];
  const subjects: Subject[] = [];
  try {
    for (const name of values.program as Program[]) {
      const own = await startClusters();
      clusters.push(...own);
      subjects.push(await Subject.create(name, services, own));
    }
    for (const operation of ["preview", "up", "unchanged"] as const)
      for (let turn = 0; turn < (operation === "unchanged" ? rounds : 1); turn++)
        await round(subjects, operation, turn);
    await report(subjects, rounds);
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.stop()));
    for (const subject of subjects) subject.remove();
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
