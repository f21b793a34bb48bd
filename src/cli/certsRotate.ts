/** `meshspan certs rotate`: one root follows another, stage by stage. */
import { Command, Option } from "commander";
import { addContextOptions } from "./contextOptions";
import { usageFailure } from "./failure";
import {
  certsOption,
  chosenFile,
  defaultCerts,
  fileOption,
  outputOption,
  parseSeconds,
  withExamples,
} from "./options";
import { note, printReport } from "./output";
import type { RotateOptions } from "./rotation";

export function rotateCommand(): Command {
  const command = new Command("rotate")
    .description(
      "replace the root without a gap: one stage, once every proxy has reached the one before; with --apply all of them",
    )
    .argument("[file]", "the mesh description")
    .addOption(fileOption())
    .addOption(certsOption().default(defaultCerts))
    .option(
      "--to <name>",
      "name of the root that follows, such as its year; begins the first stage",
    )
    .option("--apply", "give each stage to the clusters, and go on until the old root is gone")
    .option("--force-conflicts", "with --apply: take over the secret's fields that others manage")
    .addOption(
      new Option(
        "--timeout <seconds>",
        "with --apply: how long to wait for proxies in a stage (default: as long as it takes)",
      ).argParser(parseSeconds),
    );
  addContextOptions(command).addOption(outputOption()).action(runRotate);
  return withExamples(
    command,
    "meshspan certs rotate --to 2027",
    "meshspan certs rotate",
    "meshspan certs rotate --to 2027 --apply --kubeconfig clusters.kubeconfig",
  );
}

async function runRotate(positional: string | undefined, options: RotateOptions): Promise<void> {
  const file = chosenFile(positional, options.file);
  if (file === "-")
    throw usageFailure("standard input can't be written to", "name the file of the description");
  const { rotate, rotateReport } = await import("./rotation.js");
  const data = await rotate(file, options, (line) => note(options.output, `· ${line}`));
  await printReport(options.output, rotateReport(data));
}
