import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { oneContext } from "./clusters/kubeconfig";

/**
 * A cluster that components put objects into: `KindCluster`, `GkeCluster` or `ExistingCluster`. It is the
 * parent of what the mesh shares with others there, so that whichever component needs a namespace first,
 * its URN is the same.
 */
export abstract class MeshCluster extends pulumi.ComponentResource {
  /** Credentials of the cluster, for one context. A secret. */
  abstract readonly kubeconfig: pulumi.Output<string>;
  /** Says which cluster it is, whatever credentials reach it: with another one, everything in it is replaced. */
  abstract readonly identifier: pulumi.Output<string>;
  /** Every object in the cluster gets this provider explicitly; never the one that kubectl points at. */
  abstract readonly provider: kubernetes.Provider;
  /** Where peers reach a NodePort of this cluster; `undefined` where that isn't known. */
  readonly nodeAddress: pulumi.Output<string> | undefined = undefined;
  /** URL of the API server, as pods of other clusters reach it: by default the one in the kubeconfig. */
  get apiServer(): pulumi.Output<string> {
    return pulumi.unsecret(
      this.kubeconfig.apply((text) => oneContext(text, undefined, "of the mesh").server),
    );
  }
  /** CIDRs from which this cluster's pods appear to peers; `undefined` where they aren't known. */
  readonly egressRanges: pulumi.Output<string[]> | undefined = undefined;
}

/** Clusters by the names that they have in the mesh. */
export type MeshClusters = Readonly<Record<string, MeshCluster>>;
