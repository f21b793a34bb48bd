import { Construct } from "constructs";
import type { CaFilesByCluster } from "../core/literals";
import type { Mesh } from "../core/mesh";
import { planRootOfTrust } from "../core/objects/rootOfTrust";
import { type ClusterCharts, placeObjects } from "./placement";

/** Properties of `SharedRootCA`. */
export interface SharedRootCAProps {
  /** From `parseMesh`. */
  readonly mesh: Mesh;
  /** A chart for each cluster. The secrets in it are key material: keep what it writes out of version control. */
  readonly charts: ClusterCharts;
  /**
   * CA files of each cluster, as `ensureCertificates` of `meshspan/pki` makes or reads them.
   * @default none: `trust.issuer` is cert-manager or existing
   */
  readonly certificates?: CaFilesByCluster;
}

/**
 * The common root of trust: in each cluster the secret `istio-system/cacerts` with an intermediate
 * below the one root, or cert-manager's Certificate that makes it.
 * @throws MeshError when certificates are needed and missing, or a cluster has no chart.
 */
export class SharedRootCA extends Construct {
  constructor(scope: Construct, id: string, props: SharedRootCAProps) {
    super(scope, id);
    const { mesh, charts, certificates } = props;
    const objects = new Map(
      mesh.clusters.map((cluster) => [cluster.name, planRootOfTrust(mesh, cluster)]),
    );
    placeObjects(charts, id, objects, certificates);
  }
}
