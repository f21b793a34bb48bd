/**
 * Who may call: mutual TLS and the callers' identities, on the serving workloads. Gateways enforce no
 * authorization on traffic that they only let through, so it belongs here.
 */
import { clusterOf, type GlobalService, type Mesh, trustDomainsOf } from "../mesh";
import { principalOf } from "../names";
import { type Manifest, ownerLabels } from "./manifest";

type ServiceMesh = Pick<Mesh, "name" | "clusters">;

/** The serving pods take mutual TLS only: plaintext has no identity that could be checked. */
export function peerAuthentication(mesh: Pick<Mesh, "name">, service: GlobalService): Manifest {
  return {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name: service.name, namespace: service.namespace, labels: ownerLabels(mesh) },
    spec: { selector: { matchLabels: service.selector }, mtls: { mode: "STRICT" } },
  };
}

/**
 * Allows the described callers, in the trust domains of the consuming clusters and of the serving one,
 * and nobody else. Without described callers: every identity of the mesh.
 */
export function authorizationPolicy(
  mesh: ServiceMesh,
  service: GlobalService,
  servingCluster: string,
): Manifest {
  const consumers = [...new Set([...service.consumedBy, servingCluster])].map((name) =>
    clusterOf(mesh, name),
  );
  const principals = trustDomainsOf(consumers).flatMap((domain) =>
    service.callers === undefined
      ? [`${domain}/*`]
      : service.callers.map(({ namespace, serviceAccount }) =>
          principalOf(domain, namespace, serviceAccount),
        ),
  );
  return {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: service.name, namespace: service.namespace, labels: ownerLabels(mesh) },
    spec: {
      selector: { matchLabels: service.selector },
      action: "ALLOW",
      rules: [{ from: [{ source: { principals } }] }],
    },
  };
}
