/** Control planes that read other clusters: whether each does, as its istiod says. */
import type { Mesh } from "../../core/mesh";
import { remoteSecretName } from "../../core/objects/remoteSecrets";
import { describeFailure } from "../kubeClient";
import type { LiveCluster } from "../liveCluster";
import { readingsOf } from "../remoteSecrets";
import { fine, type Verdict } from "./finding";

/** What istiod of a cluster says of the clusters that it is to read; nothing where it is to read none. */
export async function lookAtReading(live: LiveCluster, mesh: Mesh): Promise<readonly Verdict[]> {
  try {
    const readings = await readingsOf(live, mesh);
    return readings.map(({ peer, state }) => {
      const subject = `endpoints of ${peer}`;
      if (state === "synced") return fine(subject, "read by istiod");
      const secret = `${mesh.istio.namespace}/${remoteSecretName(peer)}`;
      return {
        state: state === "syncing" ? "warning" : "error",
        code: "peer_not_read",
        subject,
        message:
          state === "unknown"
            ? `istiod has no remote secret ${secret}, and knows no pods of ${peer}`
            : `istiod doesn't read them (${state}): it goes on with the pods that it knew, if any`,
        hint:
          state === "unknown"
            ? "make the secret"
            : `see that istiod's pods reach the API server of ${peer}, and that its token is the current one`,
        fix: "meshspan remote-secrets --apply",
      };
    });
  } catch (error) {
    return [
      {
        state: "unknown",
        code: "not_looked_at",
        subject: "endpoints of other clusters",
        message: describeFailure(error),
        hint: "look again when istiod answers",
      },
    ];
  }
}
