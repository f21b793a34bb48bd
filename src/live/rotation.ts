/** Carries a root's replacement through its stages: in files, in clusters, and in what proxies have. */
import { setTimeout as sleep } from "node:timers/promises";
import { toLiteral } from "../core/literals";
import type { Mesh } from "../core/mesh";
import type { Manifest } from "../core/objects/manifest";
import { planRootOfTrust } from "../core/objects/rootOfTrust";
import type { RotationStep } from "../core/rotation";
import type { CaFiles } from "../pki/caFiles";
import { describeFailure, isPassing } from "./kubeClient";
import type { LiveCluster } from "./liveCluster";
import { listsProgress } from "./revocationBarrier";
import { type BarrierProgress, barrierProgress } from "./rotationBarrier";

type Clusters = ReadonlyMap<string, LiveCluster>;

/** How CAs get to their clusters. */
export interface ApplyTrustOptions {
  /** Whether fields that others manage are taken over. */
  readonly force: boolean;
  /** Told the name of each cluster that has its CA. */
  readonly onApplied: (cluster: string) => void;
}

/**
 * Gives each cluster the CA of the stage that the mesh is in, one after the other.
 * @throws Error of the first cluster that refuses, with its name.
 */
export async function applyTrust(
  mesh: Mesh,
  clusters: Clusters,
  certificates: Readonly<Record<string, CaFiles>>,
  { force, onApplied }: ApplyTrustOptions,
): Promise<void> {
  for (const cluster of mesh.clusters) {
    const live = clusters.get(cluster.name);
    if (live === undefined) throw new Error(`there is no way to cluster ${cluster.name}`);
    for (const { manifest } of planRootOfTrust(mesh, cluster))
      await applyTo(live, toLiteral(manifest, certificates), mesh, force);
    onApplied(cluster.name);
  }
}

async function applyTo(
  live: LiveCluster,
  manifest: Manifest,
  mesh: Mesh,
  force: boolean,
): Promise<void> {
  const { namespace = "", name } = manifest.metadata;
  try {
    await live.apply(manifest, `meshspan-${mesh.name}`, force);
  } catch (error) {
    const why = describeFailure(error);
    throw new Error(`${manifest.kind} ${namespace}/${name} of cluster ${live.name}: ${why}`, {
      cause: error,
    });
  }
}

/** What every proxy has to have before a stage. */
export interface StageBarrier {
  readonly barrier: RotationStep["barrier"];
  /** The root that it is about. */
  readonly rootPem: string;
  /** The revocation lists of both roots' CAs, where the mesh has any: without them a new signer is refused. */
  readonly lists: string | undefined;
}

/** How far every cluster is. @throws Error of a cluster that can't be asked, with its name */
export function progressOf(
  clusters: Clusters,
  { barrier, rootPem, lists }: StageBarrier,
): Promise<readonly BarrierProgress[]> {
  return askEach(clusters, async (live) => {
    const progress = await barrierProgress(live, barrier, rootPem);
    if (lists === undefined || barrier.kind !== "trusts") return progress;
    const { behind } = await listsProgress(live, lists);
    const known = new Set(progress.behind.map(({ pod }) => pod));
    return {
      ...progress,
      behind: [...progress.behind, ...behind.filter(({ pod }) => !known.has(pod))],
    };
  });
}

/** Asks every cluster. @throws Error of a cluster that can't be asked, with its name */
export function askEach(
  clusters: Clusters,
  ask: (live: LiveCluster) => Promise<BarrierProgress>,
): Promise<readonly BarrierProgress[]> {
  return Promise.all(
    [...clusters.values()].map((live) =>
      ask(live).catch((error: unknown) => {
        const why = describeFailure(error);
        throw new Error(`proxies of cluster ${live.name} can't be asked: ${why}`, { cause: error });
      }),
    ),
  );
}

export interface WaitOptions {
  /** Seconds. @default as long as it takes */
  readonly timeout: number | undefined;
  /** Told when something has changed. */
  readonly onProgress: (progress: readonly BarrierProgress[]) => void;
  /** Told why a cluster that was asked before can't be asked now; it is asked again. */
  readonly onSilence: (why: string) => void;
  /** Milliseconds between two looks; certificates live for hours. @default 2000 */
  readonly interval?: number;
}

/**
 * Waits until every proxy is there, or the time is over; API servers that answered may be away meanwhile, as in an upgrade.
 * @returns how far they are
 * @throws Error of a cluster that can't be asked from the beginning, refuses, or is still away when the time is over.
 */
export async function waitForBarrier(
  clusters: Clusters,
  stage: StageBarrier,
  { timeout, onProgress, onSilence, interval = 2000 }: WaitOptions,
): Promise<readonly BarrierProgress[]> {
  const deadline = timeout === undefined ? Infinity : performance.now() + timeout * 1000;
  let before: string | undefined;
  for (;;) {
    const isFirst = before === undefined;
    const progress = await progressOf(clusters, stage).catch((error: unknown) => {
      const { cause, message } = error as Error;
      if (isFirst || !isPassing(cause) || performance.now() > deadline) throw error;
      return message;
    });
    if (typeof progress === "string") {
      if (progress !== before) onSilence(progress);
      before = progress;
    } else {
      if (isReached(progress) || performance.now() > deadline) return progress;
      const now = progress.map(({ proxies, behind }) => `${behind.length}/${proxies}`).join();
      if (now !== before) onProgress(progress);
      before = now;
    }
    await sleep(interval);
  }
}

export function isReached(progress: readonly BarrierProgress[]): boolean {
  return progress.every(({ behind }) => behind.length === 0);
}
