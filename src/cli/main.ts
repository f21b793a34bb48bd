#!/usr/bin/env node
/** The command `meshspan`. Loads nothing heavy before a command runs. */
import { Command, CommanderError } from "commander";
import { formatIssue, MeshError } from "../core/issues";
import { version } from "../version";
import { demoCommand } from "./demo";
import { diffCommand } from "./diff";
import { previewCommand } from "./preview";

/** Exit codes: 0 done, 1 failed, 2 wrong usage, 3 faulty description; commands may have more. */
const exitCodes = { failure: 1, usage: 2, description: 3 } as const;

async function main(): Promise<void> {
  const program = new Command("meshspan")
    .description("One Istio service mesh over N Kubernetes clusters, from one description.")
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addCommand(demoCommand().exitOverride())
    .addCommand(diffCommand().exitOverride())
    .addCommand(previewCommand().exitOverride());
  await program.parseAsync();
}

// A reader that stops reading, such as `head`, has what it wants.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") report(error);
  process.exit();
});

/** What a person can do about an error of the system. */
const systemHints: Readonly<Partial<Record<string, string>>> = {
  EACCES: "change its permissions, or choose another folder",
  EPERM: "change its permissions, or choose another folder",
  EROFS: "choose a folder that can be written to",
  ENOSPC: "make room on the disk",
  ENOTDIR: "a file is in the way; move it, or choose another folder",
  EEXIST: "a file is in the way; move it, or choose another folder",
  EISDIR: "a folder is in the way; move it, or choose another folder",
};

function report(error: unknown): void {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
  } else if (error instanceof MeshError) {
    const lines = error.issues.map((issue) => `${formatIssue(issue)} [${issue.code}]`);
    process.stderr.write(`${lines.join("\n")}\n`);
    process.exitCode = exitCodes.description;
  } else {
    const { message, code = "", path } = error as NodeJS.ErrnoException;
    const hint = systemHints[code];
    const where = path === undefined || message.includes(path) ? "" : ` (${path})`;
    process.stderr.write(`meshspan: ${message}${where}${hint === undefined ? "" : `: ${hint}`}\n`);
    process.exitCode = exitCodes.failure;
  }
}

main().catch(report);
