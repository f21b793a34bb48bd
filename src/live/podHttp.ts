/** HTTP with a pod, by way of its cluster's API server. */
import { request } from "node:http";
import type { Socket } from "node:net";
import type { LiveCluster } from "./liveCluster";
import type { PodPort } from "./portForward";

/** Seconds in which a pod has to answer. */
const patience = 10;

/**
 * What a port of a pod answers to GET.
 * @throws Error where there is no way to the port, no answer in 10 s, or another status than 200.
 */
export async function getFromPod(
  live: LiveCluster,
  target: PodPort,
  path: string,
): Promise<string> {
  const stream = await live.forward(target);
  try {
    return await new Promise((resolve, reject) => {
      const question = request({
        path,
        headers: { connection: "close", host: "localhost" },
        createConnection: () => stream as Socket,
        signal: AbortSignal.timeout(patience * 1000),
      });
      question.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("error", reject).on("end", () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${path} answers ${response.statusCode ?? "nothing"}`));
        });
      });
      stream.on("error", reject);
      question.on("error", reject).end();
    });
  } finally {
    stream.destroy();
  }
}
