/** Where clusters go in a picture: left or right of the aisle that their gateways face. */
import type { Topology } from "./model";

/** The clusters left and right of the aisle, as their positions in the topology. */
export interface Columns {
  readonly left: readonly number[];
  readonly right: readonly number[];
}

/**
 * Splits the clusters so that calls cross the aisle rather than run along it. The best split of a graph
 * is hard to find (it's max-cut); taking the busiest clusters first gets at least half of its calls
 * across, and all of them where one cluster is the hub.
 */
export function columnsOf({ clusters, edges }: Topology): Columns {
  const position = new Map(clusters.map(({ name }, index) => [name, index]));
  const calls = clusters.map(() => clusters.map(() => 0));
  for (const { from, to } of edges) {
    const [a, b] = [position.get(from.cluster), position.get(to.cluster)];
    if (a === undefined || b === undefined || a === b) continue;
    for (const [row, column] of [
      [a, b],
      [b, a],
    ] as const) {
      const counts = calls[row];
      if (counts !== undefined) counts[column] = (counts[column] ?? 0) + 1;
    }
  }
  const between = (one: number, others: readonly number[]) =>
    others.reduce((sum, other) => sum + (calls[one]?.[other] ?? 0), 0);
  const all = clusters.map((_, index) => index);
  const busiestFirst = [...all].sort((a, b) => between(b, all) - between(a, all) || a - b);
  const left: number[] = [];
  const right: number[] = [];
  for (const cluster of busiestFirst) {
    const [toLeft, toRight] = [between(cluster, left), between(cluster, right)];
    // With nothing to choose, the columns are kept equally long.
    const goesLeft = toLeft === toRight ? left.length <= right.length : toLeft < toRight;
    (goesLeft ? left : right).push(cluster);
  }
  return { left: left.sort((a, b) => a - b), right: right.sort((a, b) => a - b) };
}
