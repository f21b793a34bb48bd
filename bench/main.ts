/** `npm run bench`: every benchmark, or those that are named. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const known = readdirSync(__dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "results")
  .map(({ name }) => name);
const named = process.argv.slice(2);
const unknown = named.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`there is no benchmark ${unknown.join(", ")}: ${known.join(", ")}`);
  process.exit(2);
}
for (const name of named.length > 0 ? named : known)
  execFileSync(process.execPath, ["--import", "tsx", join(__dirname, name, "main.ts")], {
    stdio: "inherit",
  });
