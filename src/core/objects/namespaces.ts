/** Namespaces: Istio's own with the network's label, the gateway's, and those of services. */
import type { Cluster, Mesh } from "../mesh";
import { type Manifest, ownerLabels, planned, type PlannedObject } from "./manifest";

/** Kubernetes makes these itself. */
const builtIn: ReadonlySet<string> = new Set([
  "default",
  "kube-system",
  "kube-public",
  "kube-node-lease",
]);

export function namespaceManifest(
  mesh: Pick<Mesh, "name">,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Manifest {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { ...ownerLabels(mesh), ...labels } },
  };
}

/**
 * Istio's root namespace, labelled with the network of the cluster's pods. istiod reads the network
 * of pods that name none from there.
 */
export function rootNamespace(mesh: Pick<Mesh, "name" | "istio">, cluster: Cluster): Manifest {
  return namespaceManifest(mesh, mesh.istio.namespace, {
    "topology.istio.io/network": cluster.network,
  });
}

/** The gateway's own namespace: what its Role may read there is no secret of istiod's. */
export function gatewayNamespace(mesh: Pick<Mesh, "name">, cluster: Cluster): Manifest {
  return namespaceManifest(mesh, cluster.gateway.namespace);
}

/** Namespaces that the gateway and the control plane of a cluster need. */
export function planGatewayNamespaces(
  mesh: Pick<Mesh, "name" | "istio">,
  cluster: Cluster,
): readonly PlannedObject[] {
  return [rootNamespace(mesh, cluster), gatewayNamespace(mesh, cluster)].map((manifest) =>
    planned("namespaces", "MultiClusterGateway", manifest, { shared: true }),
  );
}

/**
 * Namespaces of services and workloads. Those that Kubernetes makes itself are planned only where
 * they get a label: `injected` ones have sidecars put into their pods.
 */
export function planServiceNamespaces(
  mesh: Pick<Mesh, "name" | "istio">,
  names: ReadonlySet<string>,
  injected: ReadonlySet<string>,
): readonly PlannedObject[] {
  const injection: Readonly<Record<string, string>> =
    mesh.istio.revision === undefined
      ? { "istio-injection": "enabled" }
      : { "istio.io/rev": mesh.istio.revision };
  return [...names]
    .sort()
    .filter((name) => injected.has(name) || !builtIn.has(name))
    .map((name) =>
      planned(
        "namespaces",
        "Mesh",
        namespaceManifest(mesh, name, injected.has(name) ? injection : {}),
        { shared: true },
      ),
    );
}
