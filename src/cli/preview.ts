/** `meshspan preview`: what a run of Pulumi would change in each cluster. */
import { Command } from "commander";
import { exitCodes, Failure, usageFailure } from "./failure";
import { type Output, outputOption, withExamples } from "./options";
import { paintDiff, printReport } from "./output";
import type { PreviewData } from "./schemas";

interface PreviewOptions {
  readonly output: Output;
}

export function previewCommand(): Command {
  const command = new Command("preview")
    .description("say per cluster what `pulumi preview --json` would change")
    .argument("[file]", 'what it printed; left out or "-", standard input')
    .addOption(outputOption())
    .action(runPreview);
  return withExamples(
    command,
    "meshspan preview preview.json --output markdown > comment.md",
    "pulumi preview --json | meshspan preview",
  );
}

async function runPreview(given: string | undefined, { output }: PreviewOptions): Promise<void> {
  // Else it would wait for somebody to type JSON.
  if (given === undefined && process.stdin.isTTY)
    throw usageFailure("nothing is piped in", "pulumi preview --json | meshspan preview");
  const { inputFailure, readText } = await import("./inputText.js");
  const { file, text } = await readText(given ?? "-");
  const { previewErrors, readPreview } = await import("../core/diff/preview.js");
  const printed = parse(text);
  const errors = previewErrors(printed);
  if (errors.length > 0) throw previewFailure(file, errors);
  const data: PreviewData | undefined = readPreview(printed);
  if (data === undefined) {
    throw inputFailure(
      "file_unreadable",
      file,
      `${file} isn't what pulumi preview --json prints`,
      "give it all of its output, and nothing else",
    );
  }
  const { formatPreview } = await import("../core/diff/formatPreview.js");
  await printReport(output, {
    data,
    text: () => formatPreview(data, "text", { paint: paintDiff }),
    markdown: () => formatPreview(data, "markdown"),
  });
}

/** A preview that failed says nothing about what a run would change. */
function previewFailure(file: string, errors: readonly string[]): Failure {
  const hint = "mend it, and run pulumi preview again";
  return new Failure(
    errors.map((message) => ({ code: "preview_failed", path: [], message, hint, file })),
    exitCodes.failure,
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
