/** `meshspan diff`: how the mesh of one revision, folder or file differs from another's. */
import { Command } from "commander";
import type { Plan } from "../core/plan";
import { counted } from "../core/words";
import type { PlannedSide, Side } from "./diffSides";
import { exitCodes } from "./failure";
import { outputOption } from "./options";
import { printReport } from "./output";

interface DiffOptions {
  readonly file: string;
  readonly output: "text" | "json" | "markdown";
  readonly exitCode?: true;
}

export function diffCommand(): Command {
  return new Command("diff")
    .description("compare two meshes: what becomes reachable, whose identity changes, what moves")
    .argument("<base>", "a git revision, a folder with a mesh.yaml, or a file")
    .argument("[head]", "the same; left out, it is the file as it is now")
    .option("--file <path>", "the description that revisions are asked for", "mesh.yaml")
    .addOption(outputOption(["text", "json", "markdown"]))
    .option("--exit-code", "exit with 4 where there is a difference")
    .addHelpText(
      "after",
      `
Examples:
  meshspan diff main
  meshspan diff v1.2.0 v1.3.0 --file meshes/shop.yaml
  meshspan diff out/before out/after --output json
  meshspan diff "$(git merge-base origin/main HEAD)" --output markdown > comment.md

A name that is a revision and a file is the revision; write ./name for the file.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 faulty description, 4 a difference (with --exit-code).
`,
    )
    .action(runDiff);
}

async function runDiff(
  base: string,
  head: string | undefined,
  options: DiffOptions,
): Promise<void> {
  const { planSide, readSide, workingCopy } = await import("./diffSides.js");
  const before = readSide(base, options.file);
  const after = head === undefined ? workingCopy(options.file) : readSide(head, options.file);
  if (before.text === undefined && after.text === undefined) {
    throw new Error(`there is nothing to compare: neither ${before.name} nor ${after.name} exists`);
  }
  for (const [side, what] of [
    [before, "everything is new"],
    [after, "everything is removed"],
  ] as const) {
    if (side.text === undefined) process.stderr.write(`${side.name} doesn't exist: ${what}\n`);
  }
  const old = planOf("base", before, planSide(before));
  const now = planOf("head", after, planSide(after));
  if (old === "faulty" || now === "faulty") {
    process.exitCode = exitCodes.faulty;
    return;
  }
  const { diffPlans, isEmptyDiff } = await import("../core/diff/diff.js");
  const { formatDiff } = await import("../core/diff/format.js");
  const diff = diffPlans(old, now);
  await printReport(options.output, {
    data: diff,
    text: () => formatDiff(diff, "text"),
    markdown: () => formatDiff(diff, "markdown"),
  });
  if (options.exitCode && !isEmptyDiff(diff)) process.exitCode = exitCodes.difference;
}

/** The plan of a side; its faults are told, with the side that has them. */
function planOf(
  role: "base" | "head",
  side: Side,
  result: PlannedSide,
): Plan | undefined | "faulty" {
  if (result.ok) return result.plan;
  const count = counted(result.faults.length, "fault");
  process.stderr.write(
    `${[`The ${role}, ${side.name}, has ${count}:`, ...result.faults.map((fault) => `  ${fault}`)].join("\n")}\n`,
  );
  return "faulty";
}
