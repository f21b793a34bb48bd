#!/usr/bin/env node
/** The command `meshspan`. Loads nothing heavy before a command runs. */
import { Command, CommanderError } from "commander";
import { formatIssue, MeshError } from "../core/issues";
import { version } from "../version";
import { demoCommand } from "./demo";

/** Exit codes: 0 done, 1 failed, 2 wrong usage, 3 faulty description. */
const exitCodes = { failure: 1, usage: 2, description: 3 } as const;

async function main(): Promise<void> {
  const program = new Command("meshspan")
    .description("One Istio service mesh over N Kubernetes clusters, from one description.")
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addCommand(demoCommand().exitOverride());
  await program.parseAsync();
}

// A reader that stops reading, such as `head`, has what it wants.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

main().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
  } else if (error instanceof MeshError) {
    process.stderr.write(
      `${error.issues.map((issue) => `${formatIssue(issue)} [${issue.code}]`).join("\n")}\n`,
    );
    process.exitCode = exitCodes.description;
  } else {
    process.stderr.write(`meshspan: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = exitCodes.failure;
  }
});
