/** The whole tree of commands of `meshspan`. Loads nothing heavy before a command runs. */
import { Command, type CommanderError } from "commander";
import { printableLines } from "../core/words";
import { version } from "../version";
import { certsCommand } from "./certs";
import { completionCommand } from "./completion";
import { demoCommand } from "./demo";
import { diffCommand } from "./diff";
import { explainCommand } from "./explain";
import { type Failure, usageFailure } from "./failure";
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
function settle(command: Command, args: readonly string[], path = command.name()): void {
  command.exitOverride((error) => {
    throw error.exitCode === 0 ? error : misuse(error, path);
  });
  const writeErr = (text: string): void => {
    if (!wantsJson(args)) process.stderr.write(printableLines(text));
  };
  command.configureOutput({ writeErr, outputError: () => undefined });
  for (const one of command.commands) settle(one, args, `${path} ${one.name()}`);
}

/** Words that Commander can't follow, told as every other fault is. */
function misuse({ code, message }: CommanderError, path: string): Failure {
  if (code === "commander.help") return usageFailure("a command is missing", `see ${path} --help`);
  const text = message.replace(/^error: (?:command-(?=argument))?/, "");
  // `unknown command 'x'\n(Did you mean y?)`, `option 'o' argument 'x' is invalid. Allowed choices are y.`
  const [, what = text, near] =
    /^(.*)\n\((.*)\)$/s.exec(text) ??
    /^(.* is invalid(?: for argument '[^']*')?|.* for '[^']*')\. (.*?)\.?$/s.exec(text) ??
    [];
  const hint = near === undefined ? `see ${path} --help` : lowerFirst(near);
  return usageFailure(what, hint);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
