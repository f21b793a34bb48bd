/** Which objects the proxies of a namespace get to see (Istio's `exportTo`, and where istiod looks for rules of a host). */
import type { PlannedObject } from "../objects/manifest";
import { namespaceOf, type ObjectIndex } from "./objectIndex";
import { specOf } from "./specs";

/** Whether an object is exported to a namespace; without one, to every namespace. */
export function isVisible(object: PlannedObject, namespace: string | undefined): boolean {
  const exportTo = exportsOf(object);
  return exportTo.length === 0 || exportTo.includes("*") || isExportedTo(object, namespace);
}

/**
 * The entries of a host that count among those that a namespace sees: where some are exported to it expressly, those that are
 * public don't (istiod's servicesExportedToNamespace, of whose services of one host the first is taken).
 */
export function preferredEntries(
  entries: readonly PlannedObject[],
  namespace: string | undefined,
): readonly PlannedObject[] {
  const expressly = entries.filter((entry) => isExportedTo(entry, namespace));
  return expressly.length > 0 ? expressly : entries;
}

function isExportedTo(object: PlannedObject, namespace: string | undefined): boolean {
  return (
    namespace !== undefined &&
    exportsOf(object).some((to) => (to === "." ? namespaceOf(object) : to) === namespace)
  );
}

function exportsOf({ manifest }: PlannedObject): readonly string[] {
  return specOf<{ readonly exportTo?: readonly string[] }>(manifest).exportTo ?? [];
}

/**
 * The DestinationRules that count for a host: of the caller's namespace, else of the service's, else of the root namespace; of
 * each those with the most specific host, be it a wildcard (istiod's PushContext.destinationRule).
 */
export function destinationRulesOf(
  cluster: ObjectIndex,
  host: string,
  callerNamespace: string | undefined,
  serviceNamespace: string,
): readonly PlannedObject[] {
  const groups = cluster.byCoveringHost("DestinationRule", host);
  const { rootNamespace } = cluster;

  // Of the root namespace's rules, those for all are no caller's own.
  const own = mostSpecific(
    groups,
    (rule) =>
      namespaceOf(rule) === callerNamespace &&
      isVisible(rule, callerNamespace) &&
      (callerNamespace !== rootNamespace || isPrivate(rule)),
  );
  if (own.length > 0) return own;
  for (const namespace of [serviceNamespace, rootNamespace]) {
    // A rule that isn't for the caller hides wider ones of its namespace.
    const found = mostSpecific(
      groups,
      (rule) => namespaceOf(rule) === namespace && !isPrivate(rule),
    ).filter((rule) => isVisible(rule, callerNamespace));
    if (found.length > 0) return found;
  }
  return [];
}

/** Of the first group with objects that count, those. */
function mostSpecific(
  groups: readonly (readonly PlannedObject[])[],
  counts: (object: PlannedObject) => boolean,
): readonly PlannedObject[] {
  for (const group of groups) {
    const found = group.filter(counts);
    if (found.length > 0) return found;
  }
  return [];
}

/** Whether an object is for its own namespace alone. */
function isPrivate(object: PlannedObject): boolean {
  const exportTo = exportsOf(object);
  const [to] = exportTo;
  return exportTo.length === 1 && (to === "." || to === namespaceOf(object));
}
