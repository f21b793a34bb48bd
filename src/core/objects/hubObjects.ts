/** What hubs hand out of a service, and what stays with clusters whose own view of it differs. */
import { type GlobalService, isServedBy, type Mesh } from "../mesh";
import { consumerDestinationRule } from "./destinationRule";
import { objectsNamespaceFor } from "./hubService";
import type { Manifest } from "./manifest";
import { localServiceEntry, remoteServiceEntry } from "./serviceEntry";
import { once } from "../once";
import { shortNameService, virtualService } from "./virtualService";
import { exportTo } from "./visibility";

type ServiceMesh = Pick<Mesh, "name" | "clusters" | "trust" | "services" | "distribution">;

/**
 * A service's objects in each hub: those of consumers that don't serve it, which are the same for all of them, and the routes of
 * every consumer. They are public: the caller's namespace is no matter of another cluster's namespace, and istiod prefers what is
 * exported to a namespace expressly (its servicesExportedToNamespace), as the objects of consumers that serve are.
 */
export function hubObjects(
  mesh: ServiceMesh,
  service: GlobalService,
): readonly (Manifest | undefined)[] {
  const pure = service.consumedBy.find((name) => !isServedBy(service, name));
  const namespace = objectsNamespaceFor(mesh, service);
  return [
    ...(pure === undefined
      ? []
      : [consumerDestinationRule(mesh, service, pure), remoteServiceEntry(mesh, service, pure)]),
    virtualService(mesh, service),
  ].map((manifest) =>
    manifest === undefined ? undefined : asPublic(manifest, service, namespace),
  );
}

/** Services of several namespaces are in one, so both parts of the key are in its name. */
function asPublic(manifest: Manifest, { key }: GlobalService, namespace: string): Manifest {
  return {
    ...manifest,
    metadata: { ...manifest.metadata, name: key, namespace },
    spec: { ...(manifest.spec as object), exportTo: ["*"] },
  };
}

/**
 * A service's objects that stay with a consumer: where it serves too, entries in which its own pods come first and its own gateway
 * isn't, and the rule that goes with them; a Service for the short name, which no hub can hand out.
 */
export function objectsBesideHub(
  mesh: ServiceMesh,
  service: GlobalService,
  consumer: string,
): readonly (Manifest | undefined)[] {
  const own = isServedBy(service, consumer)
    ? [
        consumerDestinationRule(mesh, service, consumer),
        remoteServiceEntry(mesh, service, consumer),
        localServiceEntry(mesh, service, consumer),
      ]
    : [];
  const namespaces = exportTo(service).exportTo ?? everyNamespace(mesh, service);
  return [
    ...own.map((manifest) =>
      manifest === undefined
        ? undefined
        : { ...manifest, spec: { ...(manifest.spec as object), exportTo: namespaces } },
    ),
    shortNameService(mesh, service, consumer),
  ];
}

/** Every namespace that the mesh's description names; in others, the hub's objects are as good, but for the order of places. */
function everyNamespace(
  { services }: ServiceMesh,
  { namespace }: GlobalService,
): readonly string[] {
  return [".", ...namespacesOf(services).filter((name) => name !== namespace)];
}

/** Sorted. Once for a mesh, since each of its services asks. */
const namespacesOf = once((services: readonly GlobalService[]): readonly string[] => {
  const names = services.flatMap(({ namespace, callers = [] }) => [
    namespace,
    ...callers.map((caller) => caller.namespace),
  ]);
  return [...new Set(names)].sort();
});
