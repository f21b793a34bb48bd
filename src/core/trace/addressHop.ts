/** The virtual address: ServiceEntries give the host one, and sidecars capture what goes to it. */
import type { PlannedObject } from "../objects/manifest";
import type { Call } from "./calls";
import { capturesLoopback } from "./callerHop";
import { type Hop, hopsOf, nameOf } from "./hop";
import type { ClusterIndex } from "./planIndex";
import { type ServiceEntrySpec, specOf } from "./specs";
import { isVisible } from "./visibility";

/** The entries of a host that the caller's proxy sees, and the address that they agree on, if they do. */
export interface HostAddress {
  readonly entries: readonly PlannedObject[];
  readonly address: string | undefined;
  readonly hop: Hop;
}

export function hostAddress(home: ClusterIndex, { caller, host, port }: Call): HostAddress {
  const { planned, assumed, missing } = hopsOf(home);
  const all = home.byHost("ServiceEntry", host);
  const entries = all.filter((entry) => isVisible(entry, caller?.namespace));
  const [address, ...others] = entries.map(addressOf);
  const fail = (object: PlannedObject | undefined, text: string): HostAddress => ({
    entries,
    address,
    hop: missing("address", object, text),
  });

  const [hidden] = all;
  if (hidden === undefined)
    return fail(undefined, `no ServiceEntry of ${home.name} has the host ${host}`);
  const [first] = entries;
  if (first === undefined)
    return fail(hidden, `${nameOf(hidden)} isn't exported to the caller's namespace`);
  if (address === undefined) return fail(first, `${nameOf(first)} gives ${host} no address`);
  const other = entries[others.findIndex((one) => one !== address) + 1];
  if (others.some((one) => one !== address) && other !== undefined)
    return fail(other, `${nameOf(other)} gives ${host} another address than ${nameOf(first)}`);
  if (entries.every((entry) => entryPort(entry, port) === undefined))
    return fail(first, `${nameOf(first)} has no port ${port}`);

  const text = `${address}:${port}`;
  // What leaves by `lo` returns from ISTIO_OUTPUT before it is redirected (istio-iptables' run.go), unless
  // a loopback range is included expressly; and all of 127.0.0.0/8 leaves by `lo`.
  if (!address.startsWith("127."))
    return { entries, address, hop: planned("address", first, text) };
  return capturesLoopback(home, caller)
    ? { entries, address, hop: assumed("address", first, `${text}, which the pods have captured`) }
    : fail(first, `sidecars capture no loopback address, and ${nameOf(first)} gives ${address}`);
}

function addressOf({ manifest }: PlannedObject): string | undefined {
  return specOf<ServiceEntrySpec>(manifest).addresses?.[0];
}

/** The port of an entry with a number. */
export function entryPort({ manifest }: PlannedObject, number: number) {
  return specOf<ServiceEntrySpec>(manifest).ports?.find((port) => port.number === number);
}
