/** Heap that one plan takes, in a process of its own: `child.ts <clusters> <services>`. */
import { setTimeout as wait } from "node:timers/promises";
import { parseMesh, planMesh } from "../../src";
import { distinctObjects } from "../../src/core/literals";
import { meshOf } from "../meshOf";

export interface PlanMemory {
  readonly bytes: number;
  readonly objects: number;
  readonly distinct: number;
}

/** Once nothing is compiled any longer: until then V8 keeps what the functions in question had at hand. */
async function heap(): Promise<number> {
  await wait(500);
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function main(): Promise<void> {
  const [clusters, services] = process.argv.slice(2).map(Number);
  // What is compiled and cached by the first plan is no plan's.
  planMesh(parseMesh(meshOf({ clusters: 2, services: 12 })));
  const mesh = parseMesh(meshOf({ clusters: clusters ?? 0, services: services ?? 0 }));
  const before = await heap();
  const plan = planMesh(mesh);
  const measured: PlanMemory = {
    bytes: (await heap()) - before,
    objects: plan.clusters.reduce((sum, { objects }) => sum + objects.length, 0),
    distinct: distinctObjects(plan).size,
  };
  console.log(JSON.stringify(measured));
}

void main();
