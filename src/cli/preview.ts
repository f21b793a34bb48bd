/** `meshspan preview`: what a run of Pulumi would change in each cluster. */
import { readFileSync } from "node:fs";
import { text as textOf } from "node:stream/consumers";
import { Command, Option } from "commander";

interface PreviewOptions {
  readonly output: "text" | "json" | "markdown";
}

export function previewCommand(): Command {
  return new Command("preview")
    .description("say per cluster what `pulumi preview --json` would change")
    .argument("[file]", "what it printed; left out or -, standard input")
    .addOption(
      new Option("--output <format>", "how to write it")
        .choices(["text", "json", "markdown"])
        .default("text"),
    )
    .addHelpText(
      "after",
      `
Examples:
  pulumi preview --json | meshspan preview
  meshspan preview preview.json --output markdown > comment.md
`,
    )
    .action(runPreview);
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
  process.stdout.write(
    output === "json"
      ? `${JSON.stringify(preview, undefined, 2)}\n`
      : formatPreview(preview, output),
  );
}

/** The value of a JSON text; `undefined` for any other text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
