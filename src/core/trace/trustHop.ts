/** Certificates of both clusters are below one root, and their trust domains know each other. */
import { caFileNames } from "../late";
import type { PlannedObject } from "../objects/manifest";
import { caSecretName } from "../objects/rootOfTrust";
import { type Hop, hopsOf } from "./hop";
import { once } from "../once";
import { namespaceOf } from "./objectIndex";
import type { ClusterIndex } from "./planIndex";
import { specOf } from "./specs";

/** Both clusters' CAs are below one root when both are planned from the mesh's. */
export function trustHop(home: ClusterIndex, server: ClusterIndex): Hop {
  const { planned, assumed, missing } = hopsOf(server);
  if (!server.trustDomains.includes(home.trustDomain)) {
    const text = `istiod of ${server.name} doesn't know the trust domain ${home.trustDomain} of its callers`;
    return missing("trust", undefined, text);
  }
  if (server.issuer === "existing")
    return assumed("trust", undefined, "CAs that the clusters have already");
  const without = [home, server].find((cluster) => caOf(cluster) === undefined);
  if (without !== undefined) {
    const text = `${without.name} gets no CA below the mesh's root: there is no whole ${caSecretName} in ${without.rootNamespace}`;
    return hopsOf(without).missing("trust", undefined, text);
  }
  return planned("trust", caOf(server), home === server ? "one CA" : "CAs below one root");
}

/** What istiod reads the cluster's CA from: the secret in its own namespace, or the certificate that becomes it. */
export const caOf = once((cluster: ClusterIndex): PlannedObject | undefined =>
  [...cluster.byKind("Secret"), ...cluster.byKind("Certificate")].find(
    (object) => namespaceOf(object) === cluster.rootNamespace && isCa(object),
  ),
);

/** Istio's names of the files, or those that cert-manager gives them. */
const fileSets: readonly (readonly string[])[] = [caFileNames, ["tls.crt", "tls.key", "ca.crt"]];

function isCa({ manifest }: PlannedObject): boolean {
  if (manifest.kind === "Certificate") {
    const { secretName, isCA } = specOf<{ secretName?: string; isCA?: boolean }>(manifest);
    return secretName === caSecretName && isCA === true;
  }
  const { data } = manifest;
  const files = Object.keys(typeof data === "object" && data !== null ? data : {});
  return (
    manifest.metadata.name === caSecretName &&
    fileSets.some((names) => names.every((name) => files.includes(name)))
  );
}
