/** `meshspan trace`: every call across clusters, hop by hop, and what is missing on its way. */
import { Command } from "commander";
import { shellWord } from "../core/shell";
import { exitCodes, usageFailure } from "./failure";
import { fileOption, type Output, outputOption, withExamples } from "./options";
import { note, printReport } from "./output";

interface TraceOptions {
  readonly file?: string;
  readonly output: Output;
  readonly hops?: boolean;
  readonly exitCode?: boolean;
}

export function traceCommand(): Command {
  const command = new Command("trace")
    .description(
      "follow every call across clusters that is described, from the caller to the identity that answers",
    )
    .argument("[from]", 'callers: a cluster, a workload, or <cluster>/<workload>; "-" for all')
    .argument(
      "[to]",
      "callees: a service, with or without its namespace or port, or a cluster that serves",
    )
    .addOption(fileOption())
    .addOption(outputOption())
    .option("--hops", "print each hop on a line of its own")
    .option("--exit-code", `exit with ${exitCodes.difference} when a call doesn't arrive`)
    .action(runTrace);
  return withExamples(
    command,
    "meshspan trace",
    "meshspan trace cartservice redis-cart --hops",
    "meshspan trace east west",
    "meshspan trace - redis-cart.default:6379 --output json",
    "meshspan trace --output markdown --exit-code > calls.md",
  );
}

async function runTrace(
  from: string | undefined,
  to: string | undefined,
  { file, output, hops = false, exitCode = false }: TraceOptions,
): Promise<void> {
  if (from !== undefined && file === undefined && /\.ya?ml$/.test(from))
    throw usageFailure(
      `${from} is where the caller is named`,
      `name the description with --file ${shellWord(from)}`,
    );
  const { loadPlan } = await import("./input.js");
  const { defaultFile } = await import("./options.js");
  const { source, plan } = await loadPlan(file ?? defaultFile);
  const { tracePlan } = await import("../core/trace/trace.js");
  const { chosenTraces } = await import("./traceFilter.js");
  const { summaryOf, traceReport } = await import("./traceReport.js");
  const all = tracePlan(plan);
  const traces = chosenTraces(plan, all, from, to);
  if (exitCode && traces.some(({ ok }) => !ok)) process.exitCode = exitCodes.difference;
  await printReport(output, traceReport(plan, traces, source, hops));
  note(output, summaryOf(traces, all.length));
}
