/** All objects of one global service, cluster by cluster. */
import { type GlobalService, isServedBy, type Mesh } from "../mesh";
import { authorizationPolicy, peerAuthentication } from "./authorization";
import { consumerDestinationRule, servingDestinationRule } from "./destinationRule";
import { hubObjects, objectsBesideHub } from "./hubObjects";
import { objectsNamespaceFor } from "./hubService";
import { type Manifest, planned, type PlannedObject } from "./manifest";
import { namespaceManifest } from "./namespaces";
import { localServiceEntry, remoteServiceEntry } from "./serviceEntry";
import { shortNameService, virtualService } from "./virtualService";

/**
 * The objects of a service in each cluster that serves or consumes it. Consumers that don't serve see
 * the same thing, so they share the same objects: cost grows with what differs, not with N × M.
 */
export function planGlobalService(
  mesh: Pick<Mesh, "name" | "clusters" | "trust" | "distribution" | "hubs" | "services">,
  service: GlobalService,
): ReadonlyMap<string, readonly PlannedObject[]> {
  const toObjects = (
    manifests: readonly (Manifest | undefined)[],
    namespace = namespaceManifest(service.namespace),
  ) => {
    const made = manifests.filter((manifest) => manifest !== undefined);
    // An entry that comes without its rule, or outlives it, has proxies speak plaintext for a moment.
    const rules = made.filter(({ kind }) => kind === "DestinationRule");
    return made.map((manifest) =>
      planned("services", "GlobalService", manifest, {
        service: service.key,
        dependsOn: [namespace, ...(manifest.kind === "ServiceEntry" ? rules : [])],
      }),
    );
  };
  const consumerObjects = (consumer: string) =>
    toObjects(
      mesh.distribution === "hub"
        ? objectsBesideHub(mesh, service, consumer)
        : [
            consumerDestinationRule(mesh, service, consumer),
            remoteServiceEntry(mesh, service, consumer),
            localServiceEntry(mesh, service, consumer),
            virtualService(mesh, service),
            shortNameService(mesh, service, consumer),
          ],
    );
  const servingObjects = (cluster: string) =>
    toObjects([
      servingDestinationRule(mesh, service, cluster),
      peerAuthentication(mesh, service),
      authorizationPolicy(mesh, service, cluster),
    ]);

  const perCluster = new Map<string, readonly PlannedObject[]>();
  const add = (cluster: string, objects: readonly PlannedObject[]) =>
    perCluster.set(cluster, [...(perCluster.get(cluster) ?? []), ...objects]);
  let sharedView: readonly PlannedObject[] | undefined;
  for (const consumer of service.consumedBy) {
    if (isServedBy(service, consumer)) add(consumer, consumerObjects(consumer));
    else add(consumer, (sharedView ??= consumerObjects(consumer)));
  }
  for (const { cluster } of service.servedBy) add(cluster, servingObjects(cluster));
  if (mesh.hubs.length > 0) {
    const namespace = namespaceManifest(objectsNamespaceFor(mesh, service));
    const shared = toObjects(hubObjects(mesh, service), namespace);
    for (const cluster of mesh.hubs) add(cluster, shared);
  }
  return perCluster;
}
