/** Tries to get through a gateway, for tests of who doesn't: `node tlsProbe.js '<question>'`, a line of JSON per attempt. */
import net from "node:net";
import tls from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, printLine, question } from "./lines";

interface Question {
  readonly host: string;
  readonly port: number;
  readonly attempts: readonly Attempt[];
  /** What attempts have that don't say otherwise: an argument has room for a certificate, but not for hundreds of them. */
  readonly common?: Partial<Attempt>;
  /** For the connection and the handshake, or the answer. @default 3000 */
  readonly timeoutMs?: number;
  /** Attempts under way at a time. @default 8 */
  readonly concurrency?: number;
}

export interface Attempt {
  readonly name: string;
  /** @default the question's */
  readonly host?: string;
  /** @default the question's */
  readonly port?: number;
  /** SNI, sent as it is; null for none. */
  readonly servername?: string | null;
  readonly alpn?: readonly string[];
  /** Speaks HTTP without TLS. */
  readonly plaintext?: boolean;
  /** PEM. With a CA, `detail` says whether the server's certificate is of it; the attempt goes on in either case. */
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

export interface Outcome {
  /** `answered` is of plaintext only; `error` is what's wrong on this side, or not TLS on the other. */
  readonly outcome:
    "handshake" | "answered" | "reset" | "closed" | "timeout" | "alert" | "refused" | "error";
  readonly detail: string;
  readonly peerUriSans?: readonly string[];
  readonly issuer?: string;
  /** `open`, `closed` or `alert: …`: the server refuses a client's certificate when TLS 1.3's handshake is over. */
  readonly afterHandshake?: string;
  /** First line of what the server says after the handshake. It's sent an empty one. */
  readonly answer?: string;
}

/** Milliseconds that a server has to think again after the handshake: before a byte is sent, and after, unless it answers. */
const afterthought = { before: 250, after: 1500 };

const {
  attempts,
  common = {},
  timeoutMs = 3_000,
  concurrency = 8,
  ...asked
} = question<Question>("tlsProbe");

async function probe(attempt: Attempt): Promise<Outcome> {
  const { host = asked.host, port = asked.port } = attempt;
  const socket = net.connect({ host, port });
  const late = new Promise<Outcome>((resolve) => {
    setTimeout(() => {
      resolve({ outcome: "timeout", detail: `nothing in ${timeoutMs} ms` });
    }, timeoutMs).unref();
  });
  try {
    const refusal = await Promise.race([connected(socket), late]);
    if (refusal !== undefined) return refusal;
    if (attempt.plaintext === true) return await Promise.race([askPlainly(socket), late]);
    return await shakeHands(socket, attempt, late);
  } catch (error) {
    return { outcome: "error", detail: describe(error) };
  } finally {
    socket.destroy();
  }
}

/** Nothing when there is a connection. */
function connected(socket: net.Socket): Promise<Outcome | undefined> {
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(undefined));
    // Later errors have listeners of their own; without any the process would end.
    socket.on("error", (error) => resolve({ outcome: "refused", detail: describe(error) }));
  });
}

function askPlainly(socket: net.Socket): Promise<Outcome> {
  return new Promise((resolve) => {
    socket.on("error", (error) => resolve(failure(error)));
    socket.on("end", () => resolve({ outcome: "closed", detail: "closed without an answer" }));
    socket.once("data", (data) => {
      // A record of TLS's alerts is no answer: type, version, length, level, number.
      if (data[0] === 21) resolve({ outcome: "alert", detail: `alert number ${data[6]}` });
      else resolve({ outcome: "answered", detail: data.toString("latin1").split("\r\n")[0] ?? "" });
    });
    socket.write("GET / HTTP/1.1\r\n\r\n");
  });
}

async function shakeHands(
  socket: net.Socket,
  { servername, alpn = [], cert, key, ca }: Attempt,
  late: Promise<Outcome>,
): Promise<Outcome> {
  const secure = tls.connect({
    socket,
    rejectUnauthorized: false,
    // Identities of a mesh are URIs; what's in the certificate is told, not judged.
    checkServerIdentity: () => undefined,
    ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
    ...(typeof servername === "string" ? { servername } : {}),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
  });
  const ended = new Promise<Outcome>((resolve) => {
    secure.on("error", (error) => resolve(failure(error)));
    secure.on("close", () => resolve({ outcome: "closed", detail: "closed" }));
    secure.on("end", () => resolve({ outcome: "closed", detail: "closed" }));
  });
  let heard = "";
  secure.setEncoding("utf8").on("data", (text: string) => (heard += text));
  const shaken = new Promise<undefined>((resolve) => {
    secure.once("secureConnect", () => resolve(undefined));
  });
  try {
    const refusal = await Promise.race([shaken, ended, late]);
    if (refusal !== undefined) return refusal;
    const described = describePeer(secure, ca !== undefined);
    let end = await Promise.race([ended, sleep(afterthought.before, undefined)]);
    if (end === undefined) {
      const answered = new Promise<undefined>((resolve) => {
        secure.on("data", () => {
          if (heard.includes("\n")) resolve(undefined);
        });
      });
      secure.write("\n");
      end = await Promise.race([ended, answered, sleep(afterthought.after, undefined)]);
    }
    const [answer = ""] = heard.split(/\r?\n/);
    return {
      ...{ outcome: "handshake", ...described, afterHandshake: afterwards(end) },
      ...(answer === "" ? {} : { answer }),
    };
  } finally {
    secure.destroy();
  }
}

function describePeer(
  secure: tls.TLSSocket,
  judged: boolean,
): Pick<Outcome, "detail" | "peerUriSans" | "issuer"> {
  const certificate = secure.getPeerX509Certificate();
  const alpn = secure.alpnProtocol === false ? "no ALPN" : `ALPN ${String(secure.alpnProtocol)}`;
  const verdict = secure.authorized ? "verified" : String(secure.authorizationError);
  const detail = [secure.getProtocol(), alpn, ...(judged ? [verdict] : [])].join(", ");
  return {
    detail,
    peerUriSans: (certificate?.subjectAltName ?? "")
      .split(", ")
      .filter((name) => name.startsWith("URI:"))
      .map((name) => name.slice("URI:".length)),
    ...(certificate === undefined ? {} : { issuer: certificate.issuer.replaceAll("\n", ", ") }),
  };
}

function afterwards(end: Outcome | undefined): string {
  if (end === undefined) return "open";
  return end.outcome === "alert" ? `alert: ${end.detail}` : "closed";
}

function failure(error: NodeJS.ErrnoException & { reason?: string }): Outcome {
  const { code = "", message, reason, syscall } = error;
  if (message.includes("SSL alert number")) return { outcome: "alert", detail: reason ?? message };
  // Node calls an orderly end before the handshake's a reset, too; only a real one comes from a system call.
  if (code === "ECONNRESET" || code === "EPIPE")
    return syscall === undefined
      ? { outcome: "closed", detail: message }
      : { outcome: "reset", detail: message };
  return { outcome: "error", detail: describe(error) };
}

async function main(): Promise<void> {
  const waiting = [...attempts];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      printLine({ name: next.name, ...(await probe({ ...common, ...next })) });
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

void main();
