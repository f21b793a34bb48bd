/** All objects of one global service, cluster by cluster. */
import { type GlobalService, isServedBy, type Mesh } from "../mesh";
import { authorizationPolicy, peerAuthentication } from "./authorization";
import { consumerDestinationRule, servingDestinationRule } from "./destinationRule";
import { type Manifest, planned, type PlannedObject } from "./manifest";
import { namespaceManifest } from "./namespaces";
import { localServiceEntry, remoteServiceEntry } from "./serviceEntry";
import { shortNameService, virtualService } from "./virtualService";

/**
 * The objects of a service in each cluster that serves or consumes it. Consumers that don't serve see
 * the same thing, so they share the same objects: cost grows with what differs, not with N × M.
 */
export function planGlobalService(
  mesh: Pick<Mesh, "name" | "clusters" | "trust" | "distribution">,
  service: GlobalService,
): ReadonlyMap<string, readonly PlannedObject[]> {
  const dependsOn = [namespaceManifest(service.namespace)];
  const toObjects = (manifests: readonly (Manifest | undefined)[]) =>
    manifests
      .filter((manifest) => manifest !== undefined)
      .map((manifest) =>
        planned("services", "GlobalService", manifest, { service: service.key, dependsOn }),
      );
  const consumerObjects = (consumer: string) =>
    toObjects([
      remoteServiceEntry(mesh, service, consumer),
      localServiceEntry(mesh, service, consumer),
      consumerDestinationRule(mesh, service, consumer),
      virtualService(mesh, service),
      shortNameService(mesh, service, consumer),
    ]);
  const servingObjects = (cluster: string) =>
    toObjects([
      servingDestinationRule(mesh, service, cluster),
      peerAuthentication(mesh, service),
      authorizationPolicy(mesh, service, cluster),
    ]);

  const perCluster = new Map<string, readonly PlannedObject[]>();
  let sharedView: readonly PlannedObject[] | undefined;
  for (const consumer of service.consumedBy) {
    if (isServedBy(service, consumer)) perCluster.set(consumer, consumerObjects(consumer));
    else perCluster.set(consumer, (sharedView ??= consumerObjects(consumer)));
  }
  for (const { cluster } of service.servedBy) {
    perCluster.set(cluster, [...(perCluster.get(cluster) ?? []), ...servingObjects(cluster)]);
  }
  return perCluster;
}
