/** Which objects differ, cluster by cluster. Objects that clusters share in memory are compared once. */
import type { PlannedObject } from "../objects/manifest";
import type { ClusterPlan, Plan } from "../plan";
import { compareText } from "../words";
import type { ChangedObject, ObjectChanges, ObjectRef } from "./change";
import { fieldChanges } from "./fields";
import { pairsOf } from "./pairs";
import { same } from "./same";

/** Clusters in which some object, or a value of Istio's charts, differs. */
export function objectChanges(
  before: Plan | undefined,
  after: Plan | undefined,
): readonly ObjectChanges[] {
  const compare = comparison();
  return pairsOf(before?.clusters ?? [], after?.clusters ?? [], ({ cluster }) => cluster.name)
    .map(({ key, before: old, after: now }) => clusterObjects(key, old, now, compare))
    .filter(({ added, removed, changed }) => added.length + removed.length + changed.length > 0);
}

/** What differs between two objects of the same key; `undefined` where nothing does. */
type Compare = (before: PlannedObject, after: PlannedObject) => ChangedObject | undefined;

function comparison(): Compare {
  const known = new WeakMap<PlannedObject, WeakMap<PlannedObject, ChangedObject | "same">>();
  return (before, after) => {
    if (before === after) return undefined;
    const others = known.get(before) ?? new WeakMap<PlannedObject, ChangedObject | "same">();
    known.set(before, others);
    const found = others.get(after) ?? compareObjects(before, after);
    others.set(after, found);
    return found === "same" ? undefined : found;
  };
}

function compareObjects(before: PlannedObject, after: PlannedObject): ChangedObject | "same" {
  if (same(before.manifest, after.manifest)) return "same";
  return { ...refOf(after), fields: fieldChanges(before.manifest, after.manifest) };
}

function refOf({ key, service }: PlannedObject): ObjectRef {
  return { key, service };
}

function clusterObjects(
  cluster: string,
  before: ClusterPlan | undefined,
  after: ClusterPlan | undefined,
  compare: Compare,
): ObjectChanges {
  const old = before?.objects ?? [];
  const now = after?.objects ?? [];
  const changed: ChangedObject[] = [];
  const visit = (a: PlannedObject, b: PlannedObject): void => {
    const difference = compare(a, b);
    if (difference !== undefined) changed.push(difference);
  };
  // Most objects stand in the same order on both sides, so that few have to be looked up.
  let start = 0;
  for (; ; start++) {
    const [a, b] = [old[start], now[start]];
    if (a === undefined || a.key !== b?.key) break;
    visit(a, b);
  }
  let end = 0;
  for (; end < Math.min(old.length, now.length) - start; end++) {
    const [a, b] = [old[old.length - 1 - end], now[now.length - 1 - end]];
    if (a === undefined || a.key !== b?.key) break;
    visit(a, b);
  }
  const rest = new Map(now.slice(start, now.length - end).map((object) => [object.key, object]));
  const removed: ObjectRef[] = [];
  for (const object of old.slice(start, old.length - end)) {
    const other = rest.get(object.key);
    if (other === undefined) removed.push(refOf(object));
    else visit(object, other);
    rest.delete(object.key);
  }
  const added = [...rest.values()].map(refOf);
  const values = helmChanges(before, after);
  return {
    cluster,
    added: byKey([...added, ...values.added]),
    removed: byKey([...removed, ...values.removed]),
    changed: byKey([...changed, ...values.changed]),
  };
}

/** The values of Istio's charts, as objects beside the others. */
function helmChanges(
  before: ClusterPlan | undefined,
  after: ClusterPlan | undefined,
): Omit<ObjectChanges, "cluster"> {
  const refs = (["base", "istiod", "gateways"] as const).map((chart) => ({
    was: before?.helm[chart],
    is: after?.helm[chart],
    ref: {
      key: `helm/${chart === "gateways" ? "istiod-gateways" : chart}`,
      service: undefined,
    },
  }));
  return {
    added: refs.flatMap(({ was, is, ref }) => (was === undefined && is !== undefined ? ref : [])),
    removed: refs.flatMap(({ was, is, ref }) => (was !== undefined && is === undefined ? ref : [])),
    changed: refs.flatMap(({ was, is, ref }) => {
      const fields = was === undefined || is === undefined ? [] : fieldChanges(was, is);
      return fields.length === 0 ? [] : [{ ...ref, fields }];
    }),
  };
}

function byKey<T extends ObjectRef>(refs: readonly T[]): readonly T[] {
  return [...refs].sort((a, b) => compareText(a.key, b.key));
}
