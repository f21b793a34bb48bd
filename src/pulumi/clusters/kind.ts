import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { childOptions } from "../childOptions";
import { MeshCluster } from "../meshCluster";
import { optionalPeer } from "../optionalPeer";
import { placedIn } from "../placement";
import { shortName } from "../shortName";
import { clusterProvider, oneContext } from "./kubeconfig";
import { createScript, deleteScript, kubeconfigScript, nodeAddressScript } from "./kindScripts";
import { installMetalLb, type MetalLbArgs } from "./metalLb";

/** Arguments of `KindCluster`. */
export interface KindClusterArgs {
  /** Name that kind gives the cluster. @default the component's name */
  readonly clusterName?: string;
  /** Image of the nodes, with its Kubernetes version, such as "kindest/node:v1.34.0". @default kind's own */
  readonly image?: string;
  /** Worker nodes beside the control plane. @default 0 */
  readonly workers?: number;
  /** `region/zone/subzone` for the nodes' labels, as in the mesh's description. @default none */
  readonly locality?: string | undefined;
  /**
   * Installs MetalLB, for gateways of type LoadBalancer and for load balancers of your own.
   * @default false: gateways are NodePorts
   */
  readonly metalLb?: boolean | MetalLbArgs;
}

/**
 * A cluster of `kind` on this machine. Peers reach its gateway at a NodePort of its node, on the container
 * network that kind's clusters share: that works on Linux and macOS alike, and needs no load balancer. The
 * user's own kubeconfig isn't touched.
 */
export class KindCluster extends MeshCluster {
  /** As `kind get kubeconfig` prints it, for a port of this machine alone. A secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /**
   * `kind-<clusterName>-<digest of its CA>`: one that is made anew under the same name is another
   * cluster.
   */
  readonly identifier: pulumi.Output<string>;
  /** Applies objects server-side; fields that others manage are never overwritten. */
  readonly provider: kubernetes.Provider;
  /** IPv4 address of the control plane's node on the container network, `kind` by default. */
  override readonly nodeAddress: pulumi.Output<string>;

  constructor(
    name: string,
    args: KindClusterArgs = {},
    options: pulumi.ComponentResourceOptions = {},
  ) {
    super("meshspan:index:KindCluster", name, {}, options);
    const { local } = optionalPeer("@pulumi/command", "KindCluster");
    const child = childOptions(this, options);
    const clusterName = args.clusterName ?? name;
    const environment = {
      KIND_CLUSTER: clusterName,
      // Stacks of one program, on one machine, have clusters of the same names.
      KIND_OWNER: `${pulumi.getProject()}/${pulumi.getStack()}`,
    };
    const config = kindConfig(args);
    const cluster = new local.Command(
      name,
      {
        create: createScript,
        delete: deleteScript,
        environment,
        stdin: config,
        // A node can't be changed: another configuration is another cluster.
        triggers: [clusterName, config],
        addPreviousOutputInEnv: false,
      },
      { ...child, deleteBeforeReplace: true, customTimeouts: { create: "10m" } },
    );
    const after = {
      environment,
      triggers: [cluster.id],
      addPreviousOutputInEnv: false,
    };
    const kubeconfig = new local.Command(
      `${name}-kubeconfig`,
      { ...after, create: kubeconfigScript, logging: "none" },
      { ...child, additionalSecretOutputs: ["stdout"] },
    );
    const address = new local.Command(
      `${name}-address`,
      { ...after, create: nodeAddressScript, logging: "stderr" },
      child,
    );
    const context = kubeconfig.stdout.apply((text) => oneContext(text, undefined, name));
    this.kubeconfig = pulumi.secret(context.apply(({ text }) => text));
    this.nodeAddress = address.stdout;
    this.identifier = pulumi.unsecret(
      context.apply(({ authority }) => `kind-${clusterName}-${authority}`),
    );
    this.provider = clusterProvider(name, this.kubeconfig, this.identifier, child);
    if (args.metalLb !== undefined && args.metalLb !== false) {
      const metalLb = installMetalLb(name, args.metalLb === true ? {} : args.metalLb, this);
      // A gateway's time to get its address would run while the chart is still being installed.
      placedIn(this).controlPlane.push(metalLb);
    }
    this.registerOutputs({ kubeconfig: this.kubeconfig, nodeAddress: this.nodeAddress });
  }

  /** The kubeconfig has a port of this machine, where other clusters' pods aren't. */
  override get apiServer(): pulumi.Output<string> {
    return pulumi.interpolate`https://${this.nodeAddress}:6443`;
  }
}

/** kind's `v1alpha4` configuration. Localities are labels that a kubelet may give itself. */
export function kindConfig({ image, workers = 0, locality }: KindClusterArgs): string {
  const [region, zone, subzone] = locality?.split("/") ?? [];
  const labels = {
    ...(region === undefined ? {} : { "topology.kubernetes.io/region": region }),
    ...(zone === undefined ? {} : { "topology.kubernetes.io/zone": zone }),
    ...(subzone === undefined ? {} : { "topology.istio.io/subzone": subzone }),
  };
  const node = (role: string) => ({
    role,
    ...(image === undefined ? {} : { image }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  });
  return stringify({
    kind: "Cluster",
    apiVersion: "kind.x-k8s.io/v1alpha4",
    nodes: [node("control-plane"), ...Array.from({ length: workers }, () => node("worker"))],
  });
}

/** A name that kind takes, short enough for the names of its nodes: `<name>-control-plane` is a host name. */
export function kindName(mesh: string, cluster: string): string {
  return shortName(`${mesh}-${cluster}`, 63 - "-control-plane".length);
}
