/** Measures tasks, each in a process of its own, so that none profits from what another has loaded. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MeshDescription } from "../src";
import { meshOf, type Size } from "./meshOf";

/** Prepares what isn't measured, and gives back what is. */
export type Task = (
  description: MeshDescription,
  folder: string,
  size: Size,
) => Promise<() => unknown>;

export interface Measured {
  readonly seconds: number;
  /** Largest resident memory of the process, preparations included. */
  readonly mebibytes: number;
}

/** Runs of each, as many as begin in a minute; the median counts. */
const runs = 3;
const milliseconds = 60_000;

/** Measures a task of `<topic>/tasks.ts` at a size. */
export function measure(topic: string, task: string, { clusters, services }: Size): Measured {
  const args = [topic, task, String(clusters), String(services)];
  const command = ["--expose-gc", "--import", "tsx", join(__dirname, "child.ts"), ...args];
  const measured: Measured[] = [];
  const start = performance.now();
  do
    measured.push(
      JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8" })) as Measured,
    );
  while (measured.length < runs && performance.now() - start < milliseconds);
  return {
    seconds: median(measured.map(({ seconds }) => seconds)),
    mebibytes: median(measured.map(({ mebibytes }) => mebibytes)),
  };
}

/** Measures a task once, in this process. */
export async function runOnce(task: Task, size: Size): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-bench-"));
  // What a run remembers is its own.
  process.env.XDG_CACHE_HOME = join(folder, ".cache");
  try {
    const run = await task(meshOf(size), folder, size);
    const start = performance.now();
    await run();
    return {
      seconds: (performance.now() - start) / 1000,
      mebibytes: process.resourceUsage().maxRSS / 1024,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of an even number of values, what is between the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted.length - 1, sorted.length].map(
    (index) => sorted[Math.floor(index / 2)],
  );
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}
