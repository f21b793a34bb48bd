/**
 * Virtual addresses of global services. An address is a pure function of the service's name and the
 * pool, so no service's address ever depends on another's: two hosts on one address, or an address
 * that moves, misroute (istio/istio#32819, #34627, #44837).
 */
import { createHash } from "node:crypto";
import { IPv4 } from "ipaddr.js";

/** A pool of IPv4 addresses. */
export interface AddressPool {
  readonly cidr: string;
  /** First address, as a number. */
  readonly first: number;
  /** Number of addresses, the network's and the broadcast's included. */
  readonly size: number;
}

/** A range that no service may have. */
interface ReservedRange {
  readonly cidr: string;
  readonly what: string;
}

const neverUsable: readonly ReservedRange[] = [
  { cidr: "0.0.0.0/8", what: '"this network" (RFC 1122)' },
  { cidr: "127.0.0.0/24", what: "this host's loopback" },
  { cidr: "169.254.0.0/16", what: "link-local addresses and cloud metadata servers (RFC 3927)" },
  { cidr: "224.0.0.0/4", what: "multicast (RFC 5771)" },
];

/** istiod gives these to ServiceEntries without addresses, on by default since Istio 1.25. */
export const autoAllocated: ReservedRange = {
  cidr: "240.240.0.0/16",
  what: "the range from which istiod allocates by itself",
};

/** The number of an IPv4 address in dotted form, or `undefined` when it is none. */
export function parseIpv4(text: string): number | undefined {
  if (!IPv4.isValidFourPartDecimal(text)) return undefined;
  return IPv4.parse(text)
    .toByteArray()
    .reduce((number, byte) => number * 256 + byte, 0);
}

function formatIpv4(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}

/** A pool from a CIDR such as `240.0.0.0/8`, with a prefix of 4 to 30; an explanation when it is none. */
export function parsePool(cidr: string): AddressPool | { readonly fault: string } {
  const [address = "", prefixText = "", ...rest] = cidr.split("/");
  const first = parseIpv4(address);
  const prefix = /^\d{1,2}$/.test(prefixText) ? Number(prefixText) : NaN;
  if (first === undefined || rest.length > 0 || Number.isNaN(prefix)) {
    return { fault: address.includes(":") ? "is not an IPv4 CIDR" : "is not a CIDR" };
  }
  if (prefix < 4 || prefix > 30) return { fault: `has a prefix of /${prefix}` };
  const size = 2 ** (32 - prefix);
  if (first % size !== 0)
    return {
      fault: `has host bits set; its network is ${formatIpv4(first - (first % size))}/${prefix}`,
    };
  return { cidr, first, size };
}

function rangeOf(range: ReservedRange): { readonly first: number; readonly last: number } {
  const [network, bits] = IPv4.parseCIDR(range.cidr);
  const first = network.toByteArray().reduce((number, byte) => number * 256 + byte, 0);
  return { first, last: first + 2 ** (32 - bits) - 1 };
}

const reserved = neverUsable.map((range) => ({ ...range, ...rangeOf(range) }));
const auto = { ...autoAllocated, ...rangeOf(autoAllocated) };

/** What a pool overlaps that no service may have, or `undefined`. */
export function reservedOverlap(pool: AddressPool): string | undefined {
  const last = pool.first + pool.size - 1;
  const hit = reserved.find((range) => pool.first <= range.last && range.first <= last);
  if (hit !== undefined) return `${hit.cidr}, ${hit.what}`;
  // A pool that contains istiod's range steps around it; one inside of it has nothing left.
  return pool.first >= auto.first && last <= auto.last ? `${auto.cidr}, ${auto.what}` : undefined;
}

/** Why a service can't have this address whatever the pool is, or `undefined`. */
export function reservedAddress(address: number): string | undefined {
  const hit = [...reserved, auto].find((range) => range.first <= address && address <= range.last);
  if (hit !== undefined) return `${hit.cidr} is ${hit.what}`;
  return address === 0xffffffff ? "it is the broadcast address" : undefined;
}

/** Whether the pool has this address, its network's and broadcast's address left out. */
export function isInPool(pool: AddressPool, address: number): boolean {
  return address > pool.first && address < pool.first + pool.size - 1;
}

/** How many services the pool has room for. */
export function capacityOf(pool: AddressPool): number {
  const last = pool.first + pool.size - 1;
  const overlap = Math.max(
    0,
    Math.min(last - 1, auto.last) - Math.max(pool.first + 1, auto.first) + 1,
  );
  return pool.size - 2 - overlap;
}

/** The n-th usable address of the pool, stepping over istiod's own range. */
function nth(pool: AddressPool, n: number): number {
  const address = pool.first + 1 + n;
  if (address < auto.first || pool.first > auto.last) return address;
  const skipped = auto.last - Math.max(pool.first + 1, auto.first) + 1;
  return address + skipped;
}

/**
 * The address of a service: SHA-256 of `<service>.<namespace>`, spread over the pool. Services are
 * not probed past one another; a clash is a fault that a pin mends, so that nothing ever moves.
 */
export function addressOf(key: string, pool: AddressPool): string {
  return formatIpv4(nth(pool, indexOf(key, pool)));
}

/** A free address near the one that the service would have, for a hint; `undefined` when the pool is full. */
export function freeAddressFor(
  key: string,
  pool: AddressPool,
  taken: ReadonlySet<string>,
): string | undefined {
  const capacity = capacityOf(pool);
  const start = indexOf(key, pool);
  for (let step = 1; step <= Math.min(capacity, taken.size + 1); step++) {
    const address = formatIpv4(nth(pool, (start + step) % capacity));
    if (!taken.has(address)) return address;
  }
  return undefined;
}

function indexOf(key: string, pool: AddressPool): number {
  // 48 bits are exact as a number, and their remainder by any pool's size is even enough (bias < 2^-20).
  return createHash("sha256").update(key).digest().readUIntBE(0, 6) % capacityOf(pool);
}
