/** Which services make up the traffic from a cluster to others. */
import { type Cluster, type GlobalService, type Mesh } from "../mesh";
import { addTo } from "../once";
import { literally } from "./metrics";

/** A cluster that calls, and the one that serves what it calls. */
export interface Pair {
  readonly source: string;
  /**
   * Where the calls go. Proxies count by service and version, so that what several clusters serve counts to all of them: `east,west`.
   */
  readonly destination: string;
  /** Envoy's names of the services, as a regular expression: `outbound|<port>|<version>|<service>.<namespace>.<domain>`. */
  readonly clusterNames: string;
}

/** Every pair of a cluster that calls, sorted by destination; services that only it serves itself are in none. */
export function pairsOf(
  mesh: Pick<Mesh, "domain" | "services">,
  { name }: Pick<Cluster, "name">,
): readonly Pair[] {
  const byDestination = new Map<string, string[]>();
  for (const service of mesh.services) {
    if (!service.consumedBy.includes(name)) continue;
    if (service.servedBy.every(({ cluster }) => cluster === name)) continue;
    for (const [subset, clusters] of placesOf(service))
      addTo(byDestination, clusters.join(","), `${subset}[|]${literally(service.key)}`);
  }
  // Versions that only this cluster serves don't cross, and those that none serves aren't called.
  byDestination.delete(name);
  byDestination.delete("");
  return [...byDestination]
    .map(([destination, services]): Pair => ({
      source: name,
      destination,
      clusterNames: `outbound[|][0-9]+[|](${services.join("|")})[.]${literally(mesh.domain)};?`,
    }))
    .sort((a, b) => (a.destination < b.destination ? -1 : 1));
}

/** The whole service, and each of its versions, with the clusters that serve it. Subsets are named like versions. */
function placesOf({
  servedBy,
  versions,
}: GlobalService): readonly (readonly [subset: string, clusters: readonly string[]])[] {
  const all = servedBy.map(({ cluster }) => cluster);
  return [
    ["", all],
    ...versions.map(({ name }): [string, readonly string[]] => [
      name,
      servedBy.filter((place) => place.versions.includes(name)).map(({ cluster }) => cluster),
    ]),
  ];
}
