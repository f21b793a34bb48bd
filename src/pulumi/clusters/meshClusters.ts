/** The clusters of a mesh: those that were given, and those that are made because nobody gave them. */
import type * as pulumi from "@pulumi/pulumi";
import type { Issue } from "../../core/issues";
import type { Cluster, Mesh } from "../../core/mesh";
import { suggest } from "../../core/shape";
import { MeshCluster, type MeshClusters } from "../meshCluster";
import { nodeAddressNeeded, secondAddress } from "../multiClusterGateway";
import { ExistingCluster, type ExistingClusterArgs } from "./existing";
import { GkeCluster } from "./gke";
import { KindCluster, kindName } from "./kind";

/** Clusters, or how they are reached, by the names that they have in the mesh. */
export type GivenClusters = Readonly<Record<string, MeshCluster | ExistingClusterArgs>>;

/** What is missing or too many among the given clusters, and gateways that nobody could reach. */
export function clusterIssues(
  mesh: Mesh,
  given: GivenClusters,
  gatewayAddresses: Readonly<Record<string, unknown>>,
): readonly Issue[] {
  const names = mesh.clusters.map(({ name }) => name);
  const unknown = (key: string, all: Readonly<Record<string, unknown>>) =>
    Object.keys(all)
      .filter((name) => !names.includes(name))
      .map((name): Issue => ({
        code: "unknown_cluster",
        path: [key, name],
        message: `the mesh has no cluster ${JSON.stringify(name)}`,
        hint: suggest(name, names),
      }));
  return [
    ...unknown("clusters", given),
    ...unknown("gatewayAddresses", gatewayAddresses),
    ...mesh.clusters.flatMap((cluster) => {
      const { name, provider, gateway } = cluster;
      const target = given[name];
      const isUnreachable =
        gateway.service === "NodePort" &&
        (gateway.address ?? gatewayAddresses[name]) === undefined &&
        (target === undefined ? provider !== "kind" : target.nodeAddress === undefined);
      return [
        ...(target === undefined ? cantMake(cluster) : []),
        ...(isUnreachable ? [nodeAddressNeeded(name)] : []),
        ...secondAddress(cluster, gatewayAddresses[name], ["gatewayAddresses", name]),
      ];
    }),
  ];
}

/** Every cluster of the mesh: given, reached as it was said, or made here because nobody gave it. */
export function meshClusters(
  mesh: Mesh,
  given: GivenClusters,
  options: pulumi.ComponentResourceOptions,
): MeshClusters {
  return Object.fromEntries(
    mesh.clusters.map((cluster): [string, MeshCluster] => {
      const target = given[cluster.name] ?? makeCluster(mesh, cluster, options);
      return [
        cluster.name,
        target instanceof MeshCluster
          ? target
          : new ExistingCluster(kindName(mesh.name, cluster.name), target, options),
      ];
    }),
  );
}

/** Why a cluster can't be made from what the description says of it. */
function cantMake({ name, provider, locality }: Cluster): readonly Issue[] {
  switch (provider) {
    case "kind":
      return [];
    case "gke":
      if (locality !== undefined) return [];
      return [
        {
          code: "missing_key",
          path: ["description", "clusters", name, "locality"],
          message: "a GKE cluster is made in a region or zone, and none is given",
          hint: `add locality: us-east1/us-east1-b, or pass clusters: { ${JSON.stringify(name)}: new GkeCluster("${name}", { location }) }`,
        },
      ];
    case "existing":
    case "rendered":
      return [
        {
          code: "missing_key",
          path: ["clusters", name],
          message: `the cluster is there already (provider: ${provider}), and nothing says how it's reached`,
          hint: `pass clusters: { ${JSON.stringify(name)}: { kubeconfig }, … }`,
        },
      ];
  }
}

function makeCluster(
  mesh: Mesh,
  cluster: Cluster,
  options: pulumi.ComponentResourceOptions,
): MeshCluster {
  const name = kindName(mesh.name, cluster.name);
  const { locality, gateway, provider } = cluster;
  if (provider === "kind") {
    // A NodePort needs nothing else; who asks for a load balancer gets one.
    const metalLb = gateway.service === "LoadBalancer" && gateway.address === undefined;
    return new KindCluster(name, { locality, metalLb }, options);
  }
  const [region = "", zone] = locality?.split("/") ?? [];
  return new GkeCluster(name, { location: zone ?? region }, options);
}
