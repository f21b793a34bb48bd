/** `meshspan diff`: how the mesh of one revision, folder or file differs from another's. */
import { Command } from "commander";
import { exitCodes, usageFailure } from "./failure";
import { defaultFile, fileOption, type Output, outputOption, withExamples } from "./options";
import { note, paintDiff, printReport } from "./output";
import type { DiffData } from "./schemas";

interface DiffOptions {
  readonly file?: string;
  readonly output: Output;
  readonly exitCode?: boolean;
}

export function diffCommand(): Command {
  const command = new Command("diff")
    .description("compare two meshes: what becomes reachable, whose identity changes, what moves")
    .argument(
      "<base>",
      'a git revision, else a folder with a mesh.yaml or a file; "-" for standard input',
    )
    .argument("[head]", "the same; left out, it is the file as it is now")
    .addOption(fileOption("the description that revisions are asked for"))
    .addOption(outputOption())
    .option("--exit-code", `exit with ${exitCodes.difference} where there is a difference`)
    .action(runDiff);
  return withExamples(
    command,
    "meshspan diff main",
    "meshspan diff v1.2.0 v1.3.0 --file meshes/shop.yaml",
    "meshspan diff out/before out/after --output json",
    'meshspan diff "$(git merge-base origin/main HEAD)" --output markdown > comment.md',
  );
}

async function runDiff(
  base: string,
  head: string | undefined,
  { file = defaultFile, output, exitCode = false }: DiffOptions,
): Promise<void> {
  if (file === "-") {
    const hint = 'name a file, and write "-" for the base or the head';
    throw usageFailure("--file - is no file that a revision may have", hint);
  }
  if (base === "-" && head === "-")
    throw usageFailure("standard input can't be both sides", 'write "-" for one of them');
  const { planSides, readSide, workingCopy } = await import("./diffSides.js");
  const before = await readSide(base, file);
  const after = head === undefined ? await workingCopy(file) : await readSide(head, file);
  const { inputFailure } = await import("./inputText.js");
  if (before.text === undefined && after.text === undefined) {
    throw inputFailure(
      "file_not_found",
      after.file,
      `there is nothing to compare: neither ${before.file} nor ${after.file} exists`,
      "name the description with --file",
    );
  }
  // Whoever compares files has removed none.
  if (after.text === undefined && before.isRevision !== true) {
    const hint = `name what ${before.file} is compared with, after it or with --file`;
    throw inputFailure("file_not_found", after.file, `there is no ${after.file} here`, hint);
  }
  for (const [side, what] of [
    [before, "everything is new"],
    [after, "everything is removed"],
  ] as const) {
    if (side.shadowed !== undefined) {
      const { shadowed } = side;
      const text = `the revision is taken; write ./${shadowed} for the path`;
      note(output, `${shadowed} is a revision and a path: ${text}`);
    }
    if (side.text === undefined) note(output, `${side.file} doesn't exist: ${what}`);
  }
  const [old, now] = await planSides([before, after]);
  const { diffPlans, isEmptyDiff } = await import("../core/diff/diff.js");
  const { formatDiff } = await import("../core/diff/format.js");
  const diff = diffPlans(old, now);
  if (exitCode && !isEmptyDiff(diff)) process.exitCode = exitCodes.difference;
  await printReport(output, {
    data: diff satisfies DiffData,
    text: () => formatDiff(diff, "text", { paint: paintDiff }),
    markdown: () => formatDiff(diff, "markdown"),
  });
}
