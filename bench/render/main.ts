/**
 * How long it takes to get a mesh's objects to disk, beside what people would use in Meshspan's place, and beside what
 * the bytes alone take: `npm run bench -- render`.
 */
import { countObjects } from "../counts";
import { runTopic } from "../topic";
import { helm } from "./helm";
import { type RenderTask, tasks } from "./tasks";

void runTopic<RenderTask>({
  name: "render",
  title: "Objects of a mesh on disk",
  // The demo's size, a company's, the largest that cdk8s gets through, that of Intuit's mesh (facts of Admiral), and
  // Cilium's limit of clusters.
  sizes: [
    { clusters: 2, services: 12 },
    { clusters: 10, services: 200 },
    { clusters: 50, services: 200 },
    { clusters: 100, services: 1000 },
    { clusters: 160, services: 2500 },
    { clusters: 511, services: 1000 },
  ],
  tasks: (Object.keys(tasks) as RenderTask[]).filter(
    (task) => task !== "helm template" || helm !== undefined,
  ),
  count: countObjects,
  limits: { cdk8s: 250_000, "helm template": 250_000, "js-yaml": 1_000_000 },
  elsewhere: ["helm template", "meshspan render", "meshspan render, unchanged"],
  notes: [
    ...(helm === undefined
      ? ["`helm template` is left out: there is no Helm here (`npm run toolchain`)."]
      : []),
    "An object that clusters share is made once, and written to each. So the time goes with what differs, and with the bytes: per distinct object it stays in the same range, per object it falls.",
  ],
});
