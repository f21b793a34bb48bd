#!/usr/bin/env node
/** The command `meshspan`. Loads nothing heavy before a command runs. */
import { Command } from "commander";
import { printableLines } from "../core/words";
import { version } from "../version";
import { certsCommand } from "./certs";
import { completionCommand } from "./completion";
import { demoCommand } from "./demo";
import { diffCommand } from "./diff";
import { graphCommand } from "./graph";
import { initCommand } from "./init";
import { joinCommand } from "./join";
import { leaveCommand } from "./leave";
import { previewCommand } from "./preview";
import { renderCommand } from "./render";
import { remoteSecretsCommand } from "./remoteSecrets";
import { reportError, wantsJson } from "./report";
import { schemaCommand } from "./schema";
import { statusCommand } from "./status";
import { traceCommand } from "./trace";
import { validateCommand } from "./validate";

const args = process.argv.slice(2);

/** The whole tree of commands. */
function meshspan(): Command {
  const program: Command = new Command("meshspan")
    .description("One Istio service mesh over N Kubernetes clusters, from one description.")
    .version(version)
    .configureHelp({ showGlobalOptions: true })
    .addCommand(initCommand())
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
    .addCommand(schemaCommand())
    .addCommand(completionCommand(() => program))
    .addCommand(demoCommand())
    .addHelpText(
      "after",
      "\nExamples:\n  meshspan validate\n  meshspan trace east redis-cart --hops\n  meshspan demo\n\nExit codes: 0 done; 1 failed; 2 wrong usage; 3 faulty description or certificates; 4 with --exit-code alone: not as it should be.\n",
    );
  settle(program);
  return program;
}

/** Commander ends the process by itself, and prints, unless each command is told otherwise. */
function settle(command: Command): void {
  command.exitOverride();
  const writeErr = (text: string): void => {
    if (!wantsJson(args)) process.stderr.write(printableLines(text));
  };
  command.configureOutput({ writeErr });
  command.commands.forEach(settle);
}

// A reader that stops reading, such as `head`, has what it wants.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exitCode = 0;
  else reportError(error, args);
  process.exit();
});
process.stderr.on("error", () => process.exit());

meshspan()
  .parseAsync()
  .catch((error: unknown) => reportError(error, args));
