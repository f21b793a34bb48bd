/**
 * Tests of the lab. Each file has a machine of its own, so that none finds what another one left, and where the real machine has
 * more than two cores several run at the same time.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { machinesAtATime, runInMachine } from "./labMachine.mjs";
import durations from "./testing/durations.cjs";
import progress from "./testing/progress.cjs";
import { jest, resultsIn, root } from "./testing/run.mjs";
import { failures, sum, totals } from "./testing/summary.mjs";

const folder = join(root, "out/lab/tests");
const config = ["--config", "jest.lab.config.cjs"];

/** Those that measure how soon something happens; they come at the end, one by one. */
const quiet = new Set(["test/lab/failover.test.ts"]);

/** Runs those whose path has one of the names in it, or all. Resolves with an exit code. */
export async function runLabTests(names, options) {
  const files = readdirSync(join(root, "test/lab")).filter((name) => name.endsWith(".test.ts"));
  const paths = durations
    .longestFirst(files.map((name) => `test/lab/${name}`))
    .filter((path) => names.length === 0 || names.some((name) => path.includes(name)));
  if (paths.length === 0) {
    console.log(`no test of the lab has ${names.join(" or ")} in its path: ${files.join(", ")}`);
    return 1;
  }
  if (paths.length === 1) return runInMachine([...jest, ...config, ...options, ...paths]);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return runBesideEachOther(paths, options, names.length > 0);
}

/** @param isNamed Whether all that is printed is worth reading; otherwise that of a file that fails is. */
async function runBesideEachOther(paths, options, isNamed) {
  const machines = Math.min(machinesAtATime(), paths.length);
  console.log(
    `lab tests: real control planes and proxies, ${machines} at a time; what each prints is in out/lab/tests`,
  );
  let isInterrupted = false;
  process.on("SIGINT", () => (isInterrupted = true));
  const results = [];
  const work = async (waiting) => {
    for (let path = waiting.shift(); path !== undefined && !isInterrupted; path = waiting.shift()) {
      const result = await runOne(path, options);
      results.push(result);
      const [file] = result.files;
      const line = progress.progressLine("lab", results.length, paths.length, file);
      process.stdout.write(`${isNamed || file.failed ? result.output : ""}${line}\n`);
    }
  };
  const beside = paths.filter((path) => !quiet.has(path));
  await Promise.all(Array.from({ length: machines }, () => work(beside)));
  await work(paths.filter((path) => quiet.has(path)));
  report(results);
  return isInterrupted || results.some(({ code }) => code !== 0) ? 1 : 0;
}

async function runOne(path, options) {
  const name = basename(path, ".test.ts");
  const [log, kept] = ["txt", "json"].map((extension) => join(folder, `${name}.${extension}`));
  const output = openSync(log, "w");
  const env = { ...process.env, MESHSPAN_TEST_RESULTS: kept };
  const started = performance.now();
  const command = [...jest, ...config, ...options, path];
  const code = await runInMachine(command, { output, env });
  const seconds = (performance.now() - started) / 1000;
  closeSync(output);
  const { files, ...result } = resultsIn(kept, path);
  const [file = { path, failures: [] }] = files;
  return {
    ...{ ...result, code, output: readFileSync(log, "utf8") },
    // With the machine's start and end.
    files: [{ ...file, seconds, failed: code !== 0 }],
  };
}

/** To the summary of all tiers, or to whoever runs this one alone. */
function report(results) {
  const files = results.flatMap((result) => result.files);
  const file = process.env.MESHSPAN_TEST_RESULTS;
  if (file === undefined) console.log(["", ...failures(results), ...totals(results)].join("\n"));
  else writeFileSync(file, JSON.stringify({ ...sum(results), files }, undefined, 2));
}
