/** Connections to ports of pods, through a cluster's API server. */
import { Duplex, PassThrough, Writable } from "node:stream";
import type { KubeConfig } from "@kubernetes/client-node";

/** A port of a pod; also one of its loopback. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** Seconds in which the API server has to have opened the way. */
const patience = 10;

/** Why a pod's port isn't reached. */
export class PortForwardError extends Error {
  /** What the API server answered, where it refused: HTTP's status, as errors of the client have it. */
  readonly code: number | undefined;

  constructor(message: string, code?: number) {
    super(message);
    this.name = "PortForwardError";
    this.code = code;
  }
}

/**
 * Opens a connection; who ends the writable side ends all of it.
 * @throws PortForwardError when the API server opens none. A port that refuses is an error of the stream: the
 * kubelet learns of it later.
 */
export async function forwardPort(
  config: KubeConfig,
  { namespace, pod, port }: PodPort,
): Promise<Duplex> {
  const { PortForward } = await import("@kubernetes/client-node");
  const fromPod = new PassThrough();
  const toPod = new PassThrough();
  let refusal: PortForwardError | undefined;
  const errors = new Writable({
    write(chunk: Buffer, _encoding, done) {
      // The channel starts with the port alone.
      if (chunk.length > 0) refusal = new PortForwardError(chunk.toString("utf8").trim());
      done();
    },
  });
  const opened = new PortForward(withTimeout(config)).portForward(
    namespace,
    pod,
    [port],
    fromPod,
    errors,
    toPod,
  );
  // Without attempts to do it again, it is the socket itself.
  const socket = (await opened.catch((error: unknown) => {
    throw refused(error);
  })) as Socket;
  const stream = Duplex.from({ readable: fromPod, writable: toPod });
  socket.addEventListener("close", () => {
    if (refusal === undefined) fromPod.end();
    else stream.destroy(refusal);
  });
  stream.on("close", () => socket.close());
  return stream;
}

/** What is used of a WebSocket. */
interface Socket {
  addEventListener(type: "close", listener: () => void): void;
  close(): void;
}

/** A server that drops packets must not keep a process alive: `handshakeTimeout` is an option of the package ws. */
function withTimeout(config: KubeConfig): KubeConfig {
  const patient = Object.create(config) as KubeConfig;
  patient.applyToHTTPSOptions = async (options) => {
    await config.applyToHTTPSOptions(options);
    Object.assign(options, { handshakeTimeout: patience * 1000 });
  };
  return patient;
}

/** A WebSocket's error is an event, which has the error. */
function refused(error: unknown): PortForwardError {
  const { message = String(error) } = error as { readonly message?: string };
  const status = /^Unexpected server response: (\d+)$/.exec(message)?.[1];
  return status === undefined
    ? new PortForwardError(message)
    : new PortForwardError(`the API server answers ${status} to it`, Number(status));
}
