/** The cluster's CA: an intermediate below the mesh's one root, where istiod looks for it. */
import { caFileNames, crlFileName, Late } from "../late";
import type { Cluster, Mesh } from "../mesh";
import { type Manifest, ownerLabels, planned, type PlannedObject } from "./manifest";
import { rootNamespace } from "./namespaces";

type TrustMesh = Pick<Mesh, "name" | "istio" | "trust">;

/** Name of the secret that istiod reads its CA from (Istio, "Plug in CA certificates"). */
export const caSecretName = "cacerts";

/** Objects that give a cluster its intermediate; none where the clusters have theirs already. */
export function planRootOfTrust(mesh: TrustMesh, cluster: Cluster): readonly PlannedObject[] {
  const options = { dependsOn: [rootNamespace(mesh, cluster)] };
  switch (mesh.trust.issuer) {
    case "files":
      return [planned("trust", "SharedRootCA", caSecret(mesh, cluster), options)];
    case "cert-manager":
      return [planned("trust", "SharedRootCA", caCertificate(mesh, cluster), options)];
    case "existing":
      return [];
  }
}

/** `data`, never `stringData`: the API server gives back what was written, so that diffs are quiet. */
function caSecret(mesh: TrustMesh, cluster: Cluster): Manifest {
  const names = mesh.trust.crl ? ([...caFileNames, crlFileName] as const) : caFileNames;
  const file = (name: (typeof names)[number]) =>
    new Late({ use: "base64", input: { kind: "caFile", cluster: cluster.name, file: name } });
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: caSecretName, namespace: mesh.istio.namespace, labels: ownerLabels(mesh) },
    type: "Opaque",
    data: Object.fromEntries(names.map((name) => [name, file(name)])),
  };
}

const certManagerKeys = {
  "ecdsa-p256": { algorithm: "ECDSA", size: 256 },
  "ecdsa-p384": { algorithm: "ECDSA", size: 384 },
  "rsa-2048": { algorithm: "RSA", size: 2048 },
  "rsa-3072": { algorithm: "RSA", size: 3072 },
  "rsa-4096": { algorithm: "RSA", size: 4096 },
} as const;

/** istiod also reads cert-manager's names of the files (tls.crt, tls.key, ca.crt) from `cacerts`. */
function caCertificate(mesh: TrustMesh, cluster: Cluster): Manifest {
  const { certManager, intermediateDays, algorithm } = mesh.trust;
  return {
    apiVersion: "cert-manager.io/v1",
    kind: "Certificate",
    metadata: { name: caSecretName, namespace: mesh.istio.namespace, labels: ownerLabels(mesh) },
    spec: {
      secretName: caSecretName,
      isCA: true,
      commonName: `${mesh.name} intermediate ${cluster.name}`.slice(0, 64),
      subject: { organizations: [mesh.name] },
      dnsNames: [`istiod.${mesh.istio.namespace}.svc`],
      duration: `${intermediateDays * 24}h`,
      privateKey: certManagerKeys[algorithm],
      usages: ["digital signature", "cert sign", "crl sign"],
      issuerRef: {
        group: "cert-manager.io",
        kind: certManager?.kind ?? "ClusterIssuer",
        name: certManager?.name ?? "",
      },
    },
  };
}
