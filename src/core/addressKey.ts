/** When two addresses are one: IPv6 has many spellings of an address, and one of IPv4 may be written in it. */
import * as ipaddr from "ipaddr.js";
import { Late } from "./late";
import { once } from "./once";

const lateKey = once((late: Late) => JSON.stringify(late));

/**
 * A text that is the same for the same address, whether it is known or still to come. It is for comparison alone: objects
 * have an address as it is written.
 */
export function addressKey(address: string | Late): string {
  if (address instanceof Late) return lateKey(address);
  // Of IPv4 there is one spelling in four decimal parts, and host names are in lower case.
  if (!address.includes(":") || !ipaddr.IPv6.isValid(address)) return address;
  return ipaddr.process(address).toString();
}
