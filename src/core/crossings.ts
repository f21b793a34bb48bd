/** What clusters show each other: the hosts that a gateway lets through, and the names that DNS answers. */
import { addTo } from "./once";
import type { DnsRecord } from "./corefile";
import type { GlobalService, Mesh } from "./mesh";

/** A cluster's side of the global services. */
export interface Crossings {
  /** The services that other clusters call here, sorted by key. */
  readonly exported: readonly GlobalService[];
  /** Global names that this cluster consumes, sorted by host. */
  readonly records: readonly DnsRecord[];
}

/** Crossings of every cluster by its name, in one pass over the services. */
export function crossingsOf(
  mesh: Pick<Mesh, "clusters" | "services">,
): ReadonlyMap<string, Crossings> {
  const exported = new Map<string, GlobalService[]>();
  const records = new Map<string, DnsRecord[]>();
  for (const service of mesh.services) {
    const record = { host: service.host, address: service.address };
    for (const cluster of service.consumedBy) addTo(records, cluster, record);
    for (const { cluster } of service.servedBy) {
      if (isExportedFrom(service, cluster)) addTo(exported, cluster, service);
    }
  }
  return new Map(
    mesh.clusters.map(({ name }) => [
      name,
      { exported: exported.get(name) ?? [], records: records.get(name) ?? [] },
    ]),
  );
}

/** A service that only its own cluster consumes is not for peers, so its gateway keeps it in. */
function isExportedFrom(service: GlobalService, cluster: string): boolean {
  return service.consumedBy.some((consumer) => consumer !== cluster);
}
