/** A topic: tasks at sizes, as a table and a plot, each beside the first task at the same size. */
import { type Measured, measure } from "./measure";
import { type Size, sizeText } from "./meshOf";
import { writeResults } from "./results";

export interface Topic<T extends string> {
  /** The name of its folder. */
  readonly name: string;
  readonly title: string;
  readonly sizes: readonly Size[];
  /** The first is what others are measured beside. */
  readonly tasks: readonly T[];
  /** What is counted at a size, such as objects; the table says how long each takes. */
  readonly count: (size: Size) => Readonly<Record<string, number>>;
  /** The count that a task is measured up to: beyond, it takes minutes, or more memory than there is. */
  readonly limits?: Partial<Record<T, number>>;
  /** Tasks whose work is done by other processes: what memory this one needs says nothing of them. */
  readonly elsewhere?: readonly T[];
  readonly notes?: readonly string[];
}

interface Row<T extends string> extends Measured {
  readonly size: Size;
  readonly task: T;
}

export async function runTopic<T extends string>(topic: Topic<T>): Promise<void> {
  const { name, title, sizes, tasks, count, limits = {}, elsewhere = [], notes = [] } = topic;
  const counts = new Map(sizes.map((size) => [size, Object.entries(count(size))]));
  const amount = (size: Size) => counts.get(size)?.[0]?.[1] ?? NaN;
  const limitOf = (task: T) => (limits as Partial<Record<T, number>>)[task] ?? Infinity;
  const rows = sizes.flatMap((size) =>
    tasks
      .filter((task) => amount(size) <= limitOf(task))
      .map((task): Row<T> => {
        const measured = measure(name, task, size);
        console.error(`${sizeText(size)} ${task}: ${measured.seconds.toFixed(2)} s`);
        return { size, task, ...measured };
      }),
  );
  const [reference] = tasks;
  const secondsOf = (size: Size) =>
    rows.find((row) => row.size === size && row.task === reference)?.seconds ?? NaN;
  const counted = [...(counts.values().next().value ?? [])].map(([what]) => what);
  await writeResults(name, {
    title,
    notes: [...notes, "Medians of three runs, or of as many as begin in a minute."],
    columns: [
      "clusters × services",
      ...counted,
      "what",
      "s",
      ...counted.map((what) => `µs per ${what}`),
      `× ${reference ?? ""}`,
      "MiB",
    ],
    rows: rows.map(({ size, task, seconds, mebibytes }) => [
      sizeText(size),
      ...(counts.get(size) ?? []).map(([, number]) => number.toLocaleString("en")),
      task,
      seconds.toFixed(3),
      ...(counts.get(size) ?? []).map(([, number]) => ((seconds / number) * 1e6).toFixed(1)),
      (seconds / secondsOf(size)).toFixed(2),
      elsewhere.includes(task) ? "–" : mebibytes.toFixed(0),
    ]),
    plot: {
      data: rows.map(({ size, task, seconds }) => ({ count: amount(size), what: task, seconds })),
      x: { field: "count", title: counted[0] ?? "" },
      y: { field: "seconds", title: "seconds" },
      series: "what",
    },
  });
}
