/**
 * The kubelet's own API, which API servers hand `portforward`, `exec` and `log` of pods to. Streams are WebSockets alone: what
 * speaks SPDY, as `kubectl port-forward` does, is refused.
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { commandIn } from "./exec";
import { execute } from "./kubeletExec";
import { sendLog } from "./kubeletLogs";
import { Refusal } from "./kubeletRefusal";
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

/** What is asked of a pod: `/<what>/<namespace>/<pod>/<container>?<query>`. */
interface Question {
  readonly what: string;
  readonly pod: Pod;
  readonly container: string;
  readonly query: URLSearchParams;
}

export class KubeletServer {
  readonly #podOf: KubeletServerOptions["podOf"];
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #connections = new Set<Duplex>();

  private constructor(podOf: KubeletServerOptions["podOf"], server: Server) {
    this.#podOf = podOf;
    this.#server = server;
    server.on("connection", (connection: Duplex) => {
      this.#connections.add(connection);
      connection.once("close", () => this.#connections.delete(connection));
    });
    server.on("request", (request, response) => this.#answer(request, response));
    server.on("upgrade", (request, socket, head) => void this.#upgrade(request, socket, head));
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
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    try {
      const { what, pod, container, query } = this.#question(request);
      if (what !== "containerLogs") throw new Refusal(404, `the lab's kubelet has no /${what}`);
      sendLog(response, pod, container, query);
    } catch (error) {
      const { status, message } = refusalOf(error);
      response.writeHead(status, { "Content-Type": "text/plain" }).end(message);
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // A client that goes has nothing to be told.
    socket.on("error", () => socket.destroy());
    try {
      const question = this.#question(request);
      const stream = streams[question.what];
      if (stream === undefined)
        throw new Refusal(404, `the lab's kubelet has no stream /${question.what}`);
      const offered = request.headers["sec-websocket-protocol"]?.split(/, */) ?? [];
      const protocol = stream.protocols.find((known) => offered.includes(known));
      if (protocol === undefined)
        throw new Refusal(403, `the lab's kubelet speaks ${stream.protocols.join(" and ")} alone`);
      const serve = await stream.open(question);
      // The first that is offered is taken.
      request.headers["sec-websocket-protocol"] = protocol;
      this.#sockets.handleUpgrade(request, socket, head, (opened) => {
        opened.on("error", () => opened.terminate());
        void serve(opened);
      });
    } catch (error) {
      const { status, message } = refusalOf(error);
      const type = `Content-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(message)}`;
      socket.end(`HTTP/1.1 ${status} -\r\nConnection: close\r\n${type}\r\n\r\n${message}`);
    }
  }

  #question({ url = "" }: IncomingMessage): Question {
    const { pathname, searchParams: query } = new URL(url, "https://kubelet");
    const [, what = "", namespace = "", name = "", container = ""] = pathname.split("/");
    const pod = this.#podOf(namespace, name);
    if (pod === undefined) throw new Refusal(404, "pod does not exist");
    return { what, pod, container, query };
  }
}

function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal(500, (error as Error).message);
}

/** Does what was asked for, once the socket is open. */
type Serve = (socket: WebSocket) => Promise<void>;

interface Stream {
  /** The best one first. */
  readonly protocols: readonly string[];
  /** @throws Refusal, or Error, for a question that no socket is to be opened for */
  readonly open: (question: Question) => Serve | Promise<Serve>;
}

const streams: Readonly<Record<string, Stream>> = {
  portForward: {
    protocols: ["v4.channel.k8s.io"],
    open: ({ pod, query }) => {
      const [port = 0, ...others] = query.getAll("port").map(Number);
      if (!(port >= 1 && port <= 65535) || others.length > 0)
        throw new Refusal(400, "the lab's kubelet forwards one port a connection");
      return (socket) => forwardPort(socket, pod, port);
    },
  },
  exec: {
    protocols: ["v5.channel.k8s.io", "v4.channel.k8s.io"],
    open: async ({ pod, container, query }) => {
      if (query.get("tty") === "1") throw new Refusal(400, "the lab's kubelet has no terminals");
      const [file, args] = await commandIn(pod, query.getAll("command"), container);
      return (socket) => execute(socket, { file, args, hasInput: query.get("input") === "1" });
    },
  },
};
