/** Namespaces: Istio's own with the network's label, the gateway's, and those of services. */
import type { Cluster, Mesh } from "../mesh";
import { keptAnnotations, type Manifest, planned, type PlannedObject } from "./manifest";

/** The namespace that gateways have for themselves. */
export const gatewayNamespaceName = "istio-eastwest";

/** Kubernetes makes these itself. */
const builtIn: ReadonlySet<string> = new Set([
  "default",
  "kube-system",
  "kube-public",
  "kube-node-lease",
]);

/**
 * A namespace with the labels that the mesh needs, and none that claim it: it may be a Helm release's,
 * or older than the mesh.
 */
export function namespaceManifest(
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Manifest {
  const metadata = { name, annotations: keptAnnotations };
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: Object.keys(labels).length === 0 ? metadata : { ...metadata, labels },
  };
}

/**
 * Istio's root namespace, labelled with the network of the cluster's pods. istiod reads the network
 * of pods that name none from there.
 */
export function rootNamespace(mesh: Pick<Mesh, "istio">, cluster: Cluster): Manifest {
  return namespaceManifest(mesh.istio.namespace, { "topology.istio.io/network": cluster.network });
}

/**
 * The gateway's namespace. Where it's the gateway's own, Kubernetes refuses pods there that aren't restricted (Pod Security
 * Standards); one that the description names may have others' pods in it, so its standard stays as it is.
 */
export function gatewayNamespace({ gateway: { namespace } }: Cluster): Manifest {
  return namespaceManifest(
    namespace,
    namespace === gatewayNamespaceName
      ? { "pod-security.kubernetes.io/enforce": "restricted" }
      : {},
  );
}

/** Namespaces that the gateway and the control plane of a cluster need. */
export function planGatewayNamespaces(
  mesh: Pick<Mesh, "istio">,
  cluster: Cluster,
): readonly PlannedObject[] {
  return [planRootNamespace(mesh, cluster), plannedNamespace(gatewayNamespace(cluster))];
}

/** Istio's root namespace alone. */
export function planRootNamespace(mesh: Pick<Mesh, "istio">, cluster: Cluster): PlannedObject {
  return plannedNamespace(rootNamespace(mesh, cluster));
}

function plannedNamespace(manifest: Manifest): PlannedObject {
  return planned("namespaces", "MultiClusterGateway", manifest, { shared: true });
}

/**
 * Namespaces of services and workloads, but for those that are planned for the gateway. Those that
 * Kubernetes makes itself are planned only where they get a label: `injected` ones have sidecars put
 * into their pods.
 */
export function planServiceNamespaces(
  mesh: Pick<Mesh, "istio">,
  cluster: Cluster,
  names: ReadonlySet<string>,
  injected: ReadonlySet<string>,
): readonly PlannedObject[] {
  const injection: Readonly<Record<string, string>> =
    mesh.istio.revision === undefined
      ? { "istio-injection": "enabled" }
      : { "istio.io/rev": mesh.istio.revision };
  const gatewayOwn = new Set([mesh.istio.namespace, cluster.gateway.namespace]);
  return [...names]
    .sort()
    .filter((name) => !gatewayOwn.has(name) && (injected.has(name) || !builtIn.has(name)))
    .map((name) =>
      planned("namespaces", "Mesh", namespaceManifest(name, injected.has(name) ? injection : {}), {
        shared: true,
      }),
    );
}
