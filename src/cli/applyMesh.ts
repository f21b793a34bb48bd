/** `--apply`: what `join` and `leave` do in the clusters themselves. */
import { setTimeout as wait } from "node:timers/promises";
import type { Mesh } from "../core/mesh";
import { planRootOfTrust } from "../core/objects/rootOfTrust";
import type { Plan } from "../core/plan";
import { applyPlan, type ApplyStep, obstacles } from "../live/applyPlan";
import type { LiveCluster } from "../live/liveCluster";
import { prunePlan } from "../live/prunePlan";
import type { CaFiles } from "../pki";
import { exitCodes, Failure } from "./failure";
import type { MeshChange } from "./meshChange";

/** Seconds in which proxies elsewhere hear that a gateway is none of theirs any more, before it goes. */
export const drainSeconds = 10;

/** The clusters by name, in the order in which they are served. */
export type Reached = ReadonlyMap<string, LiveCluster>;

/** The CAs of clusters that have none yet. */
export type NewAuthorities = Readonly<Record<string, CaFiles>>;

/**
 * Looks for what would keep the plan from being applied, before anything is changed.
 * @param reached The clusters of the plan, and one that leaves it.
 * @returns CAs for those clusters that have none.
 * @throws Failure with everything that was found.
 */
export async function prepareApply(
  plan: Plan,
  reached: Reached,
  {
    certs,
    hint = "mend that and run the command again; nothing is changed yet",
  }: { readonly certs: string; readonly hint?: string | undefined },
): Promise<NewAuthorities> {
  const found = await obstacles({ plan, clusters: reached });
  if (found.length > 0) throw refused(found, hint);
  return authorities(plan.mesh, reached, certs);
}

/** A cluster's CA is left alone where it has one, so that no root is replaced on the way. */
async function authorities(mesh: Mesh, reached: Reached, certs: string): Promise<NewAuthorities> {
  if (mesh.trust.issuer !== "files") return {};
  const without = [];
  for (const cluster of mesh.clusters) {
    const [secret] = planRootOfTrust(mesh, cluster);
    const live = reached.get(cluster.name);
    if (secret === undefined || live === undefined) continue;
    if ((await live.find(secret.manifest)) === undefined) without.push(cluster);
  }
  if (without.length === 0) return {};
  const { readMeshCertificates } = await import("../pki/index.js");
  return (await readMeshCertificates(certs, { ...mesh, clusters: without })).clusters;
}

/** Applies a plan to its clusters. */
export async function applyChange(
  { after }: Pick<MeshChange, "after">,
  reached: Reached,
  certificates: NewAuthorities,
  onStep: (step: ApplyStep) => void,
): Promise<readonly ApplyStep[]> {
  return reporting(() => applyPlan({ plan: after, clusters: reached, certificates, onStep }));
}

/**
 * Takes a cluster out: those that stay get the plan without it, so that nobody dials it any more, and give up what isn't
 * planned now; then what the mesh has in the cluster itself goes.
 */
export async function applyLeaving(
  { before, after }: MeshChange,
  reached: Reached,
  leaving: string,
  certificates: NewAuthorities,
  onStep: (step: ApplyStep) => void,
): Promise<readonly ApplyStep[]> {
  const staying = new Map([...reached].filter(([name]) => name !== leaving));
  return reporting(async () => {
    const steps = [...(await applyPlan({ plan: after, clusters: staying, certificates, onStep }))];
    for (const [name, live] of staying) {
      const wanted = after.clusters.find(({ cluster }) => cluster.name === name);
      steps.push(...(await prunePlan({ live, before, wanted, onStep })));
    }
    const gone = reached.get(leaving);
    if (gone === undefined) return steps;
    await wait(drainSeconds * 1000);
    return [...steps, ...(await prunePlan({ live: gone, before, wanted: undefined, onStep }))];
  });
}

/** What fails on the way says that it can be repeated. */
async function reporting<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw refused([message], repeatable);
  }
}

/** What to do where something failed on the way, and what was done stays done. */
export const repeatable = "mend that and run the command again, which goes on from here";

/** Ends a command for what clusters refuse. */
export function refused(messages: readonly string[], hint: string): Failure {
  return new Failure(
    messages.map((message) => ({ code: "cluster_refuses", path: [], message, hint })),
    exitCodes.failure,
  );
}
