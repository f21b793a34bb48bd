/** The way from a certificate up to a root. */
import { isIssuedBy } from "./authorityRules";
import type { Certificate } from "./pem";

/** From the first certificate to the root. */
export type Certificates = readonly [Certificate, ...Certificate[]];

/**
 * A way from the last of `below` to one of `roots`, over `others` in any order, by names, key identifiers and
 * signatures. `undefined` where there is none.
 */
export function chainTo(
  roots: Certificates,
  below: Certificates,
  others: readonly Certificate[],
  now: Date,
): Certificates | undefined {
  const last = below.at(-1) ?? below[0];
  if (roots.some(({ der }) => der.equals(last.der))) return below;
  // A root may be there twice, renewed with the same key: the valid one counts.
  const issuers = roots.filter((candidate) => isIssuedBy(last, candidate));
  const root =
    issuers.find(({ notBefore, notAfter }) => notBefore <= now && now < notAfter) ?? issuers[0];
  if (root !== undefined) return [...below, root];
  for (const other of others) {
    if (below.some(({ der }) => der.equals(other.der)) || !isIssuedBy(last, other)) continue;
    const chain = chainTo(roots, [...below, other], others, now);
    if (chain !== undefined) return chain;
  }
  return undefined;
}
