/**
 * Streams over one WebSocket, as Kubernetes has them: the first byte of a message says which stream the rest belongs to.
 * (KEP-4006)
 */
import { Readable, Writable } from "node:stream";
import type { WebSocket } from "ws";

/** Followed by a channel's number: nothing more comes on that channel. Of v5 alone. */
const closed = 255;

/** What is written goes out on a channel, no faster than the other side takes it; a socket that has closed swallows it. */
export function outgoing(socket: WebSocket, channel: number): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) =>
      socket.send(Buffer.concat([Buffer.of(channel), chunk]), () => done()),
  });
}

/** What comes in on a channel; ends when the socket closes, if not before. The socket waits for whoever reads. */
export function incoming(socket: WebSocket, channel: number): Readable {
  const stream = new Readable({ read: () => socket.resume() });
  let isOpen = true;
  const end = () => {
    if (isOpen) stream.push(null);
    isOpen = false;
  };
  socket.on("message", (message: Buffer) => {
    if (message[0] === closed && message[1] === channel) end();
    else if (isOpen && message[0] === channel && !stream.push(message.subarray(1))) socket.pause();
  });
  socket.once("close", end);
  return stream;
}
