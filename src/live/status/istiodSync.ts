/**
 * What istiod says of its proxies: who is connected, what it sent them and what they took. The debug endpoint answers
 * without credentials to who reaches istiod's loopback, as a forwarded port does; `istioctl proxy-status` shows the same.
 */
import type { V1Pod } from "@kubernetes/client-node";
import { bounded } from "../bounded";
import { type ForwardedAnswer, getOver } from "../forwardedHttp";
import type { LiveCluster } from "../liveCluster";
import { type Answer, asked, unanswered } from "./answer";
import { fine, type Verdict } from "./finding";
import { type ClusterObservation, placeOf } from "./observation";
import { isReady, proxyOf } from "./podState";
import { shellResource, shellWord } from "../../core/shell";

const monitoringPort = 15014;
const adminPort = 15000;

/** A proxy as istiod knows it, by the parts of its configuration (clusters, listeners, …). */
interface SyncedProxy {
  /** `<pod>.<namespace>` */
  readonly proxy?: string;
  readonly resources?: Readonly<
    Record<string, { readonly sent?: string; readonly acked?: string; readonly sentTime?: string }>
  >;
}

export interface SyncObservation {
  /** By istiod's clock, as the moments at which it sent something. */
  readonly at: Date;
  readonly proxies: readonly SyncedProxy[];
  /** How often proxies refused what they were sent since istiod started, by the kind of configuration. */
  readonly rejects: ReadonlyMap<string, number>;
  /** What proxies say that refused, by `<pod>.<namespace>`. */
  readonly refusals: ReadonlyMap<string, string>;
  /** Pods that were ready and aren't any more, such as those of a rollout: nobody misses their proxies. */
  readonly ended: ReadonlySet<string>;
}

/** Asks every istiod that is ready, and then proxies that haven't taken what they were sent. */
export async function observeSync(
  live: LiveCluster,
  seen: ClusterObservation,
): Promise<Answer<SyncObservation> | undefined> {
  const { anyIstiodPods } = seen;
  if (!anyIstiodPods.ok) return anyIstiodPods;
  const pods = anyIstiodPods.value.filter(isReady);
  if (pods.length === 0) return undefined;
  return asked(`create pods/portforward in ${pods[0]?.metadata?.namespace ?? ""}`, async () => {
    const proxies: SyncedProxy[] = [];
    const rejects = new Map<string, number>();
    let at = new Date();
    for (const pod of pods) {
      const [syncz, metrics] = await Promise.all([
        get(live, placeOf(pod), monitoringPort, "/debug/syncz"),
        get(live, placeOf(pod), monitoringPort, "/metrics"),
      ]);
      at = syncz.date;
      proxies.push(...(JSON.parse(syncz.body) as readonly SyncedProxy[]));
      for (const [type, number] of rejectsIn(metrics.body))
        rejects.set(type, (rejects.get(type) ?? 0) + number);
    }
    const refusals = await refusalsOf(live, proxies, at);
    return { at, proxies, rejects, refusals, ended: await endedOf(live, awayFrom(seen, proxies)) };
  });
}

/** Pods that are looked at again. */
const lookedAtAgain = 50;

async function endedOf(live: LiveCluster, names: readonly string[]): Promise<ReadonlySet<string>> {
  const ended = await bounded(names.slice(0, lookedAtAgain), 8, async (proxy) => {
    const [, name = "", namespace = ""] = /^(.*)\.([^.]+)$/.exec(proxy) ?? [];
    const now = await live.find<V1Pod>({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace },
    });
    return now !== undefined && isReady(now) ? [] : [proxy];
  });
  return new Set(ended.flat());
}

async function get(
  live: LiveCluster,
  { name: pod, namespace }: { readonly name: string; readonly namespace: string },
  port: number,
  path: string,
): Promise<ForwardedAnswer> {
  const answer = await getOver(await live.forward({ namespace, pod, port }), path);
  if (answer.status !== 200) throw new Error(`${pod} answers ${path} with ${answer.status}`);
  return answer;
}

/** `pilot_total_xds_rejects{type="lds"} 3`, in Prometheus' text format. */
function rejectsIn(metrics: string): readonly (readonly [string, number])[] {
  return [...metrics.matchAll(/^pilot_total_xds_rejects\{type="([^"]*)"\} ([\d.e+]+)$/gm)].map(
    ([, type = "", number]) => [type, Number(number)] as const,
  );
}

/** Proxies that are asked why. */
const askedForReasons = 3;

async function refusalsOf(
  live: LiveCluster,
  proxies: readonly SyncedProxy[],
  now: Date,
): Promise<ReadonlyMap<string, string>> {
  const late = proxies.filter((proxy) => behind(proxy, now).length > 0).slice(0, askedForReasons);
  const reasons = await Promise.all(
    late.map(async ({ proxy = "" }): Promise<readonly [string, string][]> => {
      const [, name = "", namespace = ""] = /^(.*)\.([^.]+)$/.exec(proxy) ?? [];
      try {
        const dump = await get(live, { name, namespace }, adminPort, "/config_dump");
        const details = /"details": "((?:[^"\\]|\\.)*)"/.exec(dump.body)?.[1];
        return details === undefined ? [] : [[proxy, JSON.parse(`"${details}"`) as string]];
      } catch {
        return [];
      }
    }),
  );
  return new Map(reasons.flat());
}

/** Seconds in which a proxy takes what it is sent, whatever its machine is doing. */
const grace = 5;

/** Kinds of configuration that a proxy was sent a while ago and hasn't taken. */
function behind({ resources = {} }: SyncedProxy, now: Date): readonly string[] {
  return Object.entries(resources).flatMap(([type, { sent, acked, sentTime }]) => {
    const seconds = (now.getTime() - Date.parse(sentTime ?? "")) / 1000;
    return sent === acked || seconds < grace ? [] : [type.split(".").at(-1) ?? type];
  });
}

/** Pods that should be among the proxies: those of the mesh's namespaces, and the gateway's. */
function expectedProxies(seen: ClusterObservation): readonly string[] {
  const pods = [seen.gatewayPods, ...[...seen.namespaces.values()].map(({ pods: own }) => own)];
  return pods
    .flatMap((answer) => (answer.ok ? answer.value : []))
    .filter((pod) => proxyOf(pod) !== undefined && isReady(pod))
    .map(({ metadata }) => `${metadata?.name ?? ""}.${metadata?.namespace ?? ""}`);
}

/** Those that none of the istiods has. */
function awayFrom(seen: ClusterObservation, proxies: readonly SyncedProxy[]): readonly string[] {
  const known = new Set(proxies.map(({ proxy }) => proxy));
  return expectedProxies(seen).filter((name) => !known.has(name));
}

export function judgeSync(
  seen: ClusterObservation,
  answer: Answer<SyncObservation> | undefined,
): readonly Verdict[] {
  const subject = "istiod's proxies";
  if (answer === undefined) {
    return [
      {
        state: "unknown",
        code: "not_looked_at",
        subject,
        message: "no istiod is ready to say what its proxies have",
        hint: "look again when one is",
      },
    ];
  }
  if (!answer.ok) return [unanswered(subject, answer)];
  const { at, proxies, refusals, rejects, ended } = answer.value;
  const late = proxies.flatMap((proxy) => {
    const kinds = behind(proxy, at);
    return kinds.length === 0 ? [] : [{ name: proxy.proxy ?? "", kinds }];
  });
  const away = awayFrom(seen, proxies).filter((name) => !ended.has(name));
  const verdicts = [
    ...late.map(({ name, kinds }) => lateProxy(name, kinds, refusals.get(name), rejects)),
    ...away.map((name): Verdict => ({
      state: "error",
      code: "proxy_out_of_sync",
      subject: podKey(name),
      message: "its proxy isn't connected to istiod, so it learns of no change",
      hint: "see the proxy's log; it needs istiod's port 15012 and a certificate",
      fix: `kubectl ${podArguments(name, "logs")} -c istio-proxy`,
    })),
  ];
  return verdicts.length > 0
    ? verdicts
    : [fine(subject, `${proxies.length} proxies have what they were sent`)];
}

function lateProxy(
  name: string,
  kinds: readonly string[],
  refusal: string | undefined,
  rejects: ReadonlyMap<string, number>,
): Verdict {
  const what = kinds.join(", ");
  if (refusal === undefined && rejects.size === 0) {
    return {
      state: "error",
      code: "proxy_out_of_sync",
      subject: podKey(name),
      message: `its proxy hasn't taken what it was sent: ${what}`,
      hint: "see the proxy's log, and whether it has processor time",
      fix: `kubectl ${podArguments(name, "logs")} -c istio-proxy`,
    };
  }
  return {
    state: "error",
    code: "proxy_rejects_config",
    subject: podKey(name),
    message: `its proxy refuses what it was sent (${what})${refusal === undefined ? "" : `: ${refusal}`}`,
    hint: "take the object away that it was made of, such as an EnvoyFilter; until then the proxy keeps what it had",
    fix: `kubectl ${podArguments(name, "logs")} -c istio-proxy`,
  };
}

function podKey(name: string): string {
  const [, pod = name, namespace = ""] = /^(.*)\.([^.]+)$/.exec(name) ?? [];
  return `core/Pod/${namespace}/${pod}`;
}

function podArguments(name: string, verb: string): string {
  const [, pod = name, namespace = ""] = /^(.*)\.([^.]+)$/.exec(name) ?? [];
  return `-n ${shellWord(namespace)} ${verb} ${shellResource("pod", pod)}`;
}
