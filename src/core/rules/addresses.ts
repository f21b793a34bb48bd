/** Virtual addresses of the services, pinned or derived, and their clashes. */
import {
  addressOf,
  type AddressPool,
  capacityOf,
  freeAddressFor,
  isInPool,
  parseIpv4,
  reservedAddress,
} from "../addresses";
import { type IssueCollector, show } from "../issues";
import type { Cluster, GlobalService } from "../mesh";

/** A service whose virtual address is still to be found. */
export type UnaddressedService = Omit<GlobalService, "address"> & {
  /** The address that the description asks for, where that is one that a service can have. */
  readonly pin: { readonly address: string | undefined } | undefined;
};

/** The address of each service by its key. Services with a faulty pin have none. */
export function resolveAddresses(
  services: readonly UnaddressedService[],
  pool: AddressPool,
  issues: IssueCollector,
): ReadonlyMap<string, string> {
  const addresses = new Map<string, string>();
  for (const { key, pin } of services) {
    const address = pin === undefined ? addressOf(key, pool) : pin.address;
    if (address !== undefined) addresses.set(key, address);
  }
  if (services.length > capacityOf(pool)) {
    issues
      .at("addresses")
      .add(
        "pool_exhausted",
        `${services.length} services need more than the ${capacityOf(pool)} addresses of ${pool.cidr}`,
        "choose a larger pool, such as 240.0.0.0/4",
      );
    return addresses;
  }
  checkClashes(services, addresses, pool, issues);
  return addresses;
}

/** An address that something else than a service has. */
interface TakenAddress {
  readonly address: string;
  readonly number: number;
  /** Whose it is, in words. */
  readonly what: string;
}

/**
 * Addresses of gateways and DNS servers are no service's: every proxy would take traffic to them for the
 * service's.
 */
export function checkTakenAddresses(
  services: readonly UnaddressedService[],
  clusters: readonly Cluster[],
  pool: AddressPool | undefined,
  issues: IssueCollector,
): void {
  const taken = clusters.flatMap(({ name, gateway, dns }) => [
    ...takenAddress(gateway.address, `the gateway of ${show(name)}`),
    ...takenAddress(dns.address, `the DNS server of ${show(name)}`),
  ]);
  const inPool = taken.find(
    ({ number }) => pool !== undefined && number >= pool.first && number < pool.first + pool.size,
  );
  if (inPool !== undefined && pool !== undefined) {
    issues
      .at("addresses")
      .add(
        "address_conflict",
        `${pool.cidr} contains ${inPool.address}, the address of ${inPool.what}`,
        "choose a range that nothing else uses, such as 240.0.0.0/4",
      );
  }
  const owners = new Map(taken.map(({ address, what }) => [address, what]));
  for (const { key, pin } of services) {
    const owner = pin?.address === undefined ? undefined : owners.get(pin.address);
    if (owner === undefined) continue;
    issues
      .at("services", key, "address")
      .add(
        "address_conflict",
        `${pin?.address ?? ""} is the address of ${owner}`,
        "pin an address that nothing else has, or remove the pin",
      );
  }
}

function takenAddress(address: string | undefined, what: string): readonly TakenAddress[] {
  const number = address === undefined ? undefined : parseIpv4(address);
  return address === undefined || number === undefined ? [] : [{ address, number, what }];
}

/** The pinned address, or `undefined` when no service can have it. Without a pool, the rest is checked. */
export function checkPin(
  pin: string,
  pool: AddressPool | undefined,
  issues: IssueCollector,
): string | undefined {
  const address = parseIpv4(pin);
  const ofPool = pool === undefined ? "of the pool" : `of the pool ${pool.cidr}`;
  if (address === undefined) {
    issues.add("invalid_ip", `${show(pin)} is not an IPv4 address`, `write one ${ofPool}`);
    return undefined;
  }
  const reserved = reservedAddress(address);
  if (reserved !== undefined) {
    issues.add(
      "address_reserved",
      `no service can have ${pin}: ${reserved}`,
      `choose another ${ofPool}`,
    );
    return undefined;
  }
  if (pool !== undefined && !isInPool(pool, address)) {
    issues.add(
      "address_outside_pool",
      `${pin} is not an address of the pool ${pool.cidr}`,
      'choose one inside (its first and last are left out), or widen "addresses"',
    );
    return undefined;
  }
  return pin;
}

function checkClashes(
  services: readonly UnaddressedService[],
  addresses: ReadonlyMap<string, string>,
  pool: AddressPool,
  issues: IssueCollector,
): void {
  const taken = new Set(addresses.values());
  const owners = new Map<string, UnaddressedService>();
  // Pins own their address: where a pin and a derived address clash, the derived one is to be pinned elsewhere.
  const pinnedFirst = [...services].sort(
    (a, b) => Number(a.pin === undefined) - Number(b.pin === undefined),
  );
  for (const service of pinnedFirst) {
    const address = addresses.get(service.key);
    if (address === undefined) continue;
    const owner = owners.get(address);
    if (owner === undefined) {
      owners.set(address, service);
      continue;
    }
    const free = freeAddressFor(service.key, pool, taken);
    if (free !== undefined) taken.add(free);
    issues
      .at("services", service.key, "address")
      .add(
        "address_conflict",
        `${show(service.key)} and ${show(owner.key)} both have ${address}`,
        free === undefined ? "choose a larger pool" : `pin a free address: address: ${free}`,
      );
  }
}
