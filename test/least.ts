/** Compares how long things take on a machine that is busy with other work. */

/** The least that each costs in some rounds in which all have their turn: other work makes some longer, and the first compile. */
export function leastOf<Name extends string>(
  costs: Readonly<Record<Name, () => number>>,
  rounds: number,
): Record<Name, number> {
  const entries = Object.entries<() => number>(costs);
  const least = Object.fromEntries(entries.map(([name]) => [name, Infinity]));
  for (let round = 0; round < rounds; round += 1)
    for (const [name, cost] of entries) least[name] = Math.min(least[name]!, cost());
  return least as Record<Name, number>;
}

/** Microseconds of processor time, which doesn't grow while others have the processor. */
export function processorTime(act: () => void): number {
  const before = process.cpuUsage();
  act();
  return process.cpuUsage(before).user;
}
