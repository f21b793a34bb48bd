/** What the lab's proxies say about themselves. */
import { existsSync, readFileSync } from "node:fs";
import { exec } from "./exec";
import type { Pod } from "./pod";

/** A line of a proxy's access log: a request, or a connection that ended. */
export interface AccessLogEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `outbound|<port>|<subset>|<host>`, `inbound|<port>||`, or the server name that a gateway passes through. */
  readonly upstreamCluster: string;
  readonly upstreamHost: string | null;
  /** SPIFFE identity of whom the proxy called. */
  readonly upstreamIdentity: string | null;
  /** SPIFFE identity of who called the proxy. */
  readonly downstreamIdentity: string | null;
  readonly serverName: string | null;
  readonly authority: string | null;
  readonly path: string | null;
  readonly status: number;
  readonly grpcStatus: string | null;
  readonly flags: string;
  readonly details: string | null;
  readonly failure: string | null;
}

const container = "istio-proxy";

/** The access log of a pod's proxy. @param since Milliseconds since 1970. @default all of it */
export function accessLog(pod: Pod, since = 0): readonly AccessLogEntry[] {
  const file = pod.logOf(container);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith('{"at"'))
    .map((line) => {
      const entry = JSON.parse(line) as Record<string, any>;
      const upstreamCluster = String(entry.upstreamCluster ?? "").replace(/;$/, "");
      return { ...entry, at: Number(entry.at) * 1000, upstreamCluster } as AccessLogEntry;
    })
    .filter(({ at }) => at >= since);
}

/** What the proxy's admin interface answers. (`pilot-agent request` asks it, too, and takes ten times the time to start.) */
export function admin(pod: Pod, path: string): Promise<string> {
  const url = `http://localhost:15000/${path}`;
  return exec(pod, ["curl", "--silent", "--show-error", "--fail", url], container);
}

/** Everything that istiod has configured in a proxy, endpoints too. */
export function configOf(pod: Pod): Promise<string> {
  return admin(pod, "config_dump?include_eds");
}

/** Counters and gauges whose names match. */
export async function statsOf(pod: Pod, filter: RegExp): Promise<ReadonlyMap<string, number>> {
  const text = await admin(pod, `stats?filter=${encodeURIComponent(filter.source)}`);
  return new Map(
    text
      .split("\n")
      .map((line) => /^(.+): (\d+)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, name, value]): [string, number] => [name!, Number(value)]),
  );
}
