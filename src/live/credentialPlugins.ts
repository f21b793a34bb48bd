/** Programs that a kubeconfig has tell credentials (`exec`), as kubectl runs them. */
import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import type { KubeConfig } from "@kubernetes/client-node";

/** Seconds in which a program has to tell them: a person may have to log in by a browser. */
const patience = 60;

type Run = (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess;

/**
 * Has a kubeconfig's programs end in that time, so that one that waits for something keeps no command alive. None is read
 * anything: whoever asks on a terminal that isn't there fails at once, and says why.
 */
export function endingPlugins(config: KubeConfig, seconds = patience): void {
  const { authenticators } = config as unknown as { readonly authenticators?: readonly object[] };
  for (const one of authenticators ?? [])
    if ("execFn" in one) Object.assign(one, { execFn: runWithin(seconds) satisfies Run });
}

function runWithin(seconds: number): Run {
  return (command, args, options) => {
    const program = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => {
      const what = `the credential plugin ${command} told no credentials in ${seconds} s`;
      program.emit("error", new Error(what));
      program.kill();
      // What it has started may have them open for longer.
      program.stdout.destroy();
      program.stderr.destroy();
    }, seconds * 1000);
    program.once("exit", () => clearTimeout(timer)).once("error", () => clearTimeout(timer));
    return program;
  };
}
