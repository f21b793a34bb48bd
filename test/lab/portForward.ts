/** Port forwarding as kubelets do it: to the loopback of a pod, where also those listen that nobody else reaches. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { WebSocket } from "ws";
import { incoming, outgoing } from "./channels";
import type { Pod } from "./pod";
import { repository } from "./repository";

const channels = { data: 0, error: 1 };

/** Joins a WebSocket with a port of a pod until either closes. */
export async function forwardPort(socket: WebSocket, pod: Pod, port: number): Promise<void> {
  // Clients send before they hear anything.
  const fromClient = incoming(socket, channels.data);
  const toClient = outgoing(socket, channels.data);
  const errors = outgoing(socket, channels.error);
  const announcement = Buffer.alloc(2);
  announcement.writeUInt16LE(port);
  toClient.write(announcement);
  errors.write(announcement);
  try {
    const connection = await dial(pod.networkNamespace, port);
    const ended = once(connection, "close");
    socket.once("close", () => connection.destroy());
    if (socket.readyState !== socket.OPEN) connection.destroy();
    fromClient.pipe(connection).pipe(toClient, { end: false });
    await ended;
  } catch (error) {
    errors.write(`error forwarding port ${port} to pod ${pod.key}: ${(error as Error).message}`);
  } finally {
    socket.close(1000);
  }
}

/**
 * A connection that was made inside of a network namespace: it stays in there, whoever holds it.
 * @throws Error when nobody listens
 */
function dial(namespace: string, port: number): Promise<Socket> {
  const program = join(repository, "test/lab/dial.cjs");
  return new Promise((resolve, reject) => {
    const child = spawn(
      "nsenter",
      [`--net=/run/netns/${namespace}`, "--", process.execPath, program, String(port)],
      { stdio: ["ignore", "ignore", "inherit", "ipc"] },
    );
    child.once("message", (message: string, socket) => {
      if (socket === undefined) reject(new Error(message));
      else resolve(socket as Socket);
      child.disconnect();
    });
    child.once("error", reject);
    child.once("disconnect", () => reject(new Error("the pod has no network")));
  });
}
