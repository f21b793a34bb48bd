/** Commands in containers, over a WebSocket. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { finished } from "node:stream/promises";
import type { WebSocket } from "ws";
import { incoming, outgoing } from "./channels";

const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3 };

export interface Execution {
  /** What runs the command in its container. */
  readonly file: string;
  readonly args: readonly string[];
  /** Whether it's given an input, which is the client's. */
  readonly hasInput: boolean;
}

/** Runs a command, and tells how it ended when all of its output is sent. */
export async function execute(socket: WebSocket, execution: Execution): Promise<void> {
  const { file, args, hasInput } = execution;
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
  // It may end before its input does.
  child.stdin.on("error", () => child.stdin.destroy());
  if (hasInput) incoming(socket, channels.stdin).pipe(child.stdin);
  else child.stdin.end();
  const stdout = child.stdout.pipe(outgoing(socket, channels.stdout));
  const stderr = child.stderr.pipe(outgoing(socket, channels.stderr));
  const status = outgoing(socket, channels.status);
  try {
    const [[code, signal]] = await Promise.all([
      once(child, "close") as Promise<[number, null] | [null, NodeJS.Signals]>,
      finished(stdout),
      finished(stderr),
    ]);
    // As shells count.
    const exitCode = signal === null ? code : 128 + constants.signals[signal];
    status.write(JSON.stringify(statusOf(exitCode)));
  } catch (error) {
    const { message } = error as Error;
    status.write(JSON.stringify({ metadata: {}, status: "Failure", message }));
  } finally {
    socket.close(1000);
  }
}

/** As the kubelet says it. (KEP-4006; `k8s.io/apimachinery`, `NonZeroExitCodeReason`) */
function statusOf(exitCode: number): object {
  if (exitCode === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
  };
}
