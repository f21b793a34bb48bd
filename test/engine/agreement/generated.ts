/** Generated descriptions that the core takes, and what it makes of them. */
import fc from "fast-check";
import type { Manifest } from "../../../src";
import { anyMesh } from "./anyMesh";
import { type ClusterObjects, plannedObjects } from "./plannedObjects";

export interface GeneratedPlans {
  /** How many the core refused along the way. */
  readonly refused: number;
  /** By description; each has namespaces of its own, so that many can be analysed together. */
  readonly plans: readonly (readonly ClusterObjects[])[];
  /** Every object once, from plans that all have the same namespaces: far fewer differ then. */
  readonly distinct: readonly Manifest[];
}

/** The same descriptions in every run. @param count How many that the core takes. */
export function generatedPlans(count: number): GeneratedPlans {
  const plans: (readonly ClusterObjects[])[] = [];
  const distinct = new Map<string, Manifest>();
  let refused = 0;
  for (let seed = 1; plans.length < count; seed++) {
    const plan = (slot: number) =>
      plannedObjects(fc.sample(anyMesh(slot), { numRuns: 1, seed })[0]);
    const own = plan(plans.length);
    if (own === undefined) {
      refused++;
      continue;
    }
    plans.push(own);
    for (const { manifests } of plan(0) ?? [])
      for (const manifest of manifests) distinct.set(JSON.stringify(manifest), manifest);
  }
  return { refused, plans, distinct: [...distinct.values()] };
}
