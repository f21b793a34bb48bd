/**
 * The lab's commands: `npm run lab` keeps one until Ctrl-C, `npm run lab:enter` runs a command inside of it, and
 * `npm run test:lab` runs its tests. They say what they need
 * where they can't run; of a whole `npm test` the tier is then left out.
 */
import toolchain from "./toolchain/toolchain.cjs";
import { enterMachine, obstacle, runInMachine } from "./labMachine.mjs";

const [what, ...args] = process.argv.slice(2);
if (what === "enter") process.exit(await enterMachine(args.length > 0 ? args : ["sh"]));
const isTest = what === "test";
const isRequired = !isTest || process.env.MESHSPAN_REQUIRE_LAB === "1";
const reason = obstacle();
if (reason !== undefined) {
  const fate = isRequired ? "can't run" : "are left out";
  console.log(`${isTest ? `the lab tests ${fate}` : "the lab can't run"}: ${reason}`);
  process.exit(isRequired ? 1 : 0);
}
const node = ["--disable-warning=ExperimentalWarning"];
const jest = ["node_modules/jest/bin/jest.js", "--config", "jest.lab.config.cjs"];
const command = isTest
  ? [...node, "--experimental-vm-modules", ...jest, ...args]
  : [...node, "--import", "tsx", "test/lab/main.ts", ...args];
process.env.MESHSPAN_TOOLCHAIN = toolchain.cacheFolder();
// Labs wait more than they work: two at a time are done sooner. One that is asked for has the machine to itself.
const shards = isTest && args.length === 0 ? ["--shard=1/2", "--shard=2/2"] : [""];
const codes = await Promise.all(
  shards.map((shard) => runInMachine([process.execPath, ...command, ...(shard ? [shard] : [])])),
);
process.exit(Math.max(...codes));
