/**
 * The kubelet's own API, which API servers hand `portforward`, `exec` and `log` of pods to. Streams are WebSockets alone: what
 * speaks SPDY, as `kubectl port-forward` does, is refused.
 */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Pod } from "./pod";
import { forwardPort } from "./portForward";
import { selfSigned } from "./selfSigned";

export const kubeletPort = 10250;

export interface KubeletServerOptions {
  /** Where it listens. */
  readonly address: string;
  /** Certificate of the only caller, its API server. (PEM) */
  readonly caller: string;
  /** A pod that runs. */
  readonly podOf: (namespace: string, name: string) => Pod | undefined;
}

/** An answer other than what was asked for. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What is asked of a pod. */
interface Question {
  readonly pod: Pod;
  readonly query: URLSearchParams;
}

/** Serves a WebSocket that is opened for a question. @throws Refusal, or Error, before it is opened */
type Stream = (question: Question) => (socket: WebSocket) => Promise<void>;

export class KubeletServer {
  readonly #podOf: KubeletServerOptions["podOf"];
  readonly #server: Server;
  readonly #sockets: WebSocketServer;

  private constructor(podOf: KubeletServerOptions["podOf"], server: Server) {
    this.#podOf = podOf;
    this.#server = server;
    this.#sockets = new WebSocketServer({ noServer: true, handleProtocols: chosen });
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  static async start({ address, caller, podOf }: KubeletServerOptions): Promise<KubeletServer> {
    const server = createServer({
      ...(await selfSigned(address, "server")),
      ...{ ca: caller, requestCert: true, rejectUnauthorized: true },
    });
    const started = new KubeletServer(podOf, server);
    server.listen(kubeletPort, address);
    await once(server, "listening");
    return started;
  }

  /** Closes every connection, too. */
  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#sockets.clients) socket.terminate();
    await closed;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A client that goes has nothing to be told.
    socket.on("error", () => socket.destroy());
    try {
      if (chosen(offeredBy(request)) === false)
        throw new Refusal(403, "the lab's kubelet speaks WebSocket and channel.k8s.io alone");
      const [stream, question] = this.#find(request, streams);
      const serve = stream(question);
      this.#sockets.handleUpgrade(request, socket, head, (opened) => {
        opened.on("error", () => opened.terminate());
        void serve(opened);
      });
    } catch (error) {
      refuse(socket, error);
    }
  }

  /** `/<what>/<namespace>/<pod>` and what comes after. */
  #find<T>({ url = "" }: IncomingMessage, known: Readonly<Record<string, T>>): [T, Question] {
    const { pathname, searchParams: query } = new URL(url, "https://kubelet");
    const [, what = "", namespace = "", name = ""] = pathname.split("/");
    const found = known[what];
    if (found === undefined) throw new Refusal(404, `the lab's kubelet has no ${pathname}`);
    const pod = this.#podOf(namespace, name);
    if (pod === undefined) throw new Refusal(404, "pod does not exist");
    return [found, { pod, query }];
  }
}

const streams: Readonly<Record<string, Stream>> = {
  portForward: ({ pod, query }) => {
    const [port = 0, ...others] = query.getAll("port").map(Number);
    if (!(port >= 1 && port <= 65535) || others.length > 0)
      throw new Refusal(400, "the lab's kubelet forwards one port a connection");
    return (socket) => forwardPort(socket, pod, port);
  },
};

const offeredBy = ({ headers }: IncomingMessage) =>
  new Set(headers["sec-websocket-protocol"]?.split(",").map((protocol) => protocol.trim()));

function chosen(offered: ReadonlySet<string>): string | false {
  return ["v4.channel.k8s.io"].find((protocol) => offered.has(protocol)) ?? false;
}

function refuse(socket: Duplex, error: unknown): void {
  const { message } = error as Error;
  const status = error instanceof Refusal ? error.status : 500;
  socket.end(
    [
      `HTTP/1.1 ${status} -`,
      "Connection: close",
      "Content-Type: text/plain",
      `Content-Length: ${Buffer.byteLength(message)}`,
      "",
      message,
    ].join("\r\n"),
  );
}
