/** Private keys wherever they stand in an object: as PEM, or as its base64. */
import type { PathSegment } from "../issues";

/** RFC 7468, and the older kinds with the algorithm and headers in front; with some of the key, as texts about keys have none. */
const pem = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[^]{0,200}?[A-Za-z0-9+/]{40}/;

/** How base64 of `-----BEGIN ` starts. */
const encodedStart = "LS0tLS1CRUdJTi";

/** The ways to texts that have a private key in them. */
export function privateKeyIn(
  value: unknown,
  path: readonly PathSegment[] = [],
): readonly (readonly PathSegment[])[] {
  if (typeof value === "string") return hasPrivateKey(value) ? [path] : [];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value))
    return value.flatMap((item, index) => privateKeyIn(item, [...path, index]));
  return Object.entries(value).flatMap(([key, item]) => privateKeyIn(item, [...path, key]));
}

function hasPrivateKey(text: string): boolean {
  if (pem.test(text)) return true;
  const start = text.indexOf(encodedStart);
  return start >= 0 && pem.test(Buffer.from(text.slice(start), "base64").toString("latin1"));
}
