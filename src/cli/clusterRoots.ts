/** The mesh's root as its clusters have it. */
import type { V1ConfigMap } from "@kubernetes/client-node";
import type { Mesh } from "../core/mesh";
import type { Reached } from "./applyMesh";
import { type ContextOptions, findMesh } from "./contextOptions";
import { exitCodes, Failure } from "./failure";
import type { AskCluster } from "./joinTrust";

/** Where istiod puts the roots that proxies trust, in every namespace. */
const rootsName = "istio-ca-root-cert";

/**
 * A way to ask clusters of the mesh for its roots.
 * @param reached Those that are reached anyway; else those that options name.
 * @returns `undefined` where no clusters are named.
 */
export async function rootsOfClusters(
  mesh: Mesh,
  options: ContextOptions,
  reached: Reached | undefined,
): Promise<AskCluster> {
  const isNamed = options.kubeconfig !== undefined || options.context !== undefined;
  if (reached === undefined && !isNamed) return undefined;
  const known = reached ?? (await findMesh(mesh, options));
  return async () => {
    const failures: string[] = [];
    for (const { name } of mesh.clusters) {
      const live = known.get(name);
      if (live === undefined) continue;
      const metadata = { name: rootsName, namespace: mesh.istio.namespace };
      try {
        const found = await live.find<V1ConfigMap>({
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata,
        });
        const roots = found?.data?.["root-cert.pem"];
        if (roots !== undefined) return { from: `cluster ${name}`, roots };
        failures.push(`${name} has no ConfigMap ${metadata.namespace}/${rootsName}`);
      } catch (error) {
        const { describeFailure } = await import("../live/kubeClient.js");
        failures.push(`${name}: ${describeFailure(error)}`);
      }
    }
    throw new Failure(
      [
        {
          code: "cluster_not_reached",
          path: [],
          message: `no cluster says which root the mesh has (${failures.join("; ") || "none is reached"})`,
          hint: "name the folder of its certificates with --certs, or its root with --root-cert",
        },
      ],
      exitCodes.failure,
    );
  };
}
