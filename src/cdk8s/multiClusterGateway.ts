import { Construct } from "constructs";
import { crossingsOf } from "../core/crossings";
import { type Cluster, type Mesh } from "../core/mesh";
import { planGateway } from "../core/objects/gateway";
import { requireCluster } from "../core/standAlone";
import { type GlobalService, placedServices } from "./globalService";
import { type ClusterCharts, placeObjects } from "./placement";

/** Properties of `MultiClusterGateway`. */
export interface MultiClusterGatewayProps {
  /** From `parseMesh`; its cluster says how the gateway is reached. */
  readonly mesh: Mesh;
  /** A chart for the cluster; others are left alone. */
  readonly charts: ClusterCharts;
  /** Name of the cluster. */
  readonly cluster: string;
  /**
   * The services that peers call here; nothing else gets through.
   * @default those of the mesh's description
   */
  readonly exports?: readonly GlobalService[];
}

/**
 * The east-west gateway of one cluster: its namespaces, workload, Service, scaling, and an
 * AUTO_PASSTHROUGH Gateway with exactly the exported hosts.
 * @throws MeshError when the mesh has no such cluster, or the cluster no chart.
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
    const objects = planGateway(props.mesh, this.cluster, hosts);
    placeObjects(props.charts, id, new Map([[this.cluster.name, objects]]));
    this.node.addValidation({ validate: () => this.#shutOut(props.mesh, hosts) });
  }

  /** Services with a construct that peers would call here in vain; a construct may be made after its gateway. */
  #shutOut(mesh: Mesh, hosts: readonly string[]): string[] {
    const services = placedServices(mesh);
    const wanted = crossingsOf({ clusters: [this.cluster], services }).get(this.cluster.name);
    return (wanted?.exportedHosts ?? [])
      .filter((host) => !hosts.includes(host))
      .map(
        (host) =>
          `${host} is called from other clusters, and the gateway of ${this.cluster.name} doesn't let it through: add its GlobalService to exports`,
      );
  }
}
