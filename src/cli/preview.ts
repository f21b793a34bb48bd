/** `meshspan preview`: what a run of Pulumi would change in each cluster. */
import { readFileSync } from "node:fs";
import { text as textOf } from "node:stream/consumers";
import { Command } from "commander";
import { outputOption, withExamples } from "./options";
import { printReport } from "./output";

interface PreviewOptions {
  readonly output: "text" | "json" | "markdown";
}

export function previewCommand(): Command {
  const command = new Command("preview")
    .description("say per cluster what `pulumi preview --json` would change")
    .argument("[file]", "what it printed; left out or -, standard input")
    .addOption(outputOption(["text", "json", "markdown"]))
    .action(runPreview);
  return withExamples(
    command,
    "pulumi preview --json | meshspan preview",
    "meshspan preview preview.json --output markdown > comment.md",
  );
}

async function runPreview(file: string | undefined, { output }: PreviewOptions): Promise<void> {
  const isInput = file === undefined || file === "-";
  const name = isInput ? "standard input" : file;
  const text = isInput ? await textOf(process.stdin) : readFileSync(file, "utf8");
  const { readPreview } = await import("../core/diff/preview.js");
  const preview = readPreview(parse(text));
  if (preview === undefined) {
    throw new Error(`${name} isn't what pulumi preview --json prints: give it all of its output`);
  }
  const { formatPreview } = await import("../core/diff/formatPreview.js");
  await printReport(output, {
    data: preview,
    text: () => formatPreview(preview, "text"),
    markdown: () => formatPreview(preview, "markdown"),
  });
}

/** The value of a JSON text; `undefined` for any other text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
