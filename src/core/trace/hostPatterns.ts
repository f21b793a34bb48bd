/** Hosts as Istio's objects write them: exact, or below a wildcard, with a namespace in front where one is allowed. */

/** The host of a pattern. A namespace in front (`ns/`) restricts nothing on a gateway that passes TLS through. */
export function withoutNamespace(pattern: string): string {
  return pattern.slice(pattern.indexOf("/") + 1);
}

/** Whether a pattern, exact or below `*`, covers a host or a narrower pattern. */
export function isHostOf(pattern: string, host: string): boolean {
  const exact = withoutNamespace(pattern);
  return exact.startsWith("*") ? host.endsWith(exact.slice(1)) : exact === host;
}

/** Whether some host is covered by both patterns. */
export function isSharedHost(pattern: string, other: string): boolean {
  return isHostOf(pattern, withoutNamespace(other)) || isHostOf(other, withoutNamespace(pattern));
}
