/** One call of a target, over HTTP/1.1, HTTP/2 without TLS, or bare TCP. */
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { text } from "node:stream/consumers";

export interface Reply {
  /** Of HTTP only. */
  readonly status?: number;
  readonly body: string;
}

/** A way to make calls; `close` ends the connections that it keeps. */
export interface Caller {
  readonly call: (signal: AbortSignal) => Promise<Reply>;
  readonly close: () => void;
}

export interface CallerOptions {
  /** `http://…`, `http2://…` or `tcp://host:port`. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A connection for each call; otherwise HTTP's connections are kept. */
  readonly newConnection: boolean;
}

export function callerOf(options: CallerOptions): Caller {
  const url = new URL(options.target);
  switch (url.protocol) {
    case "http:":
      return httpCaller(url, options);
    case "http2:":
      return http2Caller(url, options);
    case "tcp:":
      return { call: (signal) => tcpCall(url, signal), close: () => undefined };
    default:
      throw new Error(`${options.target}: a target is http://…, http2://… or tcp://…`);
  }
}

function httpCaller(url: URL, { headers, newConnection }: CallerOptions): Caller {
  const agent = newConnection ? undefined : new http.Agent({ keepAlive: true });
  return {
    call: (signal) =>
      new Promise((resolve, reject) => {
        http
          .get(url, { agent: agent ?? false, headers, signal })
          .on("error", reject)
          .on("response", (response) => {
            text(response).then(
              (body) => resolve({ status: response.statusCode ?? 0, body }),
              reject,
            );
          });
      }),
    close: () => agent?.destroy(),
  };
}

function http2Caller(url: URL, { headers, newConnection }: CallerOptions): Caller {
  const { host, ...others } = headers;
  let kept: http2.ClientHttp2Session | undefined;

  const session = (): http2.ClientHttp2Session => {
    if (kept !== undefined && !kept.closed && !kept.destroyed) return kept;
    const made = http2.connect(`http://${url.host}`);
    // Its streams hear of it.
    made.on("error", () => undefined);
    if (!newConnection) kept = made;
    return made;
  };

  const exchange = (connection: http2.ClientHttp2Session, signal: AbortSignal): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const pathname = url.pathname === "" ? "/" : url.pathname;
      const path = { ":path": `${pathname}${url.search}`, ":authority": host ?? url.host };
      const stream = connection.request({ ...path, ...others }, { signal });
      let answered = false;
      stream.on("error", reject).on("response", (response) => {
        answered = true;
        text(stream).then((body) => resolve({ status: response[":status"] ?? 0, body }), reject);
      });
      // A connection that ends orderly takes its streams along without an error.
      stream.on("close", () => {
        if (!answered) reject(hungUp());
      });
      stream.end();
    });

  return {
    call: async (signal) => {
      const connection = session();
      try {
        return await exchange(connection, signal);
      } catch (error) {
        // Others may still wait for answers on a kept connection, but no new call goes there.
        if (newConnection) connection.destroy();
        else if (kept === connection) kept = undefined;
        throw error;
      } finally {
        if (kept !== connection && !connection.destroyed) connection.close();
      }
    },
    close: () => kept?.destroy(),
  };
}

/** Sends an empty line and reads until the other side hangs up. */
function tcpCall(url: URL, signal: AbortSignal): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: url.hostname, port: Number(url.port), signal });
    let body = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    socket.on("error", reject).on("close", () => {
      if (body !== "") resolve({ body });
      else reject(hungUp());
    });
    socket.write("\n");
  });
}

/** Named as Node's HTTP client names it; its HTTP/2 can't always tell an end from a reset. */
function hungUp(): Error {
  return Object.assign(new Error("closed without an answer"), { code: "ECONNRESET" });
}
