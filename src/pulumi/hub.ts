import * as pulumi from "@pulumi/pulumi";
import type { Mesh } from "../core/mesh";
import { planHub } from "../core/objects/hub";
import { requireCluster } from "../core/standAlone";
import { checkGatewayAddresses } from "./globalService";
import { withInputErrors } from "./inputErrors";
import { fromGatewayAddresses } from "./lateOutputs";
import type { MeshClusters } from "./meshCluster";
import { checkPlaceable, placeObjects } from "./placement";

/** Arguments of `Hub`. */
export interface HubArgs {
  /** From `parseMesh`; it says which clusters have hubs, and its services which audiences there are. */
  readonly mesh: Mesh;
  /** The cluster, by its name; others are left alone. */
  readonly clusters: MeshClusters;
  /** Name of the cluster. */
  readonly cluster: string;
  /**
   * Addresses of the gateways of clusters with hubs, by cluster, as `MultiClusterGateway` gives them.
   * @default those in the description
   */
  readonly gatewayAddresses?: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * Hubs in one cluster: those that it has, and the way of its own istiod to those that it reads. After `MultiClusterGateway`, and
 * before `IstioControlPlane.installIstiod`. Nothing where the mesh has no hubs.
 * @throws InputPropertiesError when the mesh has no such cluster, or nothing says where a gateway is reached.
 */
export class Hub extends pulumi.ComponentResource {
  constructor(name: string, args: HubArgs, options: pulumi.ComponentResourceOptions = {}) {
    const { mesh, clusters, gatewayAddresses = {} } = args;
    const objects = withInputErrors(name, () => {
      const cluster = requireCluster(mesh, args.cluster);
      const planned = new Map([[cluster.name, planHub(mesh, cluster)]]);
      checkPlaceable(clusters, planned);
      checkGatewayAddresses(planned, gatewayAddresses);
      return planned;
    });
    super("meshspan:index:Hub", name, {}, options);
    const source = fromGatewayAddresses(gatewayAddresses);
    placeObjects({ mesh, clusters, parent: this, source, dependsOn: options.dependsOn }, objects);
    this.registerOutputs({});
  }
}
