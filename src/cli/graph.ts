/** `meshspan graph`: who calls whom, within clusters and across, as a picture. */
import { Command, Option } from "commander";
import { chosenFile, fileOption, withExamples } from "./options";
import { print } from "./output";

const formats = ["svg", "dot", "mermaid"] as const;
type Format = (typeof formats)[number];

interface GraphOptions {
  readonly file?: string;
  readonly format?: Format;
  readonly out?: string;
}

export function graphCommand(): Command {
  const command = new Command("graph")
    .description("draw the clusters and the calls within and across them")
    .argument("[file]", "the mesh description")
    .addOption(fileOption())
    .addOption(
      new Option(
        "--format <format>",
        "language of the picture (default: by the name of --out, else svg)",
      ).choices(formats),
    )
    .option("--out <file>", "file to write (default: standard output)")
    .action(runGraph);
  return withExamples(
    command,
    "meshspan graph --out topology.svg",
    "meshspan graph staging.yaml --format mermaid",
    "meshspan graph --format dot | dot -Tpng > topology.png",
  );
}

async function runGraph(
  positional: string | undefined,
  { file, format, out }: GraphOptions,
): Promise<void> {
  const { loadPlan } = await import("./input.js");
  const { plan } = await loadPlan(chosenFile(positional, file));
  const { topologyOf } = await import("../core/topology/topology.js");
  const picture = await draw(format ?? formatOf(out), topologyOf(plan));
  if (out === undefined) return print(picture);
  const { replaceFile } = await import("./files.js");
  await replaceFile(out, picture);
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

function formatOf(out = ""): Format {
  if (/\.(?:dot|gv)$/.test(out)) return "dot";
  return /\.(?:mmd|mermaid)$/.test(out) ? "mermaid" : "svg";
}
