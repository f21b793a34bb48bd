import type { Chart } from "cdk8s";
import { Construct } from "constructs";
import { crossingsOf } from "../core/crossings";
import type { Cluster, GlobalService as CoreService, Mesh } from "../core/mesh";
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
 * The east-west gateway of one cluster: its namespaces, NetworkPolicies, workload, Service, scaling, and an
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
    const exported = this.#exportedOf(services);
    const objects = planGateway(props.mesh, this.cluster, exported);
    placeObjects(props.charts, id, new Map([[this.cluster.name, objects]]));
    const chart = props.charts[this.cluster.name];
    if (chart !== undefined)
      this.node.addValidation({ validate: () => this.#shutOut(props.mesh, chart, exported) });
  }

  #exportedOf(services: readonly CoreService[]): readonly CoreService[] {
    return (
      crossingsOf({ clusters: [this.cluster], services }).get(this.cluster.name)?.exported ?? []
    );
  }

  /** Services with a construct that peers would call here in vain; a construct may be made after its gateway. */
  #shutOut(mesh: Mesh, chart: Chart, exported: readonly CoreService[]): string[] {
    const keys = new Set(exported.map(({ key }) => key));
    return this.#exportedOf(placedServices(mesh, chart))
      .filter(({ key }) => !keys.has(key))
      .map(
        ({ localHost }) =>
          `${localHost} is called from other clusters, and the gateway of ${this.cluster.name} doesn't let it through: add its GlobalService to exports`,
      );
  }
}
