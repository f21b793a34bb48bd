/**
 * Who may call: mutual TLS and the callers' identities, on the serving workloads. Gateways enforce no
 * authorization on traffic that they only let through, so it belongs here.
 */
import { clusterOf, type GlobalService, type Mesh, trustDomainsOf } from "../mesh";
import { principalOf } from "../names";
import { type Manifest, nameOfPart, ownerLabels } from "./manifest";

type ServiceMesh = Pick<Mesh, "name" | "clusters" | "trust">;

/** The serving pods take mutual TLS only: plaintext has no identity that could be checked. */
export function peerAuthentication(mesh: Pick<Mesh, "name">, service: GlobalService): Manifest {
  return {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: {
      name: nameOfPart(service, "strict"),
      namespace: service.namespace,
      labels: ownerLabels(mesh),
    },
    spec: { selector: { matchLabels: service.selector }, mtls: { mode: "STRICT" } },
  };
}

/**
 * Allows the described callers at the service's ports, as the pods have them: a gateway goes by hosts, so that what else a
 * Kubernetes Service has is shut here. The callers count in the trust domains of the consuming clusters and of the serving one, and
 * in those that are trusted beside. Without described callers: every identity of the mesh. istiod takes the
 * trust domains of one mesh for each other's aliases, so the same ServiceAccounts of a cluster that
 * doesn't consume are admitted too; its pods have no way here unless somebody makes one.
 */
export function authorizationPolicy(
  mesh: ServiceMesh,
  service: GlobalService,
  servingCluster: string,
): Manifest {
  const consumers = [...new Set([...service.consumedBy, servingCluster])].map((name) =>
    clusterOf(mesh, name),
  );
  const principals = [...trustDomainsOf(consumers), ...mesh.trust.aliases].flatMap((domain) =>
    service.callers === undefined
      ? [`${domain}/*`]
      : service.callers.map(({ namespace, serviceAccount }) =>
          principalOf(domain, namespace, serviceAccount),
        ),
  );
  const ports = [...new Set(service.ports.map(({ targetPort }) => targetPort))]
    .sort((a, b) => a - b)
    .map(String);
  return {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: {
      name: nameOfPart(service, "callers"),
      namespace: service.namespace,
      labels: ownerLabels(mesh),
    },
    spec: {
      selector: { matchLabels: service.selector },
      action: "ALLOW",
      rules: [{ from: [{ source: { principals } }], to: [{ operation: { ports } }] }],
    },
  };
}
