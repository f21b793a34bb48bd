/** `meshspan explain`: what a code means, and how what it stands for is mended. */
import { join } from "node:path";
import { Command } from "commander";
import { usageFailure } from "./failure";
import { type Output, outputOption, withExamples } from "./options";
import { printReport } from "./output";

/** Pages of this version, which come with the package. */
const pages = join(__dirname, "../../docs");

export function explainCommand(): Command {
  const command = new Command("explain")
    .description("say what an error's code means, and how to mend what it stands for")
    .argument("[code]", "as it stands in brackets; all are listed where it is left out")
    .addOption(outputOption())
    .action(runExplain);
  return withExamples(command, "meshspan explain gateway_address_needed", "meshspan explain");
}

async function runExplain(
  code: string | undefined,
  { output }: { readonly output: Output },
): Promise<void> {
  const { explainedCodes, explanationText } = await import("./explanations.js");
  const { markdownTable, textTable } = await import("./table.js");
  const all = explainedCodes();
  const found = code === undefined ? all : all.filter((one) => one.code === code);
  if (code !== undefined && found.length === 0) {
    const { suggest } = await import("../core/shape.js");
    const hint = suggest(
      code,
      all.map((one) => one.code),
    );
    throw usageFailure(`there is no code ${JSON.stringify(code)}`, hint, "unknown_name");
  }
  const rows = found.map((one) => [one.code, one.source, one.meaning, one.mend]);
  await printReport(output, {
    data: { codes: found },
    text: () =>
      code === undefined
        ? `${textTable(
            ["code", "of", "says"],
            rows.map(([name = "", source = "", meaning = ""]) => [
              name,
              source,
              meaning.split(/(?<=\.) /)[0] ?? "",
            ]),
          )}\n`
        : found.map((one) => explanationText(one, { pages })).join("\n"),
    markdown: () => markdownTable(["code", "of", "says", "how to mend it"], rows),
  });
}
