/** Whether a gateway does what its mesh needs of it, found out by packets. */
import { type NoConnection, openConnection } from "./connection";
import { probeServerName, type ServerNameProbe, type ServerNameResult } from "./serverName";

/** A gateway, and what to find out about it. */
export interface GatewayProbe {
  /** IP address or host name, as peers dial it. */
  readonly host: string;
  readonly port: number;
  /** What to ask it for; with none, only whether it can be connected to. */
  readonly serverNames: readonly ServerNameProbe[];
  /** `root-cert.pem` of the mesh, PEM: one root, or several while one is being replaced. */
  readonly trustedRoots: string;
  /** What certificates' dates and answers' are held against. @default the system's clock */
  readonly clock?: (() => Date) | undefined;
  /** Milliseconds for a connection, for a handshake, and for an answer, each. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Server names that are tried at a time. @default 8 */
  readonly concurrency?: number | undefined;
}

/** What was found out. Plain data: a program prints it as it is. */
export interface GatewayReport {
  readonly host: string;
  readonly port: number;
  /** The connection to the port, before any server name is tried. */
  readonly connection:
    | { readonly ok: true; readonly address: string; readonly milliseconds: number }
    | { readonly ok: false; readonly reason: NoConnection; readonly detail: string };
  /** In the order in which they were asked for; empty without a connection. */
  readonly serverNames: readonly ServerNameResult[];
}

/**
 * Probes a gateway as a sidecar of another cluster uses it. An AUTO_PASSTHROUGH gateway hands the connection on to a pod by
 * its server name and hangs up on names that it doesn't export; so what shakes hands here is the serving pod's proxy.
 *
 * What the gateway does is in the result and never thrown.
 * @throws MeshError with `certificate_unreadable` where `trustedRoots` can't be read.
 */
export async function probeGateway(probe: GatewayProbe): Promise<GatewayReport> {
  const { host, port, trustedRoots, clock = () => new Date(), timeoutMs = 5000 } = probe;
  const connection = await openConnection(host, port, timeoutMs);
  if (!connection.ok) return { host, port, connection, serverNames: [] };
  const address = connection.socket.remoteAddress ?? host;
  connection.socket.destroy();
  const asking = { host, port, trustedRoots, clock, timeoutMs };
  const milliseconds = Math.round(connection.milliseconds);
  return {
    host,
    port,
    connection: { ok: true, address, milliseconds },
    serverNames: await inTurn(probe.serverNames, Math.max(1, probe.concurrency ?? 8), (one) =>
      probeServerName(one, asking),
    ),
  };
}

/** A few at a time. One that never answers isn't asked for hundreds of names, of which each takes its whole time. */
async function inTurn(
  probes: readonly ServerNameProbe[],
  concurrency: number,
  run: (probe: ServerNameProbe) => Promise<ServerNameResult>,
): Promise<readonly ServerNameResult[]> {
  const results: ServerNameResult[] = [];
  const waiting = [...probes.entries()];
  let silent = 0;
  let hasSpoken = false;
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, probe] = next;
      if (!hasSpoken && silent >= concurrency) {
        const { serverName } = probe;
        const detail = `not tried: ${silent} others had no answer`;
        results[index] = { serverName, outcome: "not_tried", detail };
        continue;
      }
      const result = await run(probe);
      if (result.outcome === "timeout") silent++;
      else hasSpoken = true;
      results[index] = result;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}
