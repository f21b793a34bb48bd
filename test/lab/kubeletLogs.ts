/** Logs of containers, as they are asked for. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { Refusal } from "./kubeletRefusal";
import type { Pod } from "./pod";

/** Answers with a container's log, of all of its starts; followed, until the container ends. */
export function sendLog(
  response: ServerResponse,
  pod: Pod,
  container: string,
  query: URLSearchParams,
): void {
  const { tailLines, follow, stream = "All", ...others } = Object.fromEntries(query);
  const [unknown] = [...Object.keys(others), ...(stream === "All" ? [] : ["stream"])];
  if (unknown !== undefined)
    throw new Refusal(400, `the lab's kubelet takes tailLines and follow for a log, no ${unknown}`);
  const log = pod.logOf(container);
  if (!existsSync(log)) throw new Refusal(400, `container ${container} is waiting to start`);
  const following =
    follow === "true" ? ["--follow", `--pid=${pod.container(container).running.process.pid}`] : [];
  const child = spawn("tail", [`--lines=${tailLines ?? "+1"}`, ...following, log], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  response.writeHead(200, { "Content-Type": "text/plain" });
  response.flushHeaders();
  response.once("close", () => child.kill());
  child.stdout.pipe(response);
}
