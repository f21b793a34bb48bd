/** What clients do with a pod through the API server. */
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type { KubeConfig, V1Status } from "@kubernetes/client-node";
import type { WebSocket } from "ws";
import type { LabCluster } from "./cluster";
import type { Pod } from "./pod";

/** A cluster's administrator. */
export async function administratorOf({ kubeconfig }: LabCluster): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import("@kubernetes/client-node");
  const config = new Config();
  config.loadFromString(kubeconfig);
  return config;
}

/** A port of a pod, forwarded. */
export interface Forwarded {
  readonly input: PassThrough;
  /** All that the port said, once the connection is closed. */
  readonly output: Promise<string>;
  /** Why it couldn't be forwarded, once the connection is closed. */
  readonly error: Promise<string>;
}

/** @throws ErrorEvent of `ws` when the API server or the kubelet refuses */
export async function forwarded(config: KubeConfig, pod: Pod, port: number): Promise<Forwarded> {
  const { PortForward } = await import("@kubernetes/client-node");
  const [namespace = "", name = ""] = pod.key.split("/");
  const [output, errors, input] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const client = new PortForward(config);
  // Without retries, it's a socket.
  const socket = (await client.portForward(
    namespace,
    name,
    [port],
    output,
    errors,
    input,
  )) as WebSocket;
  // The client ends neither.
  for (const stream of [output, errors]) socket.once("close", () => stream.end());
  return { input, output: text(output), error: text(errors) };
}

/** Answer of a server in a pod that closes the connection after it. */
export async function getForwarded(
  config: KubeConfig,
  pod: Pod,
  port: number,
  path: string,
): Promise<string> {
  const { input, output } = await forwarded(config, pod, port);
  input.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  return output;
}

/** What a command said, and how it ended. */
export interface Executed {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: V1Status;
}

/** Runs a command in a container. @param input what the command reads; without, nothing */
export async function executed(
  config: KubeConfig,
  pod: Pod,
  container: string,
  command: string[],
  input?: string,
): Promise<Executed> {
  const { Exec } = await import("@kubernetes/client-node");
  const [namespace = "", name = ""] = pod.key.split("/");
  const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const said = [text(stdout), text(stderr)] as const;
  const status = new Promise<V1Status>((resolve, reject) => {
    new Exec(config)
      .exec(
        ...([namespace, name, container, command, stdout, stderr] as const),
        ...([input === undefined ? null : stdin, false, resolve] as const),
      )
      .then(() => stdin.end(input), reject);
  });
  return { status: await status, stdout: await said[0], stderr: await said[1] };
}
