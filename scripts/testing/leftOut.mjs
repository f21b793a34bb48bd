/** A tier that can't run here: it says so in a line, and to the summary of all tiers; where it is required it fails. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export function leaveOut(what, reason, isRequired) {
  console.log(`${what} ${isRequired ? "can't run" : "are left out"}: ${reason}`);
  const file = process.env.MESHSPAN_TEST_RESULTS;
  if (file !== undefined && !isRequired) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ leftOut: reason }));
  }
  process.exit(isRequired ? 1 : 0);
}
