import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { childOptions } from "../childOptions";
import { MeshCluster } from "../meshCluster";
import { clusterProvider, oneContext } from "./kubeconfig";

/** Arguments of `ExistingCluster`. */
export interface ExistingClusterArgs {
  /** Contents of a kubeconfig (not its path), YAML or JSON. Kept as a secret. */
  readonly kubeconfig: pulumi.Input<string>;
  /** Name of a context that the kubeconfig has. @default its current one, else its first */
  readonly context?: pulumi.Input<string>;
  /**
   * What stays the same as long as it is the same cluster; another value replaces everything in it.
   * @default a digest of the cluster's CA; where the kubeconfig has none, the API server's URL
   */
  readonly clusterIdentifier?: pulumi.Input<string>;
  /** An address of a node that peers reach, for a gateway of type NodePort. @default none */
  readonly nodeAddress?: pulumi.Input<string>;
  /** CIDRs from which this cluster's pods appear to peers, for the firewalls of GKE clusters. @default unknown */
  readonly egressRanges?: pulumi.Input<string[]>;
  /**
   * Takes over fields of planned objects that others set, such as kubectl, when their values differ: for the runs in which a mesh
   * that was built by hand is adopted. Objects stay the ones that they are. Namespaces and DNS settings are still merged only.
   * @default false: such a field is an error
   */
  readonly adopt?: boolean;
}

/** A cluster that is there: nothing is made but the provider for it. */
export class ExistingCluster extends MeshCluster {
  /** The one context of the kubeconfig that was given, without the others. A secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** `clusterIdentifier`, or what stands for it by default. */
  readonly identifier: pulumi.Output<string>;
  /** Applies objects server-side; fields that others manage are only overwritten with `adopt`. */
  readonly provider: kubernetes.Provider;
  /** As it was given, for a gateway of type NodePort; `undefined` where it wasn't. */
  override readonly nodeAddress: pulumi.Output<string> | undefined;
  /**
   * As they were given; `undefined` where they weren't: firewalls of GKE peers then go by their
   * `gateway.allowFrom`, or stay open.
   */
  override readonly egressRanges: pulumi.Output<string[]> | undefined;

  constructor(
    name: string,
    args: ExistingClusterArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    super("meshspan:index:ExistingCluster", name, {}, options);
    const context = pulumi
      .all([args.kubeconfig, args.context])
      .apply(([text, wanted]) => oneContext(text, wanted, name));
    this.kubeconfig = pulumi.secret(context.apply(({ text }) => text));
    // It's no secret, and a secret identifier would hide what a preview says.
    const found = pulumi.unsecret(context.apply(({ authority, server }) => authority || server));
    this.identifier = pulumi.output(args.clusterIdentifier ?? found);
    this.provider = clusterProvider(
      name,
      this.kubeconfig,
      this.identifier,
      childOptions(this, options),
      args.adopt,
    );
    this.nodeAddress = args.nodeAddress === undefined ? undefined : pulumi.output(args.nodeAddress);
    this.egressRanges =
      args.egressRanges === undefined ? undefined : pulumi.output(args.egressRanges);
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }
}
