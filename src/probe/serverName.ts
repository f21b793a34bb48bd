/** One server name of a gateway, from the connection to what the proxy behind it thinks of our certificate. */
import { setTimeout as wait } from "node:timers/promises";
import type { Issue } from "../core/issues";
import { type CertificateName, verifyPresentedChain } from "../pki";
import { callOver, type HttpAnswer, type HttpCall } from "./call";
import { type NoConnection, openConnection } from "./connection";
import {
  type ClientCertificate,
  type Ended,
  endOf,
  type Handshake,
  type NoHandshake,
  shakeHands,
} from "./handshake";

/** What to ask a gateway for. */
export interface ServerNameProbe {
  /** As the core makes it (`sniOf`): `outbound_.6379_._.redis-cart.default.svc.cluster.local`. */
  readonly serverName: string;
  /** Of an identity that may call. Without one the handshake alone is judged. @default none */
  readonly client?: ClientCertificate | undefined;
  /** For a port that speaks HTTP, with `client`. @default no call */
  readonly call?: HttpCall | undefined;
}

/** How it went. */
export interface ServerNameResult {
  readonly serverName: string;
  /** `not_tried` where the gateway has left so many others without an answer that this one was spared. */
  readonly outcome: "handshake" | "not_tried" | NoHandshake | NoConnection;
  /** What the system said of an outcome that is no handshake. */
  readonly detail: string;
  /** Of a handshake. */
  readonly server?: ServerIdentity;
  /** Of a handshake with a client's certificate. */
  readonly client?: ClientVerdict;
  /** Of a call that was answered. */
  readonly answer?: HttpAnswer;
}

/** Who answered, by its certificate. */
export interface ServerIdentity {
  /** SPIFFE IDs. */
  readonly identities: readonly string[];
  /** ISO 8601, as what follows. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** The trusted root that its chain ends in; left out where it ends in none. */
  readonly root?: CertificateName;
  /** The last certificate on the way up. */
  readonly top: CertificateName & { readonly issuer: string };
  /** What is wrong with the chain, as peers see it; empty where they take it. */
  readonly issues: readonly Issue[];
}

/**
 * Whether the serving proxy takes the client's certificate. Who may call is another question: over HTTP it's the answer's
 * status (403), and for TCP a proxy asks at the first byte, which isn't sent.
 */
export interface ClientVerdict {
  readonly accepted: boolean;
  /** The alert, or how the connection ended. */
  readonly detail: string;
}

/** What all names of a gateway have in common. */
export interface Asking {
  readonly host: string;
  readonly port: number;
  readonly trustedRoots: string;
  readonly clock: () => Date;
  readonly timeoutMs: number;
}

/** Never throws for what a gateway does. @throws MeshError where `trustedRoots` can't be read. */
export async function probeServerName(
  probe: ServerNameProbe,
  { host, port, trustedRoots, clock, timeoutMs }: Asking,
): Promise<ServerNameResult> {
  const { serverName, client } = probe;
  const connection = await openConnection(host, port, timeoutMs);
  if (!connection.ok) return { serverName, outcome: connection.reason, detail: connection.detail };
  const { socket, milliseconds } = connection;
  try {
    const handshake = await shakeHands(socket, serverName, client, timeoutMs);
    if (handshake.outcome !== "handshake") return { serverName, ...handshake };
    const server = identify(handshake, trustedRoots, clock());
    const result = { serverName, outcome: handshake.outcome, detail: "", server };
    try {
      if (client === undefined) return result;
      if (probe.call === undefined)
        return { ...result, client: await settle(handshake, milliseconds) };
      return { ...result, ...(await call(handshake, probe.call, clock, timeoutMs)) };
    } finally {
      handshake.secure.destroy();
    }
  } finally {
    socket.destroy();
  }
}

function identify({ presented }: Handshake, trustedRoots: string, now: Date): ServerIdentity {
  const chain = verifyPresentedChain(presented, trustedRoots, { now });
  const { identities, notBefore, notAfter, root, top, issues } = chain;
  return {
    identities,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    ...(root === undefined ? {} : { root }),
    top,
    issues,
  };
}

/**
 * In TLS 1.3 a client's handshake is over before its certificate is looked at: the refusal comes a round trip later, and
 * its absence is the consent.
 */
async function settle({ ended }: Handshake, roundTrip: number): Promise<ClientVerdict> {
  const patience = new AbortController();
  const silence = wait(300 + 4 * roundTrip, undefined, { signal: patience.signal });
  const end = await Promise.race([ended, silence.catch(() => undefined)]);
  patience.abort();
  return end === undefined ? { accepted: true, detail: "the connection stays open" } : refusal(end);
}

async function call(
  { secure, ended }: Handshake,
  wanted: HttpCall,
  clock: () => Date,
  timeoutMs: number,
): Promise<Pick<ServerNameResult, "client" | "answer">> {
  try {
    const answer = await callOver(secure, wanted, clock, timeoutMs);
    return { client: { accepted: true, detail: `HTTP ${answer.status}` }, answer };
  } catch (error) {
    // The connection's own end says more than what HTTP makes of it, and an open one has refused nothing.
    const end = await Promise.race([ended, Promise.resolve(endOf(error as Error))]);
    return { client: { ...refusal(end), accepted: end.outcome === "error" } };
  }
}

function refusal({ detail }: Ended): ClientVerdict {
  return { accepted: false, detail };
}
