/** `meshspan validate`: every fault of a description, with its line, and what it opens. */
import { Command } from "commander";
import type { Issue } from "../core/issues";
import { escapeMarkdown } from "../core/markdown";
import type { Plan } from "../core/plan";
import { counted } from "../core/words";
import { Failure, type Fault, usageFailure } from "./failure";
import { fileOption, type Output, outputOption, defaultFile, withExamples } from "./options";
import { coloured, printReport } from "./output";
import { remarkItems, remarkLines } from "./remarkReport";
import { formatFault } from "./report";
import type { ValidateData } from "./schemas";

interface ValidateOptions {
  readonly file?: string;
  readonly files?: readonly string[];
  readonly output: Output;
}

export function validateCommand(): Command {
  const command = new Command("validate")
    .description(
      "print every fault of a description with its line, and how to mend it; what it leaves open where it has none",
    )
    .argument("[files...]", `descriptions, "-" for standard input (default: ${defaultFile})`)
    .addOption(fileOption())
    .option(
      "--files <paths...>",
      "hold the manifests of these files and folders against Meshspan's rules instead; a folder is a cluster (or cluster=path), - is standard input. A description gives the settings and the objects that are planned",
    )
    .addOption(outputOption())
    .action(runValidate);
  return withExamples(
    command,
    "meshspan validate",
    "meshspan validate staging.yaml production.yaml",
    "meshspan validate --output json - < mesh.yaml",
    "meshspan validate --files manifests",
    "meshspan validate --file mesh.yaml --files east=apps/frankfurt west=apps/dublin",
    "meshspan validate --files east=- < bundle.yaml",
  );
}

async function runValidate(
  given: readonly string[],
  { file, files: manifests, output }: ValidateOptions,
): Promise<void> {
  const named = [...given, ...(file === undefined ? [] : [file])];
  if (manifests !== undefined) return checkManifests(manifests, [...new Set(named)], output);
  const files = [...new Set(named.length === 0 ? [defaultFile] : named)];
  const checked = [];
  for (const one of files) checked.push(await check(one));
  const data: ValidateData = {
    ok: checked.every(({ result }) => result.ok),
    files: checked.map(({ result }) => result),
  };
  const worst = checked.map(({ exitCode }) => exitCode).filter((code) => code !== 0);
  process.exitCode = worst.length === 0 ? 0 : Math.min(...worst);
  const { markdownTable } = await import("./table.js");
  await printReport(output, {
    data,
    text: () => data.files.map(formatFile).join(""),
    markdown: () =>
      data.ok
        ? data.files
            .map(
              ({ file: name, ...remarks }) =>
                `- ${escapeMarkdown(name)}: no faults\n${remarkItems(remarks)}`,
            )
            .join("")
        : markdownTable(
            ["where", "what", "how to mend it", "code"],
            data.files.flatMap(({ faults }) => faults.map(markdownRow)),
          ),
  });
}

async function checkManifests(
  manifests: readonly string[],
  [description, other]: readonly string[],
  output: Output,
): Promise<void> {
  if (other !== undefined) {
    throw usageFailure(
      `manifests are of one mesh, and two descriptions are named, ${description ?? ""} and ${other}`,
      "name one of them",
    );
  }
  const { validateFiles } = await import("./validateFiles.js");
  const { policyReport } = await import("./policyReport.js");
  const { data, exitCode } = await validateFiles(manifests, description);
  process.exitCode = exitCode;
  await printReport(output, policyReport(data));
}

type FileResult = ValidateData["files"][number];

/** A file that can't be read is a fault in the report like any other, with the exit code of a failure. */
async function check(
  file: string,
): Promise<{ readonly result: FileResult; readonly exitCode: number }> {
  const { loadPlan } = await import("./input.js");
  const { exposuresOf } = await import("../core/exposures.js");
  const { fileIssues } = await import("../core/literals.js");
  try {
    // Some faults, such as objects that grow too large, are of the plan.
    const { source, plan } = await loadPlan(file);
    const { file: name, mesh, locate } = source;
    const clusters = mesh.clusters.map((cluster) => cluster.name);
    const services = mesh.services.map(({ key }) => key);
    const found = { name: mesh.name, clusters, services };
    const exposures = exposuresOf(mesh).map((exposure) => locate(exposure));
    const needs = ofRendered(plan, fileIssues(plan)).map((issue) => locate(issue));
    return {
      result: { file: name, ok: true, mesh: found, faults: [], exposures, needs },
      exitCode: 0,
    };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const shown = file === "-" ? "stdin" : file;
    return {
      result: { file: shown, ok: false, faults: error.faults, exposures: [], needs: [] },
      exitCode: error.exitCode,
    };
  }
}

/** Those of clusters that only files are for; what others lack, Pulumi learns. */
function ofRendered(plan: Plan, issues: readonly Issue[]): readonly Issue[] {
  const rendered = new Set(
    plan.mesh.clusters.filter(({ provider }) => provider === "rendered").map(({ name }) => name),
  );
  return issues.filter(({ path: [, cluster] }) => rendered.has(String(cluster)));
}

function formatFile({ file, mesh, faults, ...remarks }: FileResult): string {
  if (mesh === undefined) {
    return `${[...(faults as readonly Fault[]).map(formatFault), `${file}: ${coloured("red", counted(faults.length, "fault"))}`].join("\n")}\n`;
  }
  const { name, clusters, services } = mesh;
  const summary = `${file}: ${coloured("green", "ok")}, mesh ${name}: ${counted(clusters.length, "cluster")}, ${counted(services.length, "global service")}\n`;
  return [summary, ...remarkLines(remarks)].join("");
}

function markdownRow(fault: FileResult["faults"][number]): readonly string[] {
  const { file = "", line, column, message, hint, code } = fault;
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  return [place, message, hint, code];
}
