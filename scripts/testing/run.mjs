/** Commands of the tests, with or without their output as it comes. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const resultsFolder = join(root, "out/test");

const node = [process.execPath, "--disable-warning=ExperimentalWarning"];

/** Jest, with what some packages of ES modules need. */
export const jest = [...node, "--experimental-vm-modules", "node_modules/jest/bin/jest.js"];

/** The last options of one tier of several; paths of tests may follow. */
export const tierOptions = [
  ...["lineReporter", "resultsReporter"].map(
    (name) => `--reporters=${join(root, `scripts/testing/${name}.cjs`)}`,
  ),
  // Otherwise paths are taken for more reporters.
  "--",
];

/** Runs a command. Resolves with its exit code, its output where that isn't shown, and the seconds that it took. */
export async function run([program, ...args], { env = {}, isShown = true } = {}) {
  const started = performance.now();
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: isShown ? "inherit" : ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text) => (output += text));
  const code = await new Promise((resolve) => {
    child.on("error", (error) => {
      output += error.message;
      resolve(1);
    });
    child.on("close", (status) => resolve(status ?? 1));
  });
  return { code, output, seconds: (performance.now() - started) / 1000 };
}

/** What a run of tests has kept in a file; a run that ended before it kept something is a file that failed. */
export function resultsIn(file, path) {
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  const none = { failed: 0, skipped: 0, passed: 0, total: 0 };
  const suites = { ...none, failed: 1, total: 1 };
  return { suites, tests: none, files: [{ path, seconds: 0, failed: true, failures: [] }] };
}

/** Runs tests whose reporter keeps results in a file. */
export async function runTests(command, file, path, options = {}) {
  rmSync(file, { force: true });
  const env = { ...options.env, MESHSPAN_TEST_RESULTS: file };
  const { code, output, seconds } = await run(command, { ...options, env });
  const isTold = existsSync(file);
  return { code: isTold ? code : code || 1, output, seconds, ...resultsIn(file, path) };
}
