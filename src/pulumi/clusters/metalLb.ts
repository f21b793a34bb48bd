/** MetalLB in a kind cluster: load balancers with addresses of the container network. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { IPv4 } from "ipaddr.js";
import type { MeshCluster } from "../meshCluster";

/** Settings of MetalLB. */
export interface MetalLbArgs {
  /**
   * Addresses to give out, as a CIDR or a range `first-last`; of the container network, and nobody else's.
   * @default 16 addresses at the upper end of the network's /16, by the node's address
   */
  readonly addresses?: pulumi.Input<string>;
  /** Version of the chart. @default the newest */
  readonly version?: string;
}

const chartRepository = "https://metallb.github.io/metallb";
const namespace = "metallb-system";

/**
 * Installs the chart and one pool that is announced on the container network.
 * @returns what has to be there before a load balancer gets an address.
 */
export function installMetalLb(
  name: string,
  args: MetalLbArgs,
  cluster: MeshCluster & { readonly nodeAddress: pulumi.Output<string> },
): pulumi.Resource {
  const { provider } = cluster;
  const release = new kubernetes.helm.v3.Release(
    `${name}-metallb`,
    {
      name: "metallb",
      chart: "metallb",
      namespace,
      createNamespace: true,
      repositoryOpts: { repo: chartRepository },
      ...(args.version === undefined ? {} : { version: args.version }),
    },
    { parent: cluster, provider },
  );
  const resource = (kind: string, spec: object, dependsOn: pulumi.Resource) =>
    new kubernetes.apiextensions.CustomResource(
      `${name}-metallb-${kind.toLowerCase()}`,
      { apiVersion: "metallb.io/v1beta1", kind, metadata: { name: "meshspan", namespace }, spec },
      { parent: cluster, provider, dependsOn: [dependsOn] },
    );
  const addresses = args.addresses ?? cluster.nodeAddress.apply(poolBeside);
  const pool = resource("IPAddressPool", { addresses: [addresses] }, release);
  return resource("L2Advertisement", { ipAddressPools: ["meshspan"] }, pool);
}

/**
 * A pool for the cluster of that node. Container networks give out addresses from the lower end, and nodes
 * have different ones, so that pools of the clusters of one machine don't overlap: node 172.18.0.3 has
 * 172.18.252.0/28.
 * @throws RunError for an address that isn't in the first /24 of its network.
 */
export function poolBeside(nodeAddress: string): string {
  const [first, second, third, last] = IPv4.isValidFourPartDecimal(nodeAddress)
    ? IPv4.parse(nodeAddress).octets
    : [];
  if (
    first === undefined ||
    second === undefined ||
    third !== 0 ||
    last === undefined ||
    last > 200
  ) {
    throw new pulumi.RunError(
      `MetalLB needs addresses of the network that ${nodeAddress} is in: set metalLb: { addresses: "first-last" }`,
    );
  }
  return `${first}.${second}.${255 - last}.0/28`;
}
