/** `meshspan graph`: who calls whom, within clusters and across, as a picture. */
import { extname } from "node:path";
import { Command, Option } from "commander";
import { printable } from "../core/words";
import { usageFailure } from "./failure";
import { chosenFile, fileOption, withExamples } from "./options";
import { coloured, print } from "./output";

const formats = ["svg", "dot", "mermaid"] as const;
type Format = (typeof formats)[number];

interface GraphOptions {
  readonly file?: string;
  readonly output?: Format;
  readonly out?: string;
}

export function graphCommand(): Command {
  const command = new Command("graph")
    .description("draw the clusters and the calls within and across them")
    .argument("[file]", "the mesh description")
    .addOption(fileOption())
    .addOption(
      new Option(
        "-o, --output <format>",
        "language of the picture (default: by the name of --out, else svg)",
      ).choices(formats),
    )
    .option("--out <file>", "file to write (default: standard output)")
    .action(runGraph);
  return withExamples(
    command,
    "meshspan graph --out topology.svg",
    "meshspan graph staging.yaml --output mermaid",
    "meshspan graph --output dot | dot -Tpng > topology.png",
  );
}

async function runGraph(
  positional: string | undefined,
  { file, output, out }: GraphOptions,
): Promise<void> {
  const language = output ?? (out === undefined ? "svg" : formatOf(out));
  const { loadPlan } = await import("./input.js");
  const { plan } = await loadPlan(chosenFile(positional, file));
  const { topologyOf } = await import("../core/topology/topology.js");
  const picture = await draw(language, topologyOf(plan));
  if (out === undefined) return print(picture);
  const { replaceFile } = await import("./files.js");
  await replaceFile(out, picture);
  await print(`${coloured("green", "wrote")} ${printable(out)}\n`);
}

async function draw(
  format: Format,
  topology: Parameters<typeof import("../core/topology/dot").toDot>[0],
): Promise<string> {
  if (format === "mermaid")
    return (await import("../core/topology/mermaid.js")).toMermaid(topology);
  const { toDot } = await import("../core/topology/dot.js");
  const dot = toDot(topology);
  if (format === "dot") return dot;
  const { renderSvg } = await import("../render/svg.js");
  return renderSvg(dot);
}

const extensions: Readonly<Record<string, Format>> = {
  ".svg": "svg",
  ".dot": "dot",
  ".gv": "dot",
  ".mmd": "mermaid",
  ".mermaid": "mermaid",
};

function formatOf(out: string): Format {
  const format = extensions[extname(out)];
  if (format !== undefined) return format;
  throw usageFailure(
    `the name of ${out} doesn't say in which language the picture is to be`,
    `let it end in ${Object.keys(extensions).join(", ")}, or say --output ${formats.join(", ")}`,
  );
}
