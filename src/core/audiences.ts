/**
 * Audiences: sets of clusters that consume the same services. A hub hands all that it has to whoever may read it, so each
 * audience has a hub of its own, and a cluster reads those of the audiences that it is in.
 */
import { createHash } from "node:crypto";
import type { GlobalService, Mesh } from "./mesh";
import { once } from "./once";
import { compareText } from "./words";

/** Clusters that consume the same services. */
export interface Audience {
  /** `all`, or a text that is the same for the same clusters. A DNS label. */
  readonly id: string;
  /** Names of the clusters, sorted. */
  readonly clusters: readonly string[];
}

/** Each is a pod more in every hub cluster, and a connection more of every control plane that is in it. */
export const maxAudiences = 8;

type AudienceMesh = Pick<Mesh, "clusters">;

/** Who consumes a service. */
export function audienceOf(
  { clusters }: AudienceMesh,
  { consumedBy }: Pick<GlobalService, "consumedBy">,
): Audience {
  const isAll = consumedBy.length === clusters.length;
  const hash = () => createHash("sha256").update(consumedBy.join("/")).digest("hex").slice(0, 8);
  return { id: isAll ? "all" : hash(), clusters: consumedBy };
}

type ServiceMesh = AudienceMesh & {
  readonly services: readonly Pick<GlobalService, "consumedBy">[];
};

/**
 * Every audience of a mesh, sorted by ID; that of all clusters where there are no services yet. Found once for a mesh: each of its
 * clusters asks, several times.
 */
export const audiencesOf = once((mesh: ServiceMesh): readonly Audience[] => {
  const everyone = { consumedBy: mesh.clusters.map(({ name }) => name) };
  const services = mesh.services.length === 0 ? [everyone] : mesh.services;
  const byId = new Map<string, Audience>();
  for (const service of services) {
    const audience = audienceOf(mesh, service);
    byId.set(audience.id, audience);
  }
  return [...byId.values()].sort((a, b) => compareText(a.id, b.id));
});
