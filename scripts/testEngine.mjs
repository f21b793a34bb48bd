/** Runs the engine tests where the toolchain is, and says in a line what is left out where it isn't. */
import { spawnSync } from "node:child_process";
import toolchain from "./toolchain/toolchain.cjs";

const missing = toolchain.missing("engine");
if (missing.length > 0) {
  const isRequired = process.env.MESHSPAN_REQUIRE_ENGINE === "1";
  const what = `the engine tests ${isRequired ? "can't run" : "are left out"}: ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing (npm run toolchain -- engine)`;
  console.log(what);
  process.exit(isRequired ? 1 : 0);
}
const node = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"];
const jest = ["node_modules/jest/bin/jest.js", "--config", "jest.engine.config.cjs"];
const { status } = spawnSync(process.execPath, [...node, ...jest, ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exit(status ?? 1);
