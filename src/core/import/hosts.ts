/** Global hosts of the objects: which there are, and the entries that give them addresses. */
import { addressKey } from "../addressKey";
import type { Manifest } from "../objects/manifest";
import { clusterDomain } from "../names";
import { addTo } from "../once";
import { type EndpointSpec, type ServiceEntrySpec, specOf } from "../trace/specs";
import { type ClusterInventory, type InCluster, ofKind } from "./inventory";

/** A host of the mesh's domain, and the entries that give it addresses. */
export interface ImportedHost {
  readonly host: string;
  readonly name: string;
  readonly namespace: string;
  readonly entries: readonly InCluster<Manifest>[];
}

/** Hosts `<service>.<namespace>.<domain>` of entries within the mesh. */
export function hostsIn(
  clusters: readonly ClusterInventory[],
  domain: string,
): readonly ImportedHost[] {
  const byHost = new Map<string, InCluster<Manifest>[]>();
  for (const found of ofKind(clusters, "ServiceEntry")) {
    const { hosts = [], location } = specOf<ServiceEntrySpec>(found.manifest);
    const [host = "", ...others] = hosts;
    if (location !== "MESH_INTERNAL" || others.length > 0) continue;
    addTo(byHost, host, found);
  }
  return [...byHost].flatMap(([host, entries]) => {
    const parts = partsOf(host, domain);
    return parts === undefined ? [] : [{ host, ...parts, entries }];
  });
}

/** `redis-cart.default.global` → service and namespace; `undefined` for another domain's host. */
export function partsOf(
  host: string,
  domain: string,
): { readonly name: string; readonly namespace: string } | undefined {
  if (!host.endsWith(`.${domain}`)) return undefined;
  const [name = "", namespace = "", ...rest] = host.slice(0, -domain.length - 1).split(".");
  return name === "" || namespace === "" || rest.length > 0 ? undefined : { name, namespace };
}

/** The domain behind service and namespace that most hosts within the mesh have. */
export function domainOf(clusters: readonly ClusterInventory[]): string {
  const counts = new Map<string, number>();
  for (const { manifest } of ofKind(clusters, "ServiceEntry")) {
    const { hosts = [], location } = specOf<ServiceEntrySpec>(manifest);
    if (location !== "MESH_INTERNAL") continue;
    for (const host of hosts) {
      const domain = host.split(".").slice(2).join(".");
      if (domain !== "" && domain !== `svc.${clusterDomain}`)
        counts.set(domain, (counts.get(domain) ?? 0) + 1);
    }
  }
  const [most] = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return most?.[0] ?? "global";
}

/** What an entry's endpoint dials: in objects that are given, always a text. */
export function dialledAddress({ address }: EndpointSpec): string {
  return typeof address === "string" ? address : "";
}

/** The key of the address that an endpoint dials. */
export function dialledKey(endpoint: EndpointSpec): string {
  return addressKey(dialledAddress(endpoint));
}

/** Where peers say that each address is: `region/zone/subzone` by the address's key, the first that one says. */
export function localitiesOf(hosts: readonly ImportedHost[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { entries } of hosts)
    for (const { manifest } of entries)
      for (const endpoint of specOf<ServiceEntrySpec>(manifest).endpoints ?? []) {
        const { locality } = endpoint as { readonly locality?: string };
        const key = dialledKey(endpoint);
        if (locality !== undefined && !found.has(key)) found.set(key, locality);
      }
  return found;
}
