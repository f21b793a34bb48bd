/** An import takes as long as there are objects: two sizes in one run, with a wide limit. */
import { meshOf } from "../../bench/meshOf";
import { importMesh, parseMesh, planMesh } from "../../src";
import { liveClusters } from "../core/import/liveClusters";
import { leastOf, processorTime } from "../least";

const few = 60;
const times = 8;

/** All services in one namespace, where any search by namespace alone finds all of them. */
function clustersOf(services: number): ReturnType<typeof liveClusters> {
  const { services: made = {}, ...rest } = meshOf({ clusters: 6, services });
  const inOne = Object.entries(made).map(([, service], index) => [`service-${index}.one`, service]);
  return liveClusters(planMesh(parseMesh({ ...rest, services: Object.fromEntries(inOne) })));
}

function cost(services: number): () => number {
  const clusters = clustersOf(services);
  return () =>
    processorTime(() => {
      const { description } = importMesh(clusters);
      expect(Object.keys(description.services ?? {})).toHaveLength(services);
    });
}

it(`takes about ${times} times as long for ${times} times the services`, () => {
  const least = leastOf({ few: cost(few), many: cost(few * times) }, 4);
  // Were each service looked for among all objects, it would be 64 times.
  expect(least.many / least.few).toBeLessThan(times * 3);
});
