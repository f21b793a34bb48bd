/** Runs the engine tests where the toolchain is, and says in a line what is left out where it isn't. */
import { leaveOut } from "./testing/leftOut.mjs";
import { jest, run } from "./testing/run.mjs";
import toolchain from "./toolchain/toolchain.cjs";

const missing = toolchain.missing("engine");
if (missing.length > 0) {
  const verb = missing.length === 1 ? "is" : "are";
  const reason = `${missing.join(", ")} ${verb} missing (npm run toolchain -- engine)`;
  leaveOut("the engine tests", reason, process.env.MESHSPAN_REQUIRE_ENGINE === "1");
}
const config = ["--config", "jest.engine.config.cjs"];
const { code } = await run([...jest, ...config, ...process.argv.slice(2)]);
process.exit(code);
