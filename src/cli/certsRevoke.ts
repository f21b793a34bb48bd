/** `meshspan certs revoke`: a cluster's intermediate is taken back, stage by stage. */
import { Command } from "commander";
import { addContextOptions } from "./contextOptions";
import { usageFailure } from "./failure";
import {
  certsOption,
  chosenFile,
  defaultCerts,
  fileOption,
  outputOption,
  withExamples,
} from "./options";
import { note, printReport } from "./output";
import type { RevokeOptions } from "./revocation";

export function revokeCommand(): Command {
  const command = new Command("revoke")
    .description(
      "take a cluster's intermediate back, as when its key was stolen: one stage, once every proxy has reached the one before",
    )
    .argument("[file]", "the mesh description")
    .addOption(fileOption())
    .addOption(certsOption().default(defaultCerts))
    .option("--cluster <name>", "whose intermediate; begins the first stage")
    .option(
      "--now",
      "all stages at once: calls may fail until every proxy has the lists and another certificate",
    );
  addContextOptions(command).addOption(outputOption()).action(runRevoke);
  return withExamples(
    command,
    "meshspan certs revoke --cluster east",
    "meshspan certs revoke",
    "meshspan certs revoke --cluster east --now",
  );
}

async function runRevoke(positional: string | undefined, options: RevokeOptions): Promise<void> {
  const file = chosenFile(positional, options.file);
  if (file === "-")
    throw usageFailure("standard input can't be written to", "name the file of the description");
  const { revoke, revokeReport } = await import("./revocation.js");
  const data = await revoke(file, options, (line) => note(options.output, `· ${line}`));
  await printReport(options.output, revokeReport(data));
}
