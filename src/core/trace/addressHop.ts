/** The virtual address: ServiceEntries give the host one, and sidecars capture what goes to it. */
import type { PlannedObject } from "../objects/manifest";
import type { Call } from "./calls";
import { capturesLoopback } from "./callerHop";
import { type Hop, hopsOf, nameOf } from "./hop";
import type { ClusterIndex } from "./planIndex";
import { type ServiceEntrySpec, specOf } from "./specs";
import { isVisible, preferredEntries } from "./visibility";

/** The entries of a host that the caller's proxy sees, and the addresses that they give it: one, where they agree. */
export interface HostAddress {
  readonly entries: readonly PlannedObject[];
  readonly addresses: readonly string[];
  /** Missing where there are no entries that a call could go by. */
  readonly hop: Hop;
}

/**
 * Of several entries for a host istiod takes the address of the oldest, and the endpoints of all (its
 * initServiceRegistry); one without an address gets one, which Istio's DNS proxy tells the pods.
 * @param view Namespace whose view of the mesh the caller's proxy has
 */
export function hostAddress(
  home: ClusterIndex,
  { host, port }: Call,
  view: string | undefined,
): HostAddress {
  const { planned, assumed, missing } = hopsOf(home);
  const all = home.byHost("ServiceEntry", host);
  const entries = preferredEntries(
    all.filter((entry) => isVisible(entry, view)),
    view,
  );
  const addresses = [...new Set(entries.map(addressOf))].filter((one) => one !== undefined);
  const fail = (object: PlannedObject | undefined, text: string): HostAddress => ({
    entries,
    addresses,
    hop: missing("address", object, text),
  });

  const [hidden] = all;
  if (hidden === undefined)
    return fail(undefined, `no ServiceEntry of ${home.name} has the host ${host}`);
  const [first] = entries;
  if (first === undefined)
    return fail(hidden, `${nameOf(hidden)} isn't exported to the caller's namespace`);
  if (entries.every((entry) => entryPort(entry, port) === undefined))
    return fail(first, `${nameOf(first)} has no port ${port}`);
  const text = `${addresses.join(" or ")}:${port}`;
  const hop =
    addresses.length === 0
      ? assumed(
          "address",
          first,
          `${nameOf(first)} gives ${host} no address, so istiod chooses one`,
        )
      : entries.some((entry) => addressOf(entry) !== addresses[0])
        ? assumed("address", first, `${text}, as the oldest of the entries says`)
        : planned("address", first, text);
  return { entries, addresses, hop };
}

/**
 * The same hop for the address that the caller's pods are given. What leaves by `lo` returns from ISTIO_OUTPUT
 * before it is redirected (istio-iptables' run.go), unless a loopback range is included expressly; and all of
 * 127.0.0.0/8 leaves by `lo`.
 */
export function capturedHop(
  home: ClusterIndex,
  { caller, host }: Call,
  address: string | undefined,
  hop: Hop,
): Hop {
  if (address?.startsWith("127.") !== true) return hop;
  const { assumed, missing } = hopsOf(home);
  return capturesLoopback(home, caller)
    ? assumed("address", hop.object, `${hop.text}, which the pods have captured`)
    : missing(
        "address",
        hop.object,
        `sidecars capture no loopback address, and ${host} has ${address}`,
      );
}

function addressOf({ manifest }: PlannedObject): string | undefined {
  return specOf<ServiceEntrySpec>(manifest).addresses?.[0];
}

/** The port of an entry with a number. */
export function entryPort({ manifest }: PlannedObject, number: number) {
  return specOf<ServiceEntrySpec>(manifest).ports?.find((port) => port.number === number);
}
