/** How long it takes to start, beside Node alone: `npm run bench -- start`. What is built counts: `npm run build` before. */
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { median } from "../measure";
import { writeResults } from "../results";

/** Rounds, in each of which everything starts once: what else the machine does meets all alike. */
const rounds = 15;

async function main(): Promise<void> {
  const mesh = "examples/cdk8s-gitops/mesh.yaml";
  const load = (name: string) => ["-e", `require(${JSON.stringify(name)})`];
  const cli = (...args: readonly string[]) => [resolve("dist/cli/main.js"), ...args];
  const programs: Readonly<Record<string, readonly string[]>> = {
    "node -e 0": ["-e", "0"],
    'require("meshspan")': load("meshspan"),
    'require("meshspan/pki")': load("meshspan/pki"),
    'require("cdk8s")': load("cdk8s"),
    'require("meshspan/cdk8s")': load("meshspan/cdk8s"),
    'require("@pulumi/pulumi")': load("@pulumi/pulumi"),
    'require("meshspan/pulumi")': load("meshspan/pulumi"),
    "meshspan --help": cli("--help"),
    "meshspan validate": cli("validate", mesh),
    "meshspan trace": cli("trace", "--file", mesh),
  };
  const times = new Map(Object.keys(programs).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++)
    for (const [name, args] of Object.entries(programs)) times.get(name)?.push(timed(args));
  const medians = [...times].map(([name, all]) => ({ name, ms: median(all) }));
  const [bare] = medians;
  await writeResults("start", {
    title: "Start-up",
    notes: [
      `Medians of ${rounds} rounds. The last column is what is left without Node's own start. \`validate\` and \`trace\` are of the demo shop's description.`,
    ],
    columns: ["what", "ms", "× node", "ms beyond node"],
    rows: medians.map(({ name, ms }) => [
      `\`${name}\``,
      ms.toFixed(0),
      (ms / (bare?.ms ?? NaN)).toFixed(2),
      (ms - (bare?.ms ?? NaN)).toFixed(0),
    ]),
    plot: { data: medians, of: "name", x: { field: "ms", title: "ms" } },
  });
}

/** Milliseconds. */
function timed(args: readonly string[]): number {
  const start = performance.now();
  execFileSync(process.execPath, args, { stdio: "ignore" });
  return performance.now() - start;
}

void main();
