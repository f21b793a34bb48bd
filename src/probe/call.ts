/** A call over HTTP, inside a connection that has been made. */
import { request } from "node:http";
import type { TLSSocket } from "node:tls";

/** What is asked for. */
export interface HttpCall {
  /** The `Host` header: the service's own name, as its callers write it. */
  readonly authority: string;
  /** @default "/" */
  readonly path?: string | undefined;
  /** HEAD has no effect on a service that keeps to HTTP. @default "HEAD" */
  readonly method?: string | undefined;
}

/** What came back. */
export interface HttpAnswer {
  readonly status: number;
  /** From the first byte sent to the answer's head. */
  readonly milliseconds: number;
  /** Seconds by which the other side's clock is ahead of this one (negative: behind), by its `Date` header, which has whole seconds. */
  readonly skewSeconds: number | undefined;
}

/**
 * Makes one call. The connection is the caller's to end.
 * @throws Error where there is no answer in time, or the connection ends before.
 */
export function callOver(
  secure: TLSSocket,
  { authority, path = "/", method = "HEAD" }: HttpCall,
  clock: () => Date,
  timeoutMs: number,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const sent = clock().getTime();
    const headers = { host: authority, connection: "close" };
    const call = request({ method, path, headers, createConnection: () => secure });
    const timer = setTimeout(
      () => call.destroy(new Error(`no answer in ${timeoutMs} ms`)),
      timeoutMs,
    );
    call.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    call.on("response", (response) => {
      clearTimeout(timer);
      // What follows the head says nothing more.
      response.on("error", () => undefined).resume();
      const received = clock().getTime();
      resolve({
        status: response.statusCode ?? 0,
        milliseconds: performance.now() - started,
        skewSeconds: skewOf(response.headers.date, (sent + received) / 2),
      });
    });
    call.end();
  });
}

/** The header has the second that the moment was in: on average, half a second has gone by. */
function skewOf(date: string | undefined, here: number): number | undefined {
  const there = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(there) ? undefined : Math.round((there + 500 - here) / 1000);
}
