/** Which way answers came, as the callers' proxies tell it. */
import { eventually } from "./eventually";
import type { Lab } from "./lab";
import { clusters, type ClusterName } from "./placements";
import { type AccessLogEntry, accessLog } from "./proxy";
import { callerPod, type Outcome } from "./traceCalls";

/** A request that was answered, and what the caller's proxy has of its way. */
export interface Way {
  readonly request: string;
  readonly answeredBy: string;
  /** Whether the answering cluster is another than the caller's. */
  readonly crosses: boolean;
  /** Whether the proxy called that cluster's gateway; of one's own cluster, a pod of the service. */
  readonly isRight: boolean;
}

/** The ways of all answers; proxies write their logs a second later. */
export async function waysOf(lab: Lab, outcomes: readonly Outcome[]): Promise<readonly Way[]> {
  const answered = outcomes.filter(({ answeredBy }) => answeredBy !== undefined);
  const look = () => answered.map((outcome) => wayOf(lab, outcome));
  const areRight = () => look().every(({ isRight }) => isRight);
  await eventually("access logs", areRight, 15).catch(() => undefined);
  return look();
}

function wayOf(lab: Lab, { request, answeredBy = "" }: Outcome): Way {
  const { call, namespace } = request;
  const cluster = answeredBy.replace(/\/.*/, "") as ClusterName;
  const entries = accessLog(callerPod(lab, call.cluster, call.caller.name)).filter(
    ({ upstreamCluster, flags }) => {
      const [direction, port, , host] = upstreamCluster.split("|");
      return (
        flags === "-" &&
        direction === "outbound" &&
        port === String(call.port) &&
        host === call.host
      );
    },
  );
  const crosses = cluster !== call.cluster;
  const pods = new Set(lab.cluster(cluster).pods.map(({ address }) => address));
  const isThere = ({ upstreamHost }: AccessLogEntry) =>
    crosses
      ? upstreamHost === `${lab.cluster(cluster).gatewayAddress}:15443`
      : pods.has(upstreamHost?.replace(/:\d+$/, "") ?? "");
  const { trustDomain = "cluster.local" } = clusters[cluster];
  const identity = `spiffe://${trustDomain}/ns/${namespace}/sa/server`;
  const isRight = entries.some((entry) => isThere(entry) && entry.upstreamIdentity === identity);
  return { request: request.id, answeredBy, crosses, isRight };
}
