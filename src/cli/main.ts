#!/usr/bin/env node
/** The command `meshspan`. */
import { meshspanProgram } from "./program";
import { reportError } from "./report";

const args = process.argv.slice(2);

// A reader that stops reading, such as `head`, has what it wants.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exitCode = 0;
  else reportError(error, args);
  process.exit();
});
process.stderr.on("error", () => process.exit());

meshspanProgram(args)
  .parseAsync()
  .catch((error: unknown) => reportError(error, args));
