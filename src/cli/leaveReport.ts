/** What `meshspan leave` says. */
import { formatDiff } from "../core/diff/format";
import { clusterOf } from "../core/mesh";
import type { ApplyStep } from "../live/applyPlan";
import { formatSteps } from "./applyReport";
import { formatPlace, placeOf } from "./gatewayAddress";
import { aware, gatewayData } from "./joinReport";
import type { LeaveData } from "./joinSchemas";
import type { MeshChange } from "./meshChange";
import { coloured, type Report } from "./output";

export function leaveReport({
  file,
  cluster,
  services,
  dryRun,
  change,
  applied,
}: {
  readonly file: string;
  readonly cluster: string;
  readonly services: readonly string[];
  readonly dryRun: boolean;
  readonly change: MeshChange;
  readonly applied: readonly ApplyStep[] | undefined;
}): Report & { readonly data: LeaveData } {
  const { before, after, diff } = change;
  const gone = clusterOf(before.mesh, cluster);
  const place = placeOf(gone);
  const data: LeaveData = {
    mesh: before.mesh.name,
    file,
    state: dryRun ? "would be removed" : "removed",
    gateway: gatewayData(gone),
    remaining: after.mesh.clusters.map(gatewayData),
    services,
    diff: { ...diff },
    ...(applied === undefined ? {} : { applied }),
  };
  const at = place === undefined ? "" : ` with its gateway ${formatPlace(place)}`;
  const end = dryRun
    ? `The cluster ${cluster}${at} can be taken out: nothing is changed`
    : coloured("green", `Meshspan has taken out the cluster ${cluster}${at}`);
  const rest = `${formatSteps(applied ?? [])}${dryRun ? "" : aware(after.mesh)}${end}\n`;
  return {
    data,
    text: () => `${formatDiff(diff, "text")}${rest}`,
    markdown: () => `${formatDiff(diff, "markdown")}\n${rest}`,
  };
}
