/** Requests over a connection that is there already, such as one to a pod's port. */
import { request } from "node:http";
import type { Duplex } from "node:stream";

export interface ForwardedAnswer {
  readonly status: number;
  readonly body: string;
  /** The other side's clock. @default this one's, where it doesn't say */
  readonly date: Date;
}

/** Milliseconds for an answer. */
const patience = 8000;

/** One GET; the connection ends with it. @throws Error where there is no answer in time */
export function getOver(stream: Duplex, path: string): Promise<ForwardedAnswer> {
  return new Promise<ForwardedAnswer>((resolve, reject) => {
    const timer = setTimeout(
      () => stream.destroy(new Error(`${path}: no answer in ${patience / 1000} s`)),
      patience,
    );
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    stream.on("error", fail);
    const headers = { host: "localhost", connection: "close" };
    const sent = request({ path, headers, createConnection: () => stream }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("error", fail);
      response.on("end", () => {
        clearTimeout(timer);
        const { date } = response.headers;
        resolve({
          status: response.statusCode ?? 0,
          body,
          date: date === undefined ? new Date() : new Date(date),
        });
      });
    });
    sent.on("error", fail);
    sent.end();
  }).finally(() => stream.destroy());
}
