/** `meshspan init`: a description to start from. */
import { Command, InvalidArgumentError } from "commander";
import { usageFailure } from "./failure";
import {
  checkPrintable,
  chosenFile,
  fileOption,
  type Output,
  outputOption,
  withExamples,
} from "./options";
import { coloured, note, print, printReport } from "./output";
import type { InitData } from "./schemas";
import { writeDescription } from "./writeDescription";

interface InitOptions {
  readonly file?: string;
  readonly name: string;
  readonly clusters: readonly string[];
  readonly force?: boolean;
  readonly output: Output;
}

export function initCommand(): Command {
  const command = new Command("init")
    .description("write a mesh.yaml to start from, with comments")
    .argument("[file]", 'where to, "-" for standard output')
    .addOption(fileOption('the description to write, "-" for standard output'))
    .option("--name <name>", "name of the mesh", "mesh")
    .option("--clusters <names>", "names of the clusters, with commas between", parseNames, [
      "east",
      "west",
    ])
    .option("--force", "replace a file that is there")
    .addOption(outputOption(["text", "json", "yaml"]))
    .action(runInit);
  return withExamples(
    command,
    "meshspan init",
    "meshspan init --name shop --clusters frankfurt,dublin",
    "meshspan init staging.yaml --force",
    "meshspan init - | meshspan validate -",
  );
}

function parseNames(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.some((name) => name === "")) {
    throw new InvalidArgumentError("Write names with commas between, such as east,west.");
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InvalidArgumentError(`"${twice}" is there twice.`);
  if (names.length > mostClusters) {
    throw new InvalidArgumentError(`At most ${mostClusters}; add others to the file.`);
  }
  return names;
}

/** Each gets an address of its own from the range for documentation. */
const mostClusters = 25;

async function runInit(
  positional: string | undefined,
  { file: option, name, clusters, force = false, output }: InitOptions,
): Promise<void> {
  const file = chosenFile(positional, option);
  if (file === "-") checkPrintable(output);
  const text = await describe(name, clusters);
  if (file === "-") return print(text);
  await writeDescription(file, text, force);
  const data: InitData = { file, name, clusters };
  await printReport(output, { data, text: () => `${coloured("green", "wrote")} ${file}\n` });
  const named = file === "mesh.yaml" ? "" : ` -f ${file}`;
  note(
    output,
    `Describe your clusters and services in it, then: meshspan validate${named} && meshspan trace${named}`,
  );
}

/** The text, once it is known that it parses: names come from outside. */
async function describe(name: string, clusters: readonly string[]): Promise<string> {
  const { starterMesh } = await import("./starterMesh.js");
  const { formatIssue } = await import("../core/issues.js");
  const { safeParseMesh } = await import("../core/parse.js");
  const named = safeParseMesh({
    name,
    clusters: Object.fromEntries(clusters.map((cluster) => [cluster, {}])),
  });
  const [fault] = named.ok ? [] : named.issues;
  if (fault !== undefined)
    throw usageFailure(formatIssue({ ...fault, hint: "" }).replace(/: $/, ""), fault.hint);
  return starterMesh(name, clusters);
}
