/**
 * A server that says who it is and who asks: `node echo.js`, with LISTEN such as `http:8080,tcp:9000,http2:7000`,
 * and NAME, VERSION and CLUSTER to say. HTTP/2 is without TLS and upgrade, as gRPC's clients speak it.
 */
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { hostname } from "node:os";

interface Request {
  readonly method: string;
  readonly host: string | null;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

const peerHeader = "x-forwarded-client-cert";

const self = {
  name: process.env.NAME ?? null,
  pod: hostname(),
  version: process.env.VERSION ?? null,
  cluster: process.env.CLUSTER ?? null,
};

let ready = true;

function answer({ method, host, url, headers }: Request): Answer {
  const { pathname, searchParams } = new URL(url, "http://echo");
  if (pathname === "/fail") ready = false;
  if (pathname === "/ready" && method === "POST") ready = searchParams.get("value") !== "false";
  if (pathname === "/ready" || pathname === "/fail")
    return {
      status: ready || pathname === "/fail" || method === "POST" ? 200 : 503,
      body: { ready },
    };
  const extra = Object.entries(headers).filter(
    ([name]) => name.startsWith("x-") && name !== peerHeader,
  );
  return {
    status: 200,
    body: {
      ...self,
      peer: headers[peerHeader] ?? null,
      host,
      path: url,
      ...(extra.length > 0 ? { headers: Object.fromEntries(extra) } : {}),
    },
  };
}

/** Node answers requests of both versions of HTTP alike. */
function respond(
  request: http.IncomingMessage | http2.Http2ServerRequest,
  response: http.ServerResponse | http2.Http2ServerResponse,
): void {
  request.resume();
  const { headers, method = "GET", url = "/" } = request;
  const host = headers[":authority"] ?? headers.host ?? null;
  const { status, body } = answer({
    method,
    host: host === null ? null : String(host),
    url,
    headers,
  });
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}

/** Waits for a line, as one who asks sends it, then answers and hangs up. */
function converse(socket: net.Socket): void {
  let heard = "";
  // Callers may vanish.
  socket.on("error", () => socket.destroy());
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    if (heard.includes("\n")) return;
    heard += chunk;
    if (heard.includes("\n")) socket.end(`${JSON.stringify(self)}\n`);
  });
}

const makers: Readonly<Record<string, () => net.Server>> = {
  http: () => http.createServer(respond),
  http2: () => http2.createServer(respond),
  tcp: () => net.createServer(converse),
};

for (const listener of (process.env.LISTEN ?? "http:8080").split(",")) {
  const [protocol = "", port] = listener.split(":");
  const make = makers[protocol];
  if (make === undefined) throw new Error(`LISTEN has ${listener}: it can't speak ${protocol}`);
  make().listen(Number(port), "0.0.0.0", () => {
    process.stdout.write(`${JSON.stringify({ listening: Number(port), protocol })}\n`);
  });
}

process.once("SIGTERM", () => process.exit(0));
