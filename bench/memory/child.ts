/** Heap that one plan takes, in a process of its own: `child.ts <clusters> <services>`. */
import { parseMesh, planMesh } from "../../src";
import { distinctObjects } from "../../src/core/literals";
import { meshOf } from "../meshOf";

export interface PlanMemory {
  readonly bytes: number;
  readonly objects: number;
  readonly distinct: number;
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const [clusters, services] = process.argv.slice(2).map(Number);
// What is compiled and cached by the first plan is no plan's.
planMesh(parseMesh(meshOf({ clusters: 2, services: 12 })));
const mesh = parseMesh(meshOf({ clusters: clusters ?? 0, services: services ?? 0 }));
const before = heap();
const plan = planMesh(mesh);
const measured: PlanMemory = {
  bytes: heap() - before,
  objects: plan.clusters.reduce((sum, { objects }) => sum + objects.length, 0),
  distinct: distinctObjects(plan).size,
};
console.log(JSON.stringify(measured));
