/** How long checks of a mesh take, beside one pass over its objects: `npm run bench -- checks`. */
import { countObjects } from "../counts";
import { runTopic } from "../topic";
import { type CheckTask, tasks } from "./tasks";

void runTopic<CheckTask>({
  name: "checks",
  title: "Checks of a mesh",
  sizes: [
    { clusters: 10, services: 200 },
    { clusters: 50, services: 1000 },
    { clusters: 160, services: 2500 },
  ],
  tasks: [
    "JSON.stringify",
    ...(Object.keys(tasks) as CheckTask[]).filter((name) => name !== "JSON.stringify"),
  ],
  count: countObjects,
  limits: { trace: 250_000 },
});
