/** What the mesh has in a cluster and doesn't want any more: deleted where it's the mesh's own, else given back. */
import { setTimeout as wait } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import { gatewayGraceSeconds } from "../core/objects/connectionAge";
import {
  type Manifest,
  objectKey,
  ownerLabels,
  type PlannedObject,
} from "../core/objects/manifest";
import type { ClusterPlan, Plan } from "../core/plan";
import { type ApplyStep, naming } from "./applyPlan";
import { kindOf } from "./kinds";
import { isForbidden, isUnknownKind } from "./kubeClient";
import { LateInputs } from "./lateInputs";
import type { LiveCluster } from "./liveCluster";
import { releaseShared } from "./sharedObject";

/**
 * Kinds that the mesh's own objects are of, in the order in which they go: first what leads calls to places, then the
 * gateway and the DNS server, and what they need last.
 */
const ownKinds = [
  "networking.istio.io/v1 VirtualService",
  "networking.istio.io/v1 ServiceEntry",
  "networking.istio.io/v1 DestinationRule",
  "networking.istio.io/v1 Gateway",
  "security.istio.io/v1 AuthorizationPolicy",
  "security.istio.io/v1 PeerAuthentication",
  "telemetry.istio.io/v1 Telemetry",
  "monitoring.coreos.com/v1 PrometheusRule",
  "monitoring.coreos.com/v1 PodMonitor",
  "autoscaling/v2 HorizontalPodAutoscaler",
  "policy/v1 PodDisruptionBudget",
  "v1 Service",
  "apps/v1 Deployment",
  // Open last what they guard.
  "networking.k8s.io/v1 NetworkPolicy",
  "rbac.authorization.k8s.io/v1 RoleBinding",
  "rbac.authorization.k8s.io/v1 Role",
  "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
  "rbac.authorization.k8s.io/v1 ClusterRole",
  "v1 ConfigMap",
  "v1 ServiceAccount",
  "cert-manager.io/v1 Certificate",
  "v1 Secret",
] as const;

const deploymentKind = "apps/v1 Deployment" satisfies (typeof ownKinds)[number];

/** A cluster, what it should have, and what it had. */
export interface Pruning {
  readonly live: LiveCluster;
  /** The plan that was applied before. */
  readonly before: Plan;
  /** `undefined` where the cluster leaves: then all goes that has the mesh's labels. */
  readonly wanted: ClusterPlan | undefined;
  readonly onStep?: ((step: ApplyStep) => void) | undefined;
}

/**
 * Takes out of a cluster what belongs to the mesh and isn't wanted any more. Repeated, it goes on where it stopped.
 * @throws Error of the first object that can't be taken out, with its cluster and name.
 */
export async function prunePlan(pruning: Pruning): Promise<readonly ApplyStep[]> {
  const { live, before, wanted, onStep } = pruning;
  const steps: ApplyStep[] = [];
  const done = (object: string, action: ApplyStep["action"]): void => {
    const step = { cluster: live.name, object, action };
    steps.push(step);
    onStep?.(step);
  };
  const had = before.clusters.find(({ cluster }) => cluster.name === live.name)?.objects ?? [];
  const kept = new Set(wanted?.objects.map(({ key }) => key));
  const gone = had.filter(({ key }) => !kept.has(key));
  const giveBack = async (objects: readonly PlannedObject[]) => {
    for (const { key, manifest } of objects) {
      await naming(live, manifest, "given back", () => release(live, before, manifest));
      done(key, "given back");
    }
  };
  const shared = gone.filter((object) => object.shared);
  // Names stop leading to the DNS server before it goes; namespaces are the last of all.
  await giveBack(shared.filter(({ stage }) => stage === "dns"));
  const keys = new Set(gone.map(({ key }) => key));
  const ending: Manifest[] = [];
  for (const kind of ownKinds) {
    for (const object of await ownObjects(before, live, kind)) {
      const key = objectKey(object);
      if (kept.has(key) || (wanted !== undefined && !keys.has(key))) continue;
      await naming(live, object, "deleted", () => live.delete(object));
      done(key, "deleted");
      if (kind === deploymentKind) ending.push(object);
    }
    // Pods go on for as long as connections are open, guarded by what goes after them.
    if (kind === deploymentKind) await untilEnded(live, ending);
  }
  await giveBack(shared.filter(({ stage }) => stage !== "dns"));
  return steps;
}

/** Waits for pods of Deployments that were deleted, for as long as a gateway's may take, with what kubelets need for it. */
async function untilEnded(live: LiveCluster, deployments: readonly Manifest[]): Promise<void> {
  const deadline = performance.now() + (gatewayGraceSeconds + 30) * 1000;
  for (const { metadata, spec } of deployments) {
    const { selector } = (spec ?? {}) as {
      readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    };
    const labels = selector?.matchLabels ?? {};
    const { namespace = "" } = metadata;
    if (Object.keys(labels).length === 0) continue;
    while ((await podsOf(live, namespace, labels)).length > 0 && performance.now() < deadline)
      await wait(1000);
  }
}

async function podsOf(
  live: LiveCluster,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): Promise<readonly V1Pod[]> {
  try {
    return await live.list<V1Pod>("v1", "Pod", { namespace, labels });
  } catch (error) {
    // Nobody needs to see pods to take a mesh away.
    if (isForbidden(error)) return [];
    throw error;
  }
}

async function ownObjects(
  { mesh }: Plan,
  live: LiveCluster,
  what: (typeof ownKinds)[number],
): Promise<readonly Manifest[]> {
  const { apiVersion, kind } = kindOf(what);
  try {
    const found = await live.list(apiVersion, kind, { labels: ownerLabels(mesh) });
    // What is on its way out, and what controllers derive from an object with its labels, goes by itself.
    return found
      .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
      .filter(({ metadata }) => metadata?.ownerReferences === undefined)
      .map((object) => object as unknown as Manifest);
  } catch (error) {
    if (isUnknownKind(error)) return [];
    // Most meshes have none of these, and a user of theirs no rights.
    if (isForbidden(error) && apiVersion.startsWith("cert-manager.io")) return [];
    throw error;
  }
}

async function release(live: LiveCluster, { mesh }: Plan, manifest: Manifest): Promise<void> {
  const clusters = new Map([[live.name, live]]);
  // The DNS server may be gone already, by a run that was interrupted.
  const late = new LateInputs({ mesh, clusters, otherwise: "" });
  await releaseShared(await live.objects(), { mesh: mesh.name, ...(await late.resolve(manifest)) });
}
