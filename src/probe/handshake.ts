/** A TLS handshake by a server name of the mesh, as a sidecar of another cluster makes it. */
import type { Socket } from "node:net";
import { connect, type DetailedPeerCertificate, type TLSSocket } from "node:tls";

/** A certificate to show, PEM: the leaf and what leads up to the root, and its key. Never log it. */
export interface ClientCertificate {
  readonly chainPem: string;
  readonly keyPem: string;
}

/**
 * How a handshake ended that came to nothing: the gateway closed the connection without a word, as it does for a
 * server name that it doesn't export (`hung_up`), an alert of TLS (`alert`), what answers isn't TLS (`not_tls`),
 * nothing came in time (`timeout`), or this side couldn't speak (`error`).
 */
export type NoHandshake = "hung_up" | "alert" | "not_tls" | "timeout" | "error";

export interface Ended {
  readonly outcome: NoHandshake;
  readonly detail: string;
}

/** A connection on which both sides have shaken hands. The server's certificate is read, not judged. */
export interface Handshake {
  readonly outcome: "handshake";
  readonly secure: TLSSocket;
  /** The server's certificate and what it presented with it, PEM. */
  readonly presented: string;
  /** Resolves when the connection ends or fails, whenever that is; in TLS 1.3 a client's certificate is refused so. */
  readonly ended: Promise<Ended>;
}

/**
 * What gateways know proxies of a mesh by. Not `istio-peer-exchange` beside it: a proxy that agrees on that waits for its
 * peer's metadata before anything else.
 */
const meshProtocols = ["istio"];

/** OpenSSL's words for a first record that is none. */
const notTls: ReadonlySet<string> = new Set([
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "ERR_SSL_RECORD_LAYER_FAILURE",
  "ERR_SSL_UNEXPECTED_MESSAGE",
  "ERR_SSL_HTTP_REQUEST",
]);

/** Shakes hands over a connection. Never throws; the caller ends `secure`, or `socket` where there was no handshake. */
export async function shakeHands(
  socket: Socket,
  serverName: string,
  client: ClientCertificate | undefined,
  timeoutMs: number,
): Promise<Handshake | Ended> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const secure = connect({
      socket,
      servername: serverName,
      ALPNProtocols: [...meshProtocols],
      // Identities are URIs, and the root is the mesh's: what comes is judged afterwards, and named.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(client === undefined ? {} : { cert: client.chainPem, key: client.keyPem }),
    });
    const ended = new Promise<Ended>((resolve) => {
      secure.on("error", (error: Error) => resolve(endOf(error)));
      secure.on("close", () => resolve({ outcome: "hung_up", detail: "closed" }));
      secure.on("end", () => resolve({ outcome: "hung_up", detail: "closed" }));
    });
    const late = new Promise<Ended>((resolve) => {
      const detail = `no answer in ${timeoutMs} ms`;
      timer = setTimeout(() => resolve({ outcome: "timeout", detail }), timeoutMs);
    });
    const shaken = new Promise<undefined>((resolve) => {
      secure.once("secureConnect", () => resolve(undefined));
    });
    const end = await Promise.race([shaken, ended, late]);
    if (end !== undefined) {
      secure.destroy();
      return end;
    }
    return { outcome: "handshake", secure, presented: presentedBy(secure), ended };
  } catch (error) {
    // Such as a key that isn't the certificate's.
    return { outcome: "error", detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Node finds each certificate's issuer among those that were presented; a root is its own. */
function presentedBy(secure: TLSSocket): string {
  const blocks: string[] = [];
  const seen = new Set<string>();
  let certificate: Partial<DetailedPeerCertificate> | undefined = secure.getPeerCertificate(true);
  while (certificate?.raw !== undefined && !seen.has(certificate.fingerprint256 ?? "")) {
    seen.add(certificate.fingerprint256 ?? "");
    const base64 = certificate.raw.toString("base64").replace(/.{1,64}/g, "$&\n");
    blocks.push(`-----BEGIN CERTIFICATE-----\n${base64}-----END CERTIFICATE-----\n`);
    certificate = certificate.issuerCertificate;
  }
  return blocks.join("");
}

/** @param error Of a TLS socket, before or after the handshake. */
export function endOf(error: Error & { readonly code?: string; readonly reason?: string }): Ended {
  const { code = "", message, reason } = error;
  if (message.includes("SSL alert number")) return { outcome: "alert", detail: reason ?? message };
  // Node calls an orderly end a reset, too.
  if (code === "ECONNRESET" || code === "EPIPE") return { outcome: "hung_up", detail: message };
  return { outcome: notTls.has(code) ? "not_tls" : "error", detail: reason ?? message };
}
