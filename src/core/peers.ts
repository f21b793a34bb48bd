/** Control planes that read endpoints of others. */
import type { Mesh } from "./mesh";
import { once } from "./once";

type ReadingMesh = Pick<Mesh, "distribution" | "clusters" | "services">;

/**
 * Who reads whom: for each cluster the names of those whose services it consumes, sorted. Nobody, unless endpoints are distributed.
 * Found once for a mesh.
 */
export const peersRead = once(
  ({ distribution, clusters, services }: ReadingMesh): ReadonlyMap<string, readonly string[]> => {
    const read = new Map(clusters.map(({ name }) => [name, new Set<string>()]));
    if (distribution === "endpoints")
      for (const { consumedBy, servedBy } of services)
        for (const consumer of consumedBy)
          for (const { cluster } of servedBy)
            if (cluster !== consumer) read.get(consumer)?.add(cluster);
    return new Map([...read].map(([name, peers]) => [name, [...peers].sort()]));
  },
);

/** Clusters that some other one reads. */
export const clustersRead = once(
  (mesh: ReadingMesh): ReadonlySet<string> => new Set([...peersRead(mesh).values()].flat()),
);
