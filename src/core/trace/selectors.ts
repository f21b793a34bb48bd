/** Objects that select others by their labels, and objects that are selected, without a look at all of them. */
import type { PlannedObject } from "../objects/manifest";
import { addTo, getOrMake, once } from "../once";
import { namespaceOf, type ObjectIndex } from "./objectIndex";
import { type Labels, selects, specOf } from "./specs";

/** Objects of a namespace by one of the labels that they have or ask for; under "" those without any. */
type ByLabel = ReadonlyMap<string, readonly PlannedObject[]>;

/** A label as a key. */
export const pairOf = ([key, value]: readonly [string, string]): string => `${key}=${value}`;

/** Objects by namespace, and there by the keys that they are given. */
export function inNamespaces(
  objects: readonly PlannedObject[],
  pairsOf: (object: PlannedObject) => readonly string[],
): ReadonlyMap<string, ByLabel> {
  const namespaces = new Map<string, Map<string, PlannedObject[]>>();
  for (const object of objects) {
    const labels = getOrMake(
      namespaces,
      namespaceOf(object),
      () => new Map<string, PlannedObject[]>(),
    );
    for (const pair of pairsOf(object)) addTo(labels, pair, object);
  }
  return namespaces;
}

/** Kinds of policies that are for the pods with the labels of `spec.selector`. */
type PolicyKind = "PeerAuthentication" | "AuthorizationPolicy";

const policies = once((_index: ObjectIndex) => new Map<PolicyKind, ReadonlyMap<string, ByLabel>>());

/** Labels that a policy's pods have; none for one that is for all. */
export function policySelector({ manifest }: PlannedObject): Labels {
  const { selector } = specOf<{ readonly selector?: { readonly matchLabels?: Labels } }>(manifest);
  return selector?.matchLabels ?? {};
}

/** The policies of a namespace for pods with these labels, those for all pods first. */
export function policiesSelecting(
  index: ObjectIndex,
  kind: PolicyKind,
  namespace: string,
  labels: Labels,
): readonly PlannedObject[] {
  const byKind = getOrMake(policies(index), kind, () =>
    inNamespaces(index.byKind(kind), (policy) => {
      const [first] = Object.entries(policySelector(policy));
      return [first === undefined ? "" : pairOf(first)];
    }),
  );
  const own = byKind.get(namespace);
  return ["", ...Object.entries(labels).map(pairOf)].flatMap((pair) =>
    (own?.get(pair) ?? []).filter((policy) => selects(policySelector(policy), labels)),
  );
}

/** Finds what has labels, for a fixed list of objects. */
export function labelSearch(
  objects: readonly PlannedObject[],
  labelsOf: (object: PlannedObject) => Labels,
): (namespace: string, wanted: Labels | undefined) => readonly PlannedObject[] {
  const labels = new Map(objects.map((object) => [object, labelsOf(object)]));
  const namespaces = inNamespaces(objects, (object) => [
    "",
    ...Object.entries(labels.get(object) ?? {}).map(pairOf),
  ]);
  return (namespace, wanted = {}) => {
    const own = namespaces.get(namespace);
    // The fewest that there are for one of the labels.
    const candidates = ["", ...Object.entries(wanted).map(pairOf)]
      .map((pair) => own?.get(pair) ?? [])
      .reduce((fewest, list) => (list.length < fewest.length ? list : fewest));
    return candidates.filter((object) => selects(wanted, labels.get(object)));
  };
}
