import { Late } from "../late";
import { once } from "../once";

const lateKey = once((late: Late) => JSON.stringify(late));

/** A text that is the same for the same address, whether it is known or still to come. */
export function addressKey(address: string | Late): string {
  return address instanceof Late ? lateKey(address) : address;
}
