/** What `meshspan leave` says. */
import { formatDiff } from "../core/diff/format";
import { clusterOf } from "../core/mesh";
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
}: {
  readonly file: string;
  readonly cluster: string;
  readonly services: readonly string[];
  readonly dryRun: boolean;
  readonly change: MeshChange;
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
  };
  const at = place === undefined ? "" : ` with its gateway ${formatPlace(place)}`;
  const end = dryRun
    ? `The cluster ${cluster}${at} can be taken out: nothing is changed`
    : coloured("green", `Meshspan has taken out the cluster ${cluster}${at}`);
  const rest = `${dryRun ? "" : aware(after.mesh)}${end}\n`;
  return {
    data,
    text: () => `${formatDiff(diff, "text")}${rest}`,
    markdown: () => `${formatDiff(diff, "markdown")}\n${rest}`,
  };
}
