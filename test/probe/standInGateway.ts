/** A server on this machine that plays a gateway and the pods behind it. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createSecureContext, createServer as createTlsServer, type SecureContext } from "node:tls";
import type { Leaf } from "../../src/pki";

/** What stands behind one server name. */
export interface Exported {
  /** Who answers. */
  readonly leaf: Leaf;
  /** Status of an answer over HTTP; without one, the pod speaks another protocol and says nothing. */
  readonly status?: number;
  /** Seconds by which the pod's clock is ahead. */
  readonly ahead?: number;
  /** Roots that clients' certificates have to come from. @default the leaf's own */
  readonly clientRoots?: string;
}

/** A gateway that was started. */
export interface StandIn {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Server names that clients asked for, in order. */
  readonly asked: readonly string[];
  /** Requests that pods were sent, such as `HEAD /`. */
  readonly requests: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Lets through what it exports, by server name, for clients that speak a mesh's protocol; hangs up on all others. */
export async function startGateway(exported: Readonly<Record<string, Exported>>): Promise<StandIn> {
  const asked: string[] = [];
  const requests: string[] = [];
  const contexts = new Map(
    Object.entries(exported).map(([name, one]) => [name, { one, context: contextOf(one) }]),
  );
  const http = createHttpServer((request, response) => {
    const { status = 0, ahead = 0 } = contexts.get(nameOn(request.socket))!.one;
    requests.push(`${request.method} ${request.url}`);
    response.setHeader("date", new Date(Date.now() + 1000 * ahead).toUTCString());
    response.writeHead(status).end();
  });
  const server = createTlsServer(
    {
      requestCert: true,
      rejectUnauthorized: true,
      ALPNCallback: ({ protocols }) => protocols.find((one) => one === "istio"),
      SNICallback: (name, done) => {
        asked.push(name);
        const found = contexts.get(name);
        done(found === undefined ? new Error("no filter chain") : null, found?.context);
      },
    },
    (secure) => {
      if (contexts.get(nameOn(secure))?.one.status !== undefined) http.emit("connection", secure);
    },
  );
  server.on("tlsClientError", (_error, secure) => secure.destroy());
  const pods = await listen(server);
  // Matches on the protocols, too, before a word of TLS is answered, and then passes bytes on. A greeting comes in one piece here.
  const front = createServer((socket) => {
    socket.once("data", (greeting) => {
      if (!greeting.includes("\u0005istio")) return void socket.destroy();
      const pod = connect(pods.port, pods.host, () => pod.write(greeting));
      for (const [from, to] of [
        [socket, pod],
        [pod, socket],
      ] as const)
        from.on("error", () => to.destroy()).on("close", () => to.destroy());
      socket.pipe(pod).pipe(socket);
    });
  });
  const { stop: stopFront, ...place } = await listen(front);
  const stop = async (): Promise<void> => {
    await stopFront();
    await pods.stop();
  };
  return { ...place, asked, requests, stop };
}

function contextOf({ leaf, clientRoots = leaf.rootPem }: Exported): SecureContext {
  return createSecureContext({ cert: leaf.chainPem, key: leaf.keyPem, ca: clientRoots });
}

function nameOn(socket: unknown): string {
  return String((socket as { readonly servername?: unknown }).servername);
}

/** A server that does with a connection what a test likes. */
export async function startServer(serve: (socket: Socket) => void): Promise<StandIn> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    serve(socket);
  });
  return { ...(await listen(server)), asked: [], requests: [] };
}

/** A port on which nobody listens. */
export async function unusedPort(): Promise<number> {
  const { port, stop } = await startServer(() => undefined);
  await stop();
  return port;
}

async function listen(server: Server): Promise<Pick<StandIn, "host" | "port" | "stop">> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = async (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, "close");
  };
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port, stop };
}
