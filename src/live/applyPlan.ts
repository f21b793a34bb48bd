/**
 * A plan applied to the clusters that run: server-side, stage by stage, so that what needs an address or a namespace
 * comes after it. Fields that somebody else set to another value are a conflict, and never taken over. What is as
 * planned already stays as it is, so that an interrupted run is repeated.
 */
import type { KubernetesObject } from "@kubernetes/client-node";
import type { CaFilesByCluster } from "../core/literals";
import { lateValuesIn } from "../core/late";
import { type Manifest, type PlannedObject, stages } from "../core/objects/manifest";
import type { Plan } from "../core/plan";
import { bounded } from "./bounded";
import { describeFailure, isNotFound, isUnknownKind, isUnreachable } from "./kubeClient";
import { LateInputs } from "./lateInputs";
import type { LiveCluster } from "./liveCluster";
import { applyShared, findShared, managerOf } from "./sharedObject";

/** Something that was done to an object. */
export interface ApplyStep {
  readonly cluster: string;
  /** `<group>/<kind>/<namespace>/<name>` */
  readonly object: string;
  readonly action: "created" | "changed" | "unchanged" | "deleted" | "given back";
}

/** What is applied, and where. */
export interface Applying {
  readonly plan: Plan;
  /** All clusters of the plan, by name; those that come first are served first in each stage. */
  readonly clusters: ReadonlyMap<string, LiveCluster>;
  /** CAs of the clusters that have none yet. */
  readonly certificates?: CaFilesByCluster | undefined;
  readonly onStep?: ((step: ApplyStep) => void) | undefined;
}

/** Requests that an API server gets at a time. */
const atOnce = 8;

/**
 * Applies everything that is planned.
 * @throws Error of the first object that is refused, with its cluster, its name and what to do.
 */
export async function applyPlan(applying: Applying): Promise<readonly ApplyStep[]> {
  const { plan, clusters, certificates, onStep } = applying;
  const steps: ApplyStep[] = [];
  const late = new LateInputs({ mesh: plan.mesh, clusters, certificates });
  for (const stage of stages) {
    for (const [name, live] of clusters) {
      const objects = objectsOf(plan, name).filter((object) => object.stage === stage);
      // Of services none waits for another; of a gateway and a DNS server the parts do.
      await bounded(objects, stage === "services" ? atOnce : 1, async (object) => {
        const action = await naming(live, object.manifest, "applied", () =>
          applyObject(plan, live, object, late),
        );
        const step = { cluster: name, object: object.key, action };
        steps.push(step);
        onStep?.(step);
      });
    }
  }
  return steps;
}

/** What of a plan a cluster gets. The CA of one that has a CA is left alone: it's replaced by a rotation. */
function objectsOf(plan: Plan, cluster: string): readonly PlannedObject[] {
  return plan.clusters.find((one) => one.cluster.name === cluster)?.objects ?? [];
}

async function applyObject(
  { mesh }: Plan,
  live: LiveCluster,
  { manifest, shared, stage }: PlannedObject,
  late: LateInputs,
): Promise<ApplyStep["action"]> {
  const before = await live.find(manifest);
  if (stage === "trust" && before !== undefined) return "unchanged";
  const resolved = await late.resolve(manifest);
  if (!shared) {
    const after = await live.apply(resolved.manifest, managerOf({ mesh: mesh.name }));
    return actionOf(before, after);
  }
  const api = await live.objects();
  const spec = { mesh: mesh.name, ...resolved };
  await applyShared(api, spec);
  return actionOf(before, await findShared(api, spec));
}

function actionOf(
  before: KubernetesObject | undefined,
  after: KubernetesObject | undefined,
): ApplyStep["action"] {
  if (before === undefined) return "created";
  const isSame = before.metadata?.resourceVersion === after?.metadata?.resourceVersion;
  return isSame ? "unchanged" : "changed";
}

/**
 * What would keep a plan from being applied, found out without a change: fields that others manage with other values, kinds
 * that a cluster doesn't know, rights that are missing, clusters that aren't reached. Values that aren't there yet
 * are left out, and so is what lies in namespaces to be made.
 */
export async function obstacles({
  plan,
  clusters,
}: Pick<Applying, "plan" | "clusters">): Promise<readonly string[]> {
  const found = await Promise.all(
    [...clusters].map(async ([name, live]) => {
      const objects = objectsOf(plan, name).filter(
        ({ manifest, stage }) => stage !== "trust" && lateValuesIn(manifest).length === 0,
      );
      try {
        await live.version();
        const faults = await bounded(objects, atOnce, async ({ manifest, shared }) => {
          // Shared objects have managers that tell who made them; their fields are looked at when they're applied.
          if (shared) return undefined;
          try {
            await live.dryRunApply(manifest, managerOf({ mesh: plan.mesh.name }), false);
            return undefined;
          } catch (error) {
            if (isUnreachable(error)) throw error;
            if (isNotFound(error) && !isUnknownKind(error)) return undefined;
            return failureText(live, manifest, "applied", error);
          }
        });
        return faults.filter((text) => text !== undefined);
      } catch (error) {
        // One that isn't reached says so once, and isn't waited for with every object.
        return [`cluster ${name} (${live.server}): ${describeFailure(error)}`];
      }
    }),
  );
  return found.flat();
}

/** Runs an operation on an object; what fails says in which cluster, on what, and what to do. */
export async function naming<T>(
  live: LiveCluster,
  manifest: Manifest,
  done: string,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw new Error(failureText(live, manifest, done, error), { cause: error });
  }
}

function failureText(
  { name }: LiveCluster,
  { kind, metadata }: Manifest,
  done: string,
  error: unknown,
): string {
  const object = [metadata.namespace, metadata.name].filter(Boolean).join("/");
  const why = isUnknownKind(error)
    ? "the cluster doesn't know this kind: install Istio there first"
    : describeFailure(error);
  return `${kind} ${object} of cluster ${name} can't be ${done}: ${why}`;
}
