/** Calls of the sample mesh, and changes to its plan that traces are asked about. */
import { type Call, type Hop, type Manifest, type Plan, type Trace, tracePlan } from "../../../src";
import { planned, type PlannedObject } from "../../../src/core/objects/manifest";
import { objectsOf, withChange, without } from "../sampleMesh";

export const front = { name: "front", namespace: "default", serviceAccount: "front" };

export const call = (cluster: string, host: string, port: number): Call => ({
  cluster,
  caller: front,
  host: `${host}.default.global`,
  port,
});
export const cart = call("east", "cart", 7070);
export const pay = call("east", "pay", 80);

export function traceOf(plan: Plan, traced: Call): Trace {
  return tracePlan(plan, [traced])[0]!;
}

/** `<cluster> <kind>` of the hops that have a status. */
export function hopsWith(status: Hop["status"], plan: Plan, traced: Call): readonly string[] {
  const hops = traceOf(plan, traced).paths.flatMap((path) =>
    path.hops.filter((hop) => hop.status === status),
  );
  return [...new Set(hops.map(({ cluster, kind }) => `${cluster} ${kind}`))];
}

export const missingHops = (plan: Plan, traced: Call) => hopsWith("missing", plan, traced);

/** An object taken out, changed, or added. */
export type Change = "removed" | ((manifest: any) => void) | Manifest;

/** A change to the sample plan, and the hop that a call fails at then. */
export type Break = readonly [
  what: string,
  cluster: string,
  which: string,
  change: Change,
  traced: Call,
  expected: string,
];

/**
 * The plan with one object changed.
 * @param which `<kind> <name>`, or what a name begins with, or the host that the object is for.
 */
export function changed(plan: Plan, cluster: string, which: string, change: Change): Plan {
  if (typeof change === "object") return withObject(plan, cluster, change);
  const key = keyOf(plan, cluster, which);
  return change === "removed"
    ? without(plan, cluster, key)
    : withChange(plan, cluster, key, change);
}

function keyOf(plan: Plan, cluster: string, which: string): string {
  const [kind = "", name = ""] = which.split(" ");
  const objects = objectsOf(plan, cluster).filter(({ manifest }) => manifest.kind === kind);
  const fits: readonly ((object: PlannedObject) => boolean)[] = [
    ({ manifest }) => manifest.metadata.name === name,
    ({ manifest }) => (manifest.spec as { host?: string } | undefined)?.host === name,
    ({ manifest }) => manifest.metadata.name.startsWith(`${name}.`),
  ];
  for (const fit of fits) {
    const found = objects.find(fit);
    if (found !== undefined) return found.key;
  }
  throw new Error(`${cluster} has no ${which}`);
}

/** The plan with one more object. */
export function withObject(plan: Plan, cluster: string, manifest: Manifest): Plan {
  return {
    ...plan,
    clusters: plan.clusters.map((one) =>
      one.cluster.name === cluster
        ? { ...one, objects: [...one.objects, planned("workloads", "Mesh", manifest)] }
        : one,
    ),
  };
}

/** A policy, Sidecar or the like. */
export function object(
  apiVersion: string,
  kind: string,
  namespace: string,
  spec: object,
): Manifest {
  return { apiVersion, kind, metadata: { name: "added", namespace }, spec };
}
