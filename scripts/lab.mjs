/**
 * The lab's commands: `npm run lab` keeps one until Ctrl-C, `npm run lab:enter` runs a command inside of it, and
 * `npm run test:lab` runs its tests. They say what they need
 * where they can't run; of a whole `npm test` the tier is then left out.
 */
import toolchain from "./toolchain/toolchain.cjs";
import { enterMachine, obstacle, runInMachine } from "./labMachine.mjs";
import { runLabTests } from "./labTests.mjs";
import { leaveOut } from "./testing/leftOut.mjs";

const [what, ...args] = process.argv.slice(2);
if (what === "enter") process.exit(await enterMachine(args.length > 0 ? args : ["sh"]));
const isTest = what === "test";
const isRequired = !isTest || process.env.MESHSPAN_REQUIRE_LAB === "1";
const reason = obstacle();
if (reason !== undefined) {
  if (isTest) leaveOut("the lab tests", reason, isRequired);
  console.log(`the lab can't run: ${reason}`);
  process.exit(1);
}
process.env.MESHSPAN_TOOLCHAIN = toolchain.cacheFolder();
const node = [process.execPath, "--disable-warning=ExperimentalWarning"];
if (!isTest) {
  process.exit(await runInMachine([...node, "--import", "tsx", "test/lab/main.ts", ...args]));
}

const [names, options] = [false, true].map((isOption) =>
  args.filter((arg) => arg.startsWith("-") === isOption),
);
process.exit(await runLabTests(names, options));
