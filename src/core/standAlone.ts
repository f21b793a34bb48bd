/** What components look up and check that stand alone, outside of a whole description. */
import type { ServiceDescription } from "./description";
import { MeshError } from "./issues";
import { type Cluster, type GlobalService, type Mesh, tryClusterOf } from "./mesh";
import { once } from "./once";
import { parseService } from "./parse";
import { suggest } from "./shape";

/** A service that a component describes itself. */
export interface DescribedService extends ServiceDescription {
  /** Name of the Kubernetes Service. */
  readonly name: string;
  /** Its namespace, the same in every cluster. @default default */
  readonly namespace?: string;
}

/** The cluster of that name. @throws MeshError when the mesh has none. */
export function requireCluster(mesh: Mesh, name: string): Cluster {
  const cluster = tryClusterOf(mesh, name);
  if (cluster !== undefined) return cluster;
  throw new MeshError([
    {
      code: "unknown_cluster",
      path: ["cluster"],
      message: `the mesh has no cluster ${JSON.stringify(name)}`,
      hint: suggest(
        name,
        mesh.clusters.map((candidate) => candidate.name),
      ),
    },
  ]);
}

/** Components ask for each of a mesh's services. */
const servicesByKey = once(
  ({ services }: Mesh) => new Map(services.map((service) => [service.key, service])),
);

/** The service with that key in the mesh's description. @throws MeshError when there is none. */
export function requireService(mesh: Mesh, key: string): GlobalService {
  const service = servicesByKey(mesh).get(key);
  if (service !== undefined) return service;
  throw new MeshError([
    {
      code: "unknown_service",
      path: ["service"],
      message: `the mesh's description has no service ${JSON.stringify(key)}`,
      hint: suggest(
        key,
        mesh.services.map((candidate) => candidate.key),
      ),
    },
  ]);
}

/** The service that a component describes itself. @throws MeshError with every fault at once. */
export function describedService(mesh: Mesh, described: DescribedService): GlobalService {
  const { name, namespace = "default", ...description } = described;
  return parseService(mesh, `${name}.${namespace}`, description);
}

/**
 * Services that are described one by one are checked against each other as those of a whole description are.
 * @param owner Key of the service that has this one's address already.
 * @throws MeshError when it is taken.
 */
export function checkUnclaimed(
  { key, address }: GlobalService,
  mesh: Mesh,
  owner: string | undefined,
): void {
  if (owner === undefined) return;
  throw new MeshError([
    owner === key
      ? {
          code: "conflicting_keys",
          path: ["services", key],
          message: `${JSON.stringify(key)} is described twice`,
          hint: "make one GlobalService for all of its clusters",
        }
      : {
          code: "address_conflict",
          path: ["services", key, "address"],
          message: `${JSON.stringify(key)} and ${JSON.stringify(owner)} both have ${address}`,
          hint: `pin another address of ${mesh.pool} for one of them`,
        },
  ]);
}
