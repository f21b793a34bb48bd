/** Control planes that read each other: the secrets by which they do, in clusters that run. */
import type { V1Pod, V1Secret } from "@kubernetes/client-node";
import { setTimeout as wait } from "node:timers/promises";
import { clusterOf, type Mesh } from "../core/mesh";
import { istiodSelector } from "../core/objects/networkPolicies";
import { type Manifest, ownerLabels } from "../core/objects/manifest";
import {
  readerName,
  readerTokenName,
  remoteSecretLabel,
  remoteSecretName,
} from "../core/objects/remoteSecrets";
import { peersRead } from "../core/peers";
import type { Plan } from "../core/plan";
import { applyPlan, type Applying, type ApplyStep, naming } from "./applyPlan";
import { getOver } from "./forwardedHttp";
import { describeFailure, isForbidden, isUnauthorized } from "./kubeClient";
import type { LiveCluster } from "./liveCluster";
import { placeOf } from "./status/observation";
import { isReady } from "./status/podState";

/** A plan with nothing but what control planes read each other by. */
function onlyRemoteSecrets(plan: Plan): Plan {
  return {
    ...plan,
    clusters: plan.clusters.map((cluster) => ({
      ...cluster,
      objects: cluster.objects.filter(({ component }) => component === "RemoteSecrets"),
    })),
  };
}

/** How a control plane reads another cluster, as istiod says it. */
export interface Reading {
  /** Who reads. */
  readonly cluster: string;
  readonly peer: string;
  /** `synced`, `syncing`, `timeout`, `closed`; `unknown` for a peer that no istiod of the cluster has heard of. */
  readonly state: string;
}

/** Port of istiod's monitoring, where its debug endpoints are. */
const monitoringPort = 15014;

/**
 * What every istiod of a cluster that is ready says of the clusters that it is to read; the worst counts.
 * @throws Error where none is reached.
 */
export async function readingsOf(live: LiveCluster, mesh: Mesh): Promise<readonly Reading[]> {
  const peers = peersRead(mesh).get(live.name) ?? [];
  if (peers.length === 0) return [];
  const { namespace } = mesh.istio;
  const pods = await live.list<V1Pod>("v1", "Pod", { namespace, labels: istiodSelector(mesh) });
  const ready = pods.filter(isReady);
  if (ready.length === 0) throw new Error(`no istiod of ${live.name} is ready`);
  const answers = await Promise.all(ready.map((pod) => clustersOf(live, pod)));
  return peers.map((peer) => {
    const states = answers.map((states) => states.get(peer) ?? "unknown");
    return {
      cluster: live.name,
      peer,
      state: states.find((state) => state !== "synced") ?? "synced",
    };
  });
}

async function clustersOf(live: LiveCluster, pod: V1Pod): Promise<ReadonlyMap<string, string>> {
  const { name, namespace } = placeOf(pod);
  const stream = await live.forward({ namespace, pod: name, port: monitoringPort });
  const { status, body } = await getOver(stream, "/debug/clusterz");
  if (status !== 200) throw new Error(`istiod of ${live.name} answers with ${status}`);
  const clusters = JSON.parse(body) as readonly {
    readonly id: string;
    readonly syncStatus: string;
  }[];
  return new Map(clusters.map(({ id, syncStatus }) => [id, syncStatus]));
}

/** Seconds in which istiod hears of a secret that has changed, so that what it says is about that. */
const hearingSeconds = 5;

/** What is applied, and what is told of it. */
export interface Linking extends Pick<Applying, "plan" | "clusters" | "onStep"> {
  /** Seconds in which every control plane has to read every cluster that it is to. */
  readonly patience: number;
  /** Told which control planes don't read a cluster yet, or can't be asked, whenever that changes. */
  readonly onWaiting?: (what: string) => void;
}

/**
 * Applies what control planes read each other by, waits until they do, and takes out what is left of earlier plans: tokens with
 * another number, and secrets of clusters that aren't read any more. A token is revoked by its going, so it goes last.
 * @throws Error of the first object that is refused, and where a control plane doesn't read a cluster in time; tokens are all
 * there then.
 */
export async function linkControlPlanes(linking: Linking): Promise<readonly ApplyStep[]> {
  const { clusters, onStep } = linking;
  const plan = onlyRemoteSecrets(linking.plan);
  const steps = [...(await applyPlan({ plan, clusters, onStep }))];
  const stale = await staleSecrets(plan, clusters);
  if (steps.some(({ action }) => action !== "unchanged") || stale.length > 0)
    await untilAllRead(linking);
  for (const { live, object } of stale) {
    await naming(live, object, "deleted", () => live.delete(object));
    const { namespace = "", name } = object.metadata;
    const step = {
      cluster: live.name,
      object: `core/Secret/${namespace}/${name}`,
      action: "deleted",
    } as const;
    steps.push(step);
    onStep?.(step);
  }
  return steps;
}

async function untilAllRead({ plan, clusters, patience, onWaiting }: Linking): Promise<void> {
  const deadline = performance.now() + patience * 1000;
  await wait(hearingSeconds * 1000);
  let told = "";
  for (;;) {
    const left = await Promise.all([...clusters.values()].map((live) => unread(live, plan.mesh)));
    const text = left.flat().join("; ");
    if (text === "") return;
    if (performance.now() > deadline) throw new Error(`after ${patience} s, ${text}`);
    if (text !== told) onWaiting?.(text);
    told = text;
    await wait(1000);
  }
}

/** What a control plane doesn't read yet; one that can't be asked may be on its way up, as in an upgrade. */
async function unread(live: LiveCluster, mesh: Mesh): Promise<readonly string[]> {
  try {
    const readings = await readingsOf(live, mesh);
    return readings.filter(({ state }) => state !== "synced").map(describeReading);
  } catch (error) {
    if (isForbidden(error) || isUnauthorized(error)) throw error;
    return [`${live.name}: ${describeFailure(error)}`];
  }
}

/** `istiod of east doesn't read west (timeout)` */
function describeReading({ cluster, peer, state }: Reading): string {
  return `istiod of ${cluster} doesn't read ${peer} (${state})`;
}

/** Secrets of this mesh that no plan has any more: first those that hand tokens out, then the tokens. */
async function staleSecrets(
  { mesh }: Plan,
  clusters: ReadonlyMap<string, LiveCluster>,
): Promise<readonly { readonly live: LiveCluster; readonly object: Manifest }[]> {
  const { namespace } = mesh.istio;
  const labels = ownerLabels(mesh);
  const found = await Promise.all(
    [...clusters.values()].map(async (live) => {
      const wanted = new Set([
        readerTokenName(clusterOf(mesh, live.name)),
        ...(peersRead(mesh).get(live.name) ?? []).map(remoteSecretName),
      ]);
      const secrets = await live.list<V1Secret>("v1", "Secret", { namespace, labels });
      return secrets
        .filter(({ metadata }) => !wanted.has(metadata?.name ?? ""))
        .map((secret) => ({ live, secret }));
    }),
  );
  const stale = found.flat();
  return [
    ...stale.filter(({ secret }) => secret.metadata?.labels?.[remoteSecretLabel] === "true"),
    ...stale.filter(({ secret }) => isReaderToken(secret)),
  ].map(({ live, secret: { metadata } }) => ({
    live,
    object: {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: metadata?.name ?? "", namespace },
    },
  }));
}

function isReaderToken({ metadata, type }: V1Secret): boolean {
  return (
    type === "kubernetes.io/service-account-token" &&
    metadata?.annotations?.["kubernetes.io/service-account.name"] === readerName
  );
}
