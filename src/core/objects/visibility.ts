/** Which namespaces see what leads to a service. */
import type { GlobalService } from "../mesh";

/**
 * Exports an object of a service to its own namespace and to those of its callers: proxies elsewhere have no use for it, and
 * their configuration doesn't grow. Where anyone may call, every namespace sees it, which is Istio's default.
 * @param others Namespaces beside them, such as the gateway's.
 */
export function exportTo(
  { namespace, callers }: GlobalService,
  ...others: readonly string[]
): { readonly exportTo?: readonly string[] } {
  if (callers === undefined) return {};
  const namespaces = new Set([...callers.map((caller) => caller.namespace), ...others]);
  namespaces.delete(namespace);
  return { exportTo: [".", ...[...namespaces].sort()] };
}
