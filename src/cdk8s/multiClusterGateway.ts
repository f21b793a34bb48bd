import { Construct } from "constructs";
import { crossingsOf } from "../core/crossings";
import { type Cluster, type Mesh } from "../core/mesh";
import { planGateway } from "../core/objects/gateway";
import { GlobalService } from "./globalService";
import { placeObjects, requireCluster } from "./placement";

/** Properties of `MultiClusterGateway`. */
export interface MultiClusterGatewayProps {
  /** From `parseMesh`; its cluster says how the gateway is reached. */
  readonly mesh: Mesh;
  /** Name of the cluster whose chart this is. */
  readonly cluster: string;
  /**
   * The services that peers call here; nothing else gets through.
   * @default those of the mesh's description
   */
  readonly exports?: readonly GlobalService[];
}

/**
 * The east-west gateway of one cluster: its namespaces, workload, Service, scaling, and an
 * AUTO_PASSTHROUGH Gateway with exactly the exported hosts. The scope is in the cluster's chart.
 * @throws MeshError when the mesh has no such cluster.
 */
export class MultiClusterGateway extends Construct {
  /** The cluster that it opens. */
  readonly cluster: Cluster;

  constructor(scope: Construct, id: string, props: MultiClusterGatewayProps) {
    super(scope, id);
    this.cluster = requireCluster(props.mesh, props.cluster);
    const services = props.exports?.map(({ service }) => service) ?? props.mesh.services;
    const hosts =
      crossingsOf({ clusters: [this.cluster], services }).get(this.cluster.name)?.exportedHosts ??
      [];
    placeObjects(this, planGateway(props.mesh, this.cluster, hosts));
  }
}
