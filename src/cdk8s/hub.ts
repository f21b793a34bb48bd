import { Construct } from "constructs";
import type { Mesh } from "../core/mesh";
import { planHub } from "../core/objects/hub";
import { requireCluster } from "../core/standAlone";
import { type ClusterCharts, placeObjects } from "./placement";

/** Properties of `Hub`. */
export interface HubProps {
  /** From `parseMesh`; it says which clusters have hubs, and its services which audiences there are. */
  readonly mesh: Mesh;
  /** A chart for the cluster; others are left alone. */
  readonly charts: ClusterCharts;
  /** Name of the cluster. */
  readonly cluster: string;
}

/**
 * Hubs in one cluster: those that it has, and the way of its own istiod to those that it reads. Nothing where the mesh has no
 * hubs.
 * @throws MeshError when the mesh has no such cluster, or files need an address that the description lacks.
 */
export class Hub extends Construct {
  constructor(scope: Construct, id: string, props: HubProps) {
    super(scope, id);
    const { mesh, charts } = props;
    const cluster = requireCluster(mesh, props.cluster);
    placeObjects(charts, id, new Map([[cluster.name, planHub(mesh, cluster)]]));
  }
}
