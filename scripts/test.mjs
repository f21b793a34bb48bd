/**
 * `npm test`: all tiers, whatever becomes of one, and a summary of them as the last thing that is said. `--record` keeps what
 * files took, by which the longest come first. With MESHSPAN_SECOND_TRY=1 a few files that failed run once more.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import durations from "./testing/durations.cjs";
import { jest, resultsFolder, run, tierOptions } from "./testing/run.mjs";
import { summary } from "./testing/summary.mjs";
import { runTier } from "./testing/tier.mjs";

const bin = (name) => join("node_modules/.bin", name);

/** Longest first. */
const checks = [
  { name: "lint", command: [bin("eslint"), "."] },
  { name: "types", command: [bin("tsc")] },
  { name: "format", command: [bin("prettier"), "--check", "--log-level", "warn", "."] },
];

async function check({ name, command }) {
  const { code, output, seconds } = await run(command, { isShown: false });
  process.stdout.write(`${output}${name} ${code === 0 ? "passed" : "FAILED"}\n`);
  return { name, code, seconds };
}

async function inTurn(items, act) {
  const results = [];
  for (const item of items) results.push(await act(item));
  return results;
}

// Ctrl-C ends what runs, which the summary then tells of.
let isInterrupted = false;
process.on("SIGINT", () => (isInterrupted = true));
const tests = (name, command) => runTier(name, command, { isInterrupted: () => isInterrupted });

rmSync(resultsFolder, { recursive: true, force: true });
mkdirSync(resultsFolder, { recursive: true });
const tiers = [await check({ name: "build", command: ["npm", "run", "--silent", "build"] })];
if (tiers[0].code === 0) {
  // What is checked needs one core, and most unit tests start processes that they wait for.
  const unit = tests("unit", [...jest, ...tierOptions]);
  tiers.push(...(await inTurn(checks, check)), await unit);
  for (const [name, ...command] of [
    ["engine", process.execPath, "scripts/testEngine.mjs", ...tierOptions],
    ["lab", process.execPath, "scripts/lab.mjs", "test"],
  ])
    if (!isInterrupted) tiers.push(await tests(name, command));
}
if (process.argv.includes("--record"))
  durations.record(
    Object.fromEntries(
      tiers.flatMap(({ files = [] }) => files).map(({ path, seconds }) => [path, seconds]),
    ),
  );
console.log(summary(tiers));
process.exit(isInterrupted || tiers.some(({ code }) => code !== 0) ? 1 : 0);
