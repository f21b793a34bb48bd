/** What a mesh of a size comes to. */
import { parseMesh, planMesh } from "../src";
import { distinctObjects } from "../src/core/literals";
import { meshOf, type Size } from "./meshOf";

/** Objects of all clusters, and those that differ: clusters that see the same share the same. */
export function countObjects(size: Size): {
  readonly object: number;
  readonly "distinct object": number;
} {
  const plan = planMesh(parseMesh(meshOf(size)));
  return {
    object: plan.clusters.reduce((sum, { objects }) => sum + objects.length, 0),
    "distinct object": distinctObjects(plan).size,
  };
}
