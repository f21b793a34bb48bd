/** An import takes as long as there are objects: two sizes in one run, with a wide limit. */
import { median } from "../../bench/measure";
import { meshOf } from "../../bench/meshOf";
import { importMesh, parseMesh, planMesh } from "../../src";
import { liveClusters } from "../core/import/liveClusters";

const few = 60;
const times = 8;

/** All services in one namespace, where any search by namespace alone finds all of them. */
function clustersOf(services: number): ReturnType<typeof liveClusters> {
  const { services: made = {}, ...rest } = meshOf({ clusters: 6, services });
  const inOne = Object.entries(made).map(([, service], index) => [`service-${index}.one`, service]);
  return liveClusters(planMesh(parseMesh({ ...rest, services: Object.fromEntries(inOne) })));
}

function secondsOf(services: number): number {
  const clusters = clustersOf(services);
  const runs = Array.from({ length: 4 }, () => {
    const start = performance.now();
    const { description } = importMesh(clusters);
    expect(Object.keys(description.services ?? {})).toHaveLength(services);
    return performance.now() - start;
  });
  // The first one compiles what the others run.
  return median(runs.slice(1));
}

it(`takes about ${times} times as long for ${times} times the services`, () => {
  // Were each service looked for among all objects, it would be 64 times.
  expect(secondsOf(few * times) / secondsOf(few)).toBeLessThan(times * 3);
});
