/** What is said of changes in clusters. */
import type { Plan } from "../core/plan";
import { counted } from "../core/words";
import type { ApplyStep } from "../live/applyPlan";
import type { MeshChange } from "./meshChange";
import type { Output } from "./options";
import { note } from "./output";

/** Says what is done to each object, but for those that stay as they are. */
export function noteSteps(output: Output): (step: ApplyStep) => void {
  return ({ cluster, object, action }) => {
    if (action !== "unchanged") note(output, `· ${cluster}: ${object} ${action}`);
  };
}

/** Says whose Istio has to be upgraded with other values, which isn't done here. */
export function noteValues(output: Output, { before, after }: MeshChange): void {
  const valuesOf = ({ clusters }: Plan, name: string) =>
    JSON.stringify(clusters.find(({ cluster }) => cluster.name === name)?.helm);
  const changed = after.mesh.clusters
    .map(({ name }) => name)
    .filter((name) => before.clusters.some(({ cluster }) => cluster.name === name))
    .filter((name) => valuesOf(before, name) !== valuesOf(after, name));
  if (changed.length === 0) return;
  const whose = changed.join(", ");
  note(
    output,
    `· Istio's Helm values of ${whose} change: upgrade it with those of meshspan render`,
  );
}

/** `4 objects created and 12 unchanged in east, 3 changed in west`. */
export function formatSteps(steps: readonly ApplyStep[]): string {
  if (steps.length === 0) return "";
  const actions = ["created", "changed", "unchanged", "deleted", "given back"] as const;
  const lines = [...new Set(steps.map(({ cluster }) => cluster))].map((cluster) => {
    const counts = actions.flatMap((action) => {
      const count = steps.filter((step) => step.cluster === cluster && step.action === action);
      return count.length === 0 ? [] : [`${count.length} ${action}`];
    });
    const all = steps.filter((step) => step.cluster === cluster).length;
    return `${cluster}: ${counted(all, "object")}, ${counts.join(", ")}\n`;
  });
  return lines.join("");
}
