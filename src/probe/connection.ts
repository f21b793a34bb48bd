/** A TCP connection to a gateway, or why there is none. */
import { connect, type Socket } from "node:net";

/**
 * Why a gateway can't be connected to: nobody listens on the port (`refused`), nothing comes back (`timeout`, as
 * behind a firewall that drops packets), there is no way to the address (`unreachable`), its name has no address
 * (`unresolved`), or the connection ended as soon as it was there (`reset`).
 */
export type NoConnection = "refused" | "timeout" | "unreachable" | "unresolved" | "reset";

/** A connection, or why not; `detail` is the system's own word. */
export type Connection =
  | { readonly ok: true; readonly socket: Socket; readonly milliseconds: number }
  | { readonly ok: false; readonly reason: NoConnection; readonly detail: string };

const reasons: Readonly<Partial<Record<string, NoConnection>>> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "timeout",
  ERR_SOCKET_CONNECTION_TIMEOUT: "timeout",
  ENOTFOUND: "unresolved",
  EAI_AGAIN: "unresolved",
  EAI_NODATA: "unresolved",
  EAI_NONAME: "unresolved",
  ECONNRESET: "reset",
  EPIPE: "reset",
};

/** Connects within `timeoutMs`; of a name's addresses, to the first that answers. Never throws. */
export function openConnection(host: string, port: number, timeoutMs: number): Promise<Connection> {
  const started = performance.now();
  return new Promise((resolve) => {
    // Node gives each of several addresses 250 ms by default, which another continent's can't keep.
    const autoSelectFamilyAttemptTimeout = Math.max(250, Math.floor(timeoutMs / 2));
    const socket = connect({ host, port, autoSelectFamilyAttemptTimeout });
    const fail = (reason: NoConnection, detail: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ok: false, reason, detail });
    };
    const timer = setTimeout(() => fail("timeout", `no answer in ${timeoutMs} ms`), timeoutMs);
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve({ ok: true, socket, milliseconds: performance.now() - started });
    });
    // Stays: an error without a listener would end the process.
    socket.on("error", (error: NodeJS.ErrnoException & { errors?: readonly Error[] }) => {
      // Of several addresses, each has an error of its own.
      const detail = [error, ...(error.errors ?? [])].map(({ message }) => message).find(Boolean);
      fail(reasons[error.code ?? ""] ?? "unreachable", detail ?? error.code ?? "");
    });
  });
}
