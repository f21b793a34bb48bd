/** The whole tree of commands of `meshspan`. Loads nothing heavy before a command runs. */
import { Command } from "commander";
import { printableLines } from "../core/words";
import { version } from "../version";
import { certsCommand } from "./certs";
import { completionCommand } from "./completion";
import { demoCommand } from "./demo";
import { diffCommand } from "./diff";
import { explainCommand } from "./explain";
import { graphCommand } from "./graph";
import { importCommand } from "./import";
import { initCommand } from "./init";
import { joinCommand } from "./join";
import { leaveCommand } from "./leave";
import { previewCommand } from "./preview";
import { renderCommand } from "./render";
import { remoteSecretsCommand } from "./remoteSecrets";
import { wantsJson } from "./report";
import { schemaCommand } from "./schema";
import { statusCommand } from "./status";
import { traceCommand } from "./trace";
import { validateCommand } from "./validate";

/** @param args The words of the command line; they say in which form faults are told. */
export function meshspanProgram(args: readonly string[]): Command {
  const program: Command = new Command("meshspan")
    .description("One Istio service mesh over N Kubernetes clusters, from one description.")
    .version(version)
    .configureHelp({ showGlobalOptions: true })
    .addCommand(initCommand())
    .addCommand(importCommand())
    .addCommand(validateCommand())
    .addCommand(traceCommand())
    .addCommand(graphCommand())
    .addCommand(renderCommand())
    .addCommand(certsCommand())
    .addCommand(diffCommand())
    .addCommand(previewCommand())
    .addCommand(joinCommand())
    .addCommand(leaveCommand())
    .addCommand(remoteSecretsCommand())
    .addCommand(statusCommand())
    .addCommand(explainCommand())
    .addCommand(schemaCommand())
    .addCommand(completionCommand(() => program))
    .addCommand(demoCommand())
    .addHelpText(
      "after",
      "\nExamples:\n  meshspan validate\n  meshspan trace east redis-cart --hops\n  meshspan demo\n\nA code in brackets is explained by: meshspan explain <code>\n\nExit codes: 0 done; 1 failed; 2 wrong usage; 3 faulty description or certificates; 4 with --exit-code alone: not as it should be.\n",
    );
  settle(program, args);
  return program;
}

/** Commander ends the process by itself, and prints, unless each command is told otherwise. */
function settle(command: Command, args: readonly string[]): void {
  command.exitOverride();
  const writeErr = (text: string): void => {
    if (!wantsJson(args)) process.stderr.write(printableLines(text));
  };
  command.configureOutput({ writeErr });
  for (const one of command.commands) settle(one, args);
}
