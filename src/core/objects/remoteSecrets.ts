/**
 * Endpoints that control planes read of each other (Istio, "multi-primary"): in a serving cluster a ServiceAccount that may
 * read where pods are, with a token; in each consuming cluster a remote secret, a kubeconfig with that token.
 */
import { Late } from "../late";
import { type Cluster, clusterOf, type Mesh } from "../mesh";
import { meshConfigName } from "../meshConfig";
import { clustersRead, peersRead } from "../peers";
import { type Manifest, ownerLabels, planned, type PlannedObject } from "./manifest";
import { rootNamespace } from "./namespaces";
import { bindingOf, readRule, roleOf } from "./rbac";

type SecretsMesh = Pick<Mesh, "name" | "istio" | "distribution" | "clusters" | "services">;

/** Name of the ServiceAccount that other control planes are, and of its rights. */
export const readerName = "meshspan-reader";

/** Name of its rights in the whole cluster, where another mesh may have some too: as Istio names its own. */
export function readerRoleName({
  istio,
}: {
  readonly istio: { readonly namespace: string };
}): string {
  return `${readerName}-${istio.namespace}`;
}

/** The label by which istiod finds remote secrets (pkg/kube/multicluster's MultiClusterSecretLabel). */
export const remoteSecretLabel = "istio/multiCluster";

/** Name of the secret with the token of that number: another number is another secret, so that both are there for a while. */
export function readerTokenName({ readerToken }: Pick<Cluster, "readerToken">): string {
  return `${readerName}-token-${readerToken}`;
}

/** Name of the secret by which a control plane reads another cluster, as `istioctl create-remote-secret` names it. */
export function remoteSecretName(peer: string): string {
  return `istio-remote-secret-${peer}`;
}

/** What lets other control planes read a cluster; nothing where none does. */
export function planReader(mesh: SecretsMesh, cluster: Cluster): readonly PlannedObject[] {
  if (!clustersRead(mesh).has(cluster.name)) return [];
  const { namespace } = mesh.istio;
  const labels = ownerLabels(mesh);
  const own = { name: readerName, namespace, labels };
  const account: Manifest = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: own,
    automountServiceAccountToken: false,
  };
  const role = roleOf(
    { name: readerRoleName(mesh), labels },
    readKinds.map(([group, ...kinds]) => readRule([group], kinds)),
  );
  // It says the trust domain of the pods there.
  const configRole = roleOf(own, [
    readRule([""], ["configmaps"], [meshConfigName(mesh.istio.revision)]),
  ]);
  const token: Manifest = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: readerTokenName(cluster),
      namespace,
      labels,
      annotations: { "kubernetes.io/service-account.name": readerName },
    },
    type: "kubernetes.io/service-account-token",
  };
  const root = rootNamespace(mesh, cluster);
  const add = (manifest: Manifest, ...dependsOn: readonly Manifest[]) =>
    planned("gateway", "RemoteSecrets", manifest, { dependsOn });
  return [
    add(account, root),
    add(role),
    add(bindingOf(role, account), role, account),
    add(configRole, root),
    add(bindingOf(configRole, account), configRole, account),
    add(token, account),
  ];
}

/** The secrets by which a cluster's control plane reads those whose services are consumed there. Only live clusters know what is in them. */
export function planRemoteSecrets(mesh: SecretsMesh, cluster: Cluster): readonly PlannedObject[] {
  return (peersRead(mesh).get(cluster.name) ?? []).map((name) => {
    const { apiServer } = clusterOf(mesh, name);
    return planned("services", "RemoteSecrets", remoteSecret(mesh, name, apiServer), {
      dependsOn: [rootNamespace(mesh, cluster)],
      live: true,
    });
  });
}

function remoteSecret(mesh: SecretsMesh, peer: string, apiServer: string | undefined): Manifest {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: remoteSecretName(peer),
      namespace: mesh.istio.namespace,
      labels: { ...ownerLabels(mesh), [remoteSecretLabel]: "true" },
      annotations: { "networking.istio.io/cluster": peer },
    },
    type: "Opaque",
    data: {
      [peer]: new Late({
        use: "remoteKubeconfig",
        cluster: peer,
        server: apiServer ?? { kind: "apiServer", cluster: peer },
        authority: { kind: "readerAuthority", cluster: peer },
        token: { kind: "readerToken", cluster: peer },
      }),
    },
  };
}

/**
 * What istiod reads of another cluster, by API group: where pods are and in which network and locality, further endpoints that are
 * described there, and gateways of networks; which of these kinds there are, it asks first (its kube registry and
 * pkg/kube/multicluster). And Secrets: it uses none of them unless proxies there connect to it, but doesn't take a cluster for
 * synchronised, nor a renewed token into use, before it has them (its credentials controller; where that is turned off, istiod of
 * 2026-08 ends with a nil pointer). Istio's own reader role has all ConfigMaps and configuration of Istio's beside.
 */
const readKinds = [
  ["", "namespaces", "nodes", "pods", "secrets", "services"],
  ["discovery.k8s.io", "endpointslices"],
  ["networking.istio.io", "workloadentries"],
  ["gateway.networking.k8s.io", "gateways"],
  ["apiextensions.k8s.io", "customresourcedefinitions"],
] as const;
