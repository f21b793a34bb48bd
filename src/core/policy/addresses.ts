/** Virtual addresses of global hosts. */
import { isInPool, parseIpv4, reservedAddress } from "../addresses";
import { show } from "../issues";
import type { PlannedObject } from "../objects/manifest";
import { addTo } from "../once";
import { nameOf } from "../trace/hop";
import { type ServiceEntrySpec, specOf } from "../trace/specs";
import type { PolicyCluster } from "./cluster";
import { isGlobalHost } from "./exported";
import type { ClusterRule, ObjectRule, Violation } from "./rule";
import type { PolicySettings } from "./settings";
import { haveCommonAudience } from "./sight";
import { unknownValue } from "./unknown";

/** Addresses of an entry that are known, and where they stand. */
function addressesOf({ manifest }: PlannedObject) {
  const { addresses = [] } = specOf<ServiceEntrySpec>(manifest);
  return addresses
    .map((address, at) => ({ address, path: ["spec", "addresses", at] }))
    .filter(({ address }) => address !== unknownValue);
}

function isGlobalEntry({ manifest }: PlannedObject, { domain }: PolicySettings): boolean {
  const { hosts = [] } = specOf<ServiceEntrySpec>(manifest);
  return manifest.kind === "ServiceEntry" && hosts.some((host) => isGlobalHost(host, domain));
}

export const addressOutsidePool: ObjectRule = {
  code: "address_outside_pool",
  severity: "warning",
  scope: "object",
  title: "Virtual addresses are of the mesh's pool",
  reason:
    "An address outside of it may be somebody's: of pods, Services, or other networks. Loopback addresses aren't captured by sidecars, and istiod itself gives out those of 240.240.0.0/16.",
  check: (entry, settings) => {
    if (!isGlobalEntry(entry, settings)) return [];
    const { pool } = settings;
    return addressesOf(entry).flatMap(({ address, path }) => {
      const number = parseIpv4(address);
      const reserved = number === undefined ? undefined : reservedAddress(number);
      if (number !== undefined && isInPool(pool, number) && reserved === undefined) return [];
      return [
        {
          path,
          message:
            reserved === undefined
              ? `${show(address)} is no address of the pool ${pool.cidr}`
              : `${show(address)} can't be had: ${reserved}`,
          hint: `take an address of ${pool.cidr}, or leave it to the mesh's description`,
        },
      ];
    });
  },
};

export const addressShared: ClusterRule = {
  code: "address_shared",
  severity: "error",
  scope: "cluster",
  title: "A virtual address is one host's, and a host has one",
  reason:
    "Connections are told apart by the address that they go to. Of two hosts with one address one gets the other's calls, and of two addresses of a host the oldest entry's counts, so that it moves when that one goes (istio/istio#32819, #34627, #44837).",
  check: (cluster, settings) => {
    const entries = cluster.index.byKind("ServiceEntry");
    const byAddress = new Map<string, Claim[]>();
    for (const entry of entries)
      for (const { address, path } of addressesOf(entry))
        addTo(byAddress, address, { entry, path, address });
    const shared = [...byAddress.values()].flatMap((claims) =>
      conflicts(cluster, settings, claims, ({ entry: one }, { entry: other }) => {
        const areGlobal = isGlobalEntry(one, settings) || isGlobalEntry(other, settings);
        return areGlobal && !haveCommonHost(one, other);
      }).map(([kept, extra]) => ({
        object: extra.entry,
        path: extra.path,
        message: `${show(extra.address)} is the address of ${nameOf(kept.entry)} already`,
        hint: `take another address of ${settings.pool.cidr}`,
      })),
    );
    const moving = [...cluster.index.hostsOf("ServiceEntry")]
      .filter(([host]) => isGlobalHost(host, settings.domain))
      .flatMap(([host, list]) => {
        const claims = list.flatMap((entry) =>
          addressesOf(entry)
            .slice(0, 1)
            .map((first) => ({ entry, ...first })),
        );
        return conflicts(
          cluster,
          settings,
          claims,
          (one, other) => one.address !== other.address,
        ).map(([kept, extra]): Violation => ({
          object: extra.entry,
          path: extra.path,
          message: `${show(host)} has the address ${kept.address} in ${nameOf(kept.entry)}`,
          hint: "write the same address in every entry of the host",
        }));
      });
    return [...shared, ...moving];
  },
};

/** An entry that has an address. */
interface Claim {
  readonly entry: PlannedObject;
  readonly path: Violation["path"];
  readonly address: string;
}

/** Claims that are in the way of another: of a plan's, else of a global host's, else of an earlier one. */
function conflicts(
  cluster: PolicyCluster,
  settings: PolicySettings,
  claims: readonly Claim[],
  areInConflict: (one: Claim, other: Claim) => boolean,
): readonly (readonly [kept: Claim, extra: Claim])[] {
  const rank = ({ entry }: Claim) =>
    cluster.givenOf(entry) === undefined ? 0 : isGlobalEntry(entry, settings) ? 1 : 2;
  return claims.flatMap((later, at) => {
    const earlier = claims
      .slice(0, at)
      .find(
        (one) =>
          one.entry.key !== later.entry.key &&
          haveCommonAudience(one.entry, later.entry) &&
          areInConflict(one, later),
      );
    if (earlier === undefined) return [];
    return [
      rank(later) < rank(earlier) ? ([later, earlier] as const) : ([earlier, later] as const),
    ];
  });
}

function haveCommonHost(one: PlannedObject, other: PlannedObject): boolean {
  const { hosts = [] } = specOf<ServiceEntrySpec>(other.manifest);
  return (
    specOf<ServiceEntrySpec>(one.manifest).hosts?.some((host) => hosts.includes(host)) === true
  );
}
