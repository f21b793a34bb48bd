/** `meshspan status`: whether clusters that run are as their mesh is described, and calls arrive. */
import { Command, InvalidArgumentError, Option } from "commander";
import { type Check, checks } from "../live/status/finding";
import { addContextOptions, type ContextOptions } from "./contextOptions";
import { exitCodes, usageFailure } from "./failure";
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
  readonly wait?: number;
  readonly watch?: boolean;
}

/** Seconds that are waited where none are said: a gateway's load balancer may take minutes. */
const defaultWait = 300;

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
    .addOption(
      new Option("--wait [seconds]", "look until there is no error, or the time is over")
        .preset(String(defaultWait))
        .argParser(parseSeconds),
    )
    .addOption(
      new Option(
        "--watch",
        "look until Ctrl-C; where no terminal is, print what changes",
      ).conflicts("wait"),
    )
    .action(runStatus);
  return withExamples(
    command,
    "meshspan status",
    "meshspan status --fix-hints --exit-code",
    "meshspan status --kubeconfig east=east.kubeconfig --kubeconfig west=west.kubeconfig",
    "meshspan status --cluster east --check trust,dns --output json",
    "meshspan status --wait 120",
  );
}

function parseChecks(text: string, before: readonly Check[] | undefined): readonly Check[] {
  const found = text.split(",").map((name) => checks.find((check) => check === name.trim()));
  if (found.some((check) => check === undefined))
    throw new InvalidArgumentError(`Name one or more of ${checks.join(", ")}.`);
  return [...(before ?? []), ...found.filter((check) => check !== undefined)];
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError("Name seconds, from 1 to 86400.");
}

async function runStatus(positional: string | undefined, options: StatusOptions): Promise<void> {
  const { output } = options;
  const file = chosenFile(positional, options.file);
  const { look } = await import("./statusLook.js");
  const fixHints = options.fixHints === true;
  if (options.watch === true && output !== "text" && output !== "json")
    throw usageFailure("--watch prints text or json", "leave --output out");
  const { lookUntilFine, watch } = await import("./statusRepeat.js");
  const lookOnce = await look(file, options);
  if (options.watch === true && (output === "text" || output === "json")) {
    const ended = new AbortController();
    process.once("SIGINT", () => ended.abort());
    return watch(lookOnce, { output, fixHints, signal: ended.signal });
  }
  const { wait } = options;
  const data =
    wait === undefined
      ? await lookOnce()
      : await lookUntilFine(lookOnce, wait, (line) => note(output, line));
  const { statusReport } = await import("./statusReport.js");
  await printReport(output, statusReport(data, { fixHints }));
  const isReached = data.findings.some(({ check, state }) => check === "cluster" && state === "ok");
  if (!isReached) {
    process.exitCode = exitCodes.failure;
    note(output, "no cluster could be looked at");
  } else if (wait !== undefined && !data.ok) {
    process.exitCode = exitCodes.failure;
    note(output, `not fine in ${wait} s`);
  } else if (options.exitCode === true && !data.ok) process.exitCode = exitCodes.difference;
}
