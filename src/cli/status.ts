/** `meshspan status`: whether clusters that run are as their mesh is described, and calls arrive. */
import { Command, InvalidArgumentError, Option } from "commander";
import { type Check, checks } from "../live/status/finding";
import { addContextOptions, type ContextOptions } from "./contextOptions";
import { exitCodes } from "./failure";
import {
  certsOption,
  chosenFile,
  fileOption,
  type Output,
  outputOption,
  withExamples,
} from "./options";
import { note, printReport } from "./output";

interface StatusOptions extends ContextOptions {
  readonly file?: string;
  readonly cluster?: readonly string[];
  readonly check?: readonly Check[];
  readonly certs?: string;
  readonly output: Output;
  readonly fixHints?: boolean;
  readonly exitCode?: boolean;
}

export function statusCommand(): Command {
  const command = addContextOptions(
    new Command("status")
      .description(
        "look at the clusters that run: what isn't as described, what will fail, and what to do",
      )
      .argument("[file]", "the mesh description")
      .addOption(fileOption())
      .addOption(
        new Option(
          "--cluster <name>",
          "look at this cluster alone; can be repeated (default: all)",
        ).argParser((name: string, before: readonly string[] | undefined) => [
          ...(before ?? []),
          name,
        ]),
      ),
  )
    .addOption(
      new Option(
        "--check <names>",
        `what to look at, of ${checks.join(", ")} (default: all)`,
      ).argParser(parseChecks),
    )
    .addOption(certsOption(", to hold the clusters' against (default: certs, where there is one)"))
    .addOption(outputOption())
    .option("--fix-hints", "print a command with each thing that isn't as it should be")
    .option("--exit-code", `exit with ${exitCodes.difference} when there is an error`)
    .action(runStatus);
  return withExamples(
    command,
    "meshspan status",
    "meshspan status --fix-hints --exit-code",
    "meshspan status --kubeconfig east=east.kubeconfig --kubeconfig west=west.kubeconfig",
    "meshspan status --cluster east --check trust,dns --output json",
  );
}

function parseChecks(text: string, before: readonly Check[] | undefined): readonly Check[] {
  const found = text.split(",").map((name) => checks.find((check) => check === name.trim()));
  if (found.some((check) => check === undefined))
    throw new InvalidArgumentError(`Name one or more of ${checks.join(", ")}.`);
  return [...(before ?? []), ...found.filter((check) => check !== undefined)];
}

async function runStatus(positional: string | undefined, options: StatusOptions): Promise<void> {
  const { output } = options;
  const file = chosenFile(positional, options.file);
  const { look } = await import("./statusLook.js");
  const prepared = await look(file, options);
  const data = await prepared();
  const { statusReport } = await import("./statusReport.js");
  await printReport(output, statusReport(data, { fixHints: options.fixHints === true }));
  const isReached = data.findings.some(({ check, state }) => check === "cluster" && state === "ok");
  if (!isReached) {
    process.exitCode = exitCodes.failure;
    note(output, "no cluster could be looked at");
  } else if (options.exitCode === true && !data.ok) process.exitCode = exitCodes.difference;
}
