import { Construct } from "constructs";
import type { Mesh } from "../core/mesh";
import { planReader } from "../core/objects/remoteSecrets";
import { requireCluster } from "../core/standAlone";
import { type ClusterCharts, placeObjects } from "./placement";

/** Properties of `RemoteSecrets`. */
export interface RemoteSecretsProps {
  /** From `parseMesh`; its `distribution` says whether there is anything to make. */
  readonly mesh: Mesh;
  /** A chart for the cluster; others are left alone. */
  readonly charts: ClusterCharts;
  /** Name of the cluster. */
  readonly cluster: string;
}

/**
 * With `distribution: endpoints`, what lets other clusters' control planes read where pods of this cluster are: a ServiceAccount,
 * its rights, and a secret for its token. The secrets that hand the token to the others are made of live clusters:
 * `meshspan remote-secrets`.
 * @throws MeshError when the mesh has no such cluster, or the cluster no chart.
 */
export class RemoteSecrets extends Construct {
  constructor(scope: Construct, id: string, props: RemoteSecretsProps) {
    super(scope, id);
    const cluster = requireCluster(props.mesh, props.cluster);
    const objects = planReader(props.mesh, cluster);
    placeObjects(props.charts, id, new Map([[cluster.name, objects]]));
  }
}
