import * as pulumi from "@pulumi/pulumi";
import { crossingsOf } from "../core/crossings";
import { type Issue, MeshError } from "../core/issues";
import { type Cluster, dialPortOf, type Mesh } from "../core/mesh";
import type { PlannedObject } from "../core/objects/manifest";
import { planGateway } from "../core/objects/gateway";
import { requireCluster } from "../core/standAlone";
import type { GlobalService } from "./globalService";
import { withInputErrors } from "./inputErrors";
import type { MeshCluster, MeshClusters } from "./meshCluster";
import { checkPlaceable, placeObjects, requireMeshCluster } from "./placement";

/** Arguments of `MultiClusterGateway`. */
export interface MultiClusterGatewayArgs {
  /** From `parseMesh`; its cluster says how the gateway is reached. */
  readonly mesh: Mesh;
  /** The cluster, by its name; others are left alone. */
  readonly clusters: MeshClusters;
  /** Name of the cluster. */
  readonly cluster: string;
  /**
   * The services that peers call here; nothing else gets through.
   * @default those of the mesh's description
   */
  readonly exports?: readonly GlobalService[];
  /**
   * Address at which peers reach the gateway, where the cluster doesn't know it.
   * @default the description's, else the node's for a NodePort on kind, else the load balancer's
   */
  readonly address?: pulumi.Input<string>;
  /**
   * Time in which the load balancer has to have its address, such as "10m".
   * @default 10m on GKE; elsewhere 50s, since there may be no controller that ever gives one
   */
  readonly gatewayTimeout?: string;
}

/**
 * The east-west gateway of one cluster: its namespaces, NetworkPolicies, workload, Service, scaling, and an AUTO_PASSTHROUGH
 * Gateway with exactly the exported hosts.
 * @throws InputPropertiesError when the mesh has no such cluster, or nothing says where it's reached.
 */
export class MultiClusterGateway extends pulumi.ComponentResource {
  /** Where peers reach it: an IP address or a host name. */
  readonly address: pulumi.Output<string>;
  /** The port that they dial. */
  readonly port: number;

  constructor(
    name: string,
    args: MultiClusterGatewayArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    const { mesh, clusters } = args;
    const { cluster, objects, known } = withInputErrors(name, () => planned(args));
    super("meshspan:index:MultiClusterGateway", name, {}, options);
    const { gateway, provider } = cluster;
    const service = `core/Service/${gateway.namespace}/${gateway.name}`;
    const timeout = args.gatewayTimeout ?? (provider === "gke" ? "10m" : "50s");
    const resources = placeObjects(
      {
        mesh,
        clusters,
        parent: this,
        timeouts: gateway.service === "LoadBalancer" ? { [service]: timeout } : {},
        dependsOn: options.dependsOn,
      },
      new Map([[cluster.name, objects]]),
    ).get(cluster.name);
    this.address = pulumi.output(known ?? loadBalancerAddress(cluster, resources?.get(service)));
    this.port = dialPortOf(gateway);
    this.registerOutputs({ address: this.address, port: this.port });
  }
}

/** What there is to make, and what can be wrong with it. */
function planned({ mesh, clusters, cluster: name, exports, address }: MultiClusterGatewayArgs): {
  readonly cluster: Cluster;
  readonly objects: readonly PlannedObject[];
  readonly known: pulumi.Input<string> | undefined;
} {
  const cluster = requireCluster(mesh, name);
  const target = requireMeshCluster(clusters, cluster.name);
  const second = secondAddress(cluster, address, ["address"]);
  if (second.length > 0) throw new MeshError(second);
  const known = knownAddress(cluster, target, address);
  const services = exports?.map(({ service }) => service) ?? mesh.services;
  const crossings = crossingsOf({ clusters: [cluster], services }).get(cluster.name);
  const objects = planGateway(mesh, cluster, crossings?.exported ?? []);
  checkPlaceable(clusters, new Map([[cluster.name, objects]]));
  return { cluster, objects, known };
}

/** The address, where it doesn't come from a load balancer. @throws MeshError when nothing says it. */
function knownAddress(
  { name, gateway }: Cluster,
  target: MeshCluster,
  given: pulumi.Input<string> | undefined,
): pulumi.Input<string> | undefined {
  const known =
    given ?? gateway.address ?? (gateway.service === "NodePort" ? target.nodeAddress : undefined);
  if (known !== undefined || gateway.service === "LoadBalancer") return known;
  throw new MeshError([nodeAddressNeeded(name)]);
}

/** A fault where the description says the address too: peers dial that one, whatever the program says. */
export function secondAddress(
  { name, gateway }: Cluster,
  given: unknown,
  path: Issue["path"],
): readonly Issue[] {
  if (given === undefined || gateway.address === undefined) return [];
  return [
    {
      code: "conflicting_keys",
      path,
      message: `the description has an address for the gateway of ${name} too, ${gateway.address}, and peers dial that one`,
      hint: `leave it out, or take clusters.${name}.gateway.address out of the description`,
    },
  ];
}

/** A NodePort has no address of its own. */
export function nodeAddressNeeded(cluster: string): Issue {
  return {
    code: "gateway_address_needed",
    path: ["clusters", cluster, "gateway", "address"],
    message: `the gateway is a NodePort, and nothing says at which address ${JSON.stringify(cluster)}'s nodes are reached`,
    hint: 'add the address of a node that other clusters reach, such as "192.168.7.108"',
  };
}

/** What a Service's status says of its load balancer. */
interface ServiceStatus {
  readonly loadBalancer?: {
    readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
  };
}

function loadBalancerAddress(
  { name, gateway }: Cluster,
  service: pulumi.Resource | undefined,
): pulumi.Output<string> {
  const { status } = service as pulumi.Resource & {
    readonly status: pulumi.Output<ServiceStatus | undefined>;
  };
  return status.apply((found) => {
    const ingress = found?.loadBalancer?.ingress?.[0];
    const address = ingress?.ip ?? ingress?.hostname;
    // A Service that is to become a load balancer is none yet.
    if (address === undefined && pulumi.runtime.isDryRun())
      return pulumi.unknown as unknown as string;
    if (address === undefined) {
      throw new pulumi.RunError(
        `The gateway of ${name} has no address yet: run pulumi up again once kubectl -n ${gateway.namespace} get service ${gateway.name} shows one.`,
      );
    }
    if (ingress?.ip === undefined && gateway.addressType === "ip") {
      throw new pulumi.RunError(
        `The load balancer of ${name}'s gateway has a host name, ${address}: set clusters.${name}.gateway.addressType to hostname in the description.`,
      );
    }
    return address;
  });
}
