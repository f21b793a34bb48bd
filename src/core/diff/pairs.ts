/** What belongs together on both sides. */
import { compareText } from "../words";

/** An entry on one side or on both. */
export interface Pair<T> {
  readonly key: string;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** Pairs entries of two lists by their keys, in the order of the keys. */
export function pairsOf<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (entry: T) => string,
): readonly Pair<T>[] {
  const old = new Map(before.map((entry) => [keyOf(entry), entry]));
  const now = new Map(after.map((entry) => [keyOf(entry), entry]));
  return [...new Set([...old.keys(), ...now.keys()])]
    .sort(compareText)
    .map((key) => ({ key, before: old.get(key), after: now.get(key) }));
}

/** Entries of the first list that the second lacks. */
export function without<T>(list: readonly T[], others: readonly T[]): readonly T[] {
  const known = new Set(others);
  return list.filter((entry) => !known.has(entry));
}
