/** Whether every proxy of a cluster has reached a stage of a root's replacement. */
import type { V1Pod } from "@kubernetes/client-node";
import { IssueCollector, MeshError } from "../core/issues";
import type { RotationStep } from "../core/rotation";
import { readCertificateFile } from "../pki/pem";
import { verifyPresentedChain } from "../pki/presentedChain";
import { bounded } from "./bounded";
import { describeFailure } from "./kubeClient";
import type { LiveCluster } from "./liveCluster";
import { type ProxyTrust, proxyTrust } from "./proxyTrust";
import { placeOf } from "./status/observation";
import { proxyOf } from "./status/podState";

/** A proxy that keeps the next stage waiting. */
export interface ProxyBehind {
  readonly cluster: string;
  /** `<namespace>/<name>` */
  readonly pod: string;
  readonly why: string;
}

/** How far the proxies of a cluster are. */
export interface BarrierProgress {
  readonly cluster: string;
  /** How many there are. */
  readonly proxies: number;
  readonly behind: readonly ProxyBehind[];
}

/** Proxies of a cluster that are asked at the same time. */
const atOnce = 8;

/**
 * Asks every proxy of a cluster, sidecars and gateways; one that can't be asked is behind.
 * @param rootPem The root that the barrier is about.
 * @throws Error where the cluster doesn't list its pods.
 */
export function barrierProgress(
  live: LiveCluster,
  barrier: RotationStep["barrier"],
  rootPem: string,
): Promise<BarrierProgress> {
  const now = new Date();
  return askProxies(live, (trust) => whyBehind(trust, barrier, rootPem, now));
}

/**
 * Whether every proxy's certificate is of an intermediate; asked like that.
 * @throws Error where the cluster doesn't list its pods.
 */
export function issuerProgress(
  live: LiveCluster,
  intermediatePem: string,
): Promise<BarrierProgress> {
  const [wanted] = fingerprintsIn(intermediatePem);
  return askProxies(live, ({ chain }) => {
    const found = fingerprintsIn(chain);
    if (found.size === 0) return "it has no certificate yet";
    return wanted !== undefined && found.has(wanted)
      ? undefined
      : "its certificate is of the intermediate before";
  });
}

async function askProxies(
  live: LiveCluster,
  whyBehind: (trust: ProxyTrust) => string | undefined,
): Promise<BarrierProgress> {
  const pods = (await live.list<V1Pod>("v1", "Pod")).filter(hasRunningProxy);
  const answers = await bounded(pods, atOnce, async (pod) => {
    const { name, namespace } = placeOf(pod);
    const trust = await proxyTrust(live, { namespace, pod: name }).catch(
      (error: unknown) => `it can't be asked: ${describeFailure(error)}`,
    );
    if (typeof trust === "string" && (await isOver(live, pod))) return [];
    const why = typeof trust === "string" ? trust : whyBehind(trust);
    return [{ cluster: live.name, pod: `${namespace}/${name}`, why }];
  });
  const asked = answers.flat();
  const behind = asked.flatMap(({ why, ...proxy }) => (why === undefined ? [] : { ...proxy, why }));
  return { cluster: live.name, proxies: asked.length, behind };
}

/** Whether a pod that was listed has ended since: large clusters are asked for minutes, and pods come and go. */
async function isOver(live: LiveCluster, pod: V1Pod): Promise<boolean> {
  try {
    const now = await live.find<V1Pod>({
      apiVersion: "v1",
      kind: "Pod",
      metadata: placeOf(pod),
    });
    return now === undefined || now.metadata?.uid !== pod.metadata?.uid || !hasRunningProxy(now);
  } catch {
    return false;
  }
}

/** Pods that are done don't count; ones that are being deleted do, as long as they run: they still call. */
export function hasRunningProxy(pod: V1Pod): boolean {
  return proxyOf(pod) !== undefined && pod.status?.phase === "Running";
}

/** Why a proxy hasn't reached a barrier; `undefined` where it has. */
export function whyBehind(
  { roots, chain }: ProxyTrust,
  { kind, root }: RotationStep["barrier"],
  rootPem: string,
  now: Date,
): string | undefined {
  const trusted = fingerprintsIn(roots);
  if (trusted.size === 0) return "it has no root yet";
  if ([...fingerprintsIn(rootPem)].some((print) => !trusted.has(print)))
    return `it doesn't trust the root ${root} yet`;
  if (kind === "trusts") return undefined;
  try {
    const presented = verifyPresentedChain(chain, rootPem, { now });
    if (presented.root !== undefined) return undefined;
    return `its certificate is below another root than ${root}, until ${presented.notAfter.toISOString()} at most`;
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    return "it has no certificate yet";
  }
}

function fingerprintsIn(pem: string): ReadonlySet<string> {
  const found = readCertificateFile(pem, new IssueCollector()) ?? [];
  return new Set(found.map(({ node }) => node.fingerprint256));
}
