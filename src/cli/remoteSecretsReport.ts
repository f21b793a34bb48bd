/** What `meshspan remote-secrets` says. */
import type { Mesh } from "../core/mesh";
import type { ApplyStep } from "../live/applyPlan";
import type { Reading } from "../live/remoteSecrets";
import { formatSteps } from "./applyReport";
import { coloured, type Report } from "./output";
import type { RemoteSecretsData } from "./schemas";
import { textTable } from "./table";

export function remoteSecretsReport(
  mesh: Pick<Mesh, "name">,
  readings: readonly Reading[],
  applied: readonly ApplyStep[] | undefined,
): Report & { readonly data: RemoteSecretsData } {
  const data: RemoteSecretsData = {
    mesh: mesh.name,
    ok: readings.every(({ state }) => state === "synced"),
    readings: [...readings],
    ...(applied === undefined ? {} : { applied: [...applied] }),
  };
  return {
    data,
    text: () => {
      const left = readings.filter(({ state }) => state !== "synced").length;
      const rows = readings.map(({ cluster, peer, state }) => [cluster, peer, state]);
      const end =
        left === 0
          ? coloured("green", "every control plane reads the clusters that it calls\n")
          : `${left} of ${readings.length} aren't read: meshspan remote-secrets --apply\n`;
      return `${formatSteps(applied ?? [])}${textTable(["CONTROL PLANE", "READS", "STATE"], rows)}\n${end}`;
    },
  };
}
