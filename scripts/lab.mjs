/**
 * The lab's commands: `npm run lab` keeps one until Ctrl-C, `npm run lab:enter` runs a command inside of it, and
 * `npm run test:lab` runs its tests. They say what they need
 * where they can't run; of a whole `npm test` the tier is then left out.
 */
import { readdirSync } from "node:fs";
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
process.env.MESHSPAN_TOOLCHAIN = toolchain.cacheFolder();
const node = [process.execPath, "--disable-warning=ExperimentalWarning"];
if (!isTest) {
  process.exit(await runInMachine([...node, "--import", "tsx", "test/lab/main.ts", ...args]));
}

// Each file has a machine of its own, so that none finds what another one left.
const files = readdirSync("test/lab").filter((name) => name.endsWith(".test.ts"));
const [names, options] = [false, true].map((isOption) =>
  args.filter((arg) => arg.startsWith("-") === isOption),
);
const wanted = files
  .map((name) => `test/lab/${name}`)
  .filter((path) => names.length === 0 || names.some((name) => path.includes(name)));
if (wanted.length === 0) {
  console.log(`no test of the lab has ${names.join(" or ")} in its path: ${files.join(", ")}`);
  process.exit(1);
}
const jest = ["node_modules/jest/bin/jest.js", "--config", "jest.lab.config.cjs"];
let code = 0;
for (const path of wanted) {
  const command = [...node, "--experimental-vm-modules", ...jest, ...options, path];
  code = Math.max(code, await runInMachine(command));
}
process.exit(code);
