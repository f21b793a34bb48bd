import { Construct } from "constructs";
import { crossingsOf } from "../core/crossings";
import type { Mesh } from "../core/mesh";
import { planGlobalDns } from "../core/objects/globalDns";
import { requireCluster } from "../core/standAlone";
import type { GlobalService } from "./globalService";
import { type ClusterCharts, placeObjects } from "./placement";

/** Properties of `GlobalDns`. */
export interface GlobalDnsProps {
  /** From `parseMesh`; its cluster says which DNS mode there is. */
  readonly mesh: Mesh;
  /** A chart for the cluster; others are left alone. */
  readonly charts: ClusterCharts;
  /** Name of the cluster. */
  readonly cluster: string;
  /**
   * The services whose names resolve.
   * @default those that the mesh's description lets this cluster consume
   */
  readonly services?: readonly GlobalService[];
}

/**
 * Names for pods of one cluster: a DNS server for the domain with a generated zone, and the stub
 * domain that leads to it. With `dns: proxy` there is nothing to make: istiod's values switch it on.
 * @throws MeshError when the description lacks the Corefile or the address that files need.
 */
export class GlobalDns extends Construct {
  constructor(scope: Construct, id: string, props: GlobalDnsProps) {
    super(scope, id);
    const cluster = requireCluster(props.mesh, props.cluster);
    const services = props.services?.map(({ service }) => service) ?? props.mesh.services;
    const records = crossingsOf({ clusters: [cluster], services }).get(cluster.name)?.records ?? [];
    const objects = planGlobalDns(props.mesh, cluster, records);
    placeObjects(props.charts, id, new Map([[cluster.name, objects]]));
  }
}
