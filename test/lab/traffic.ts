/** Calls that go on while a mesh is changed, and what proxies have left of a cluster that went. */
import { proxiesOf } from "./agreement";
import { eventually } from "./eventually";
import type { Calls } from "./exec";
import type { Lab } from "./lab";
import { configOf } from "./proxy";

/** Calls of several pods, none of which may fail. */
export class Traffic {
  readonly #calls: readonly Calls[];

  constructor(calls: readonly Calls[] = []) {
    this.#calls = calls;
  }

  /** How many calls there were up to now, none of which may have failed. */
  calm(): number {
    expect(this.#calls.flatMap(({ failed }) => failed)).toEqual([]);
    return this.#counts().reduce((sum, count) => sum + count, 0);
  }

  /** Waits until each pod has made so many calls more. */
  async goesOn(more = 100): Promise<void> {
    const before = this.#counts();
    await eventually(`${more} calls more`, () =>
      this.#counts().every((count, index) => count > before[index]! + more),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#calls.map((calls) => calls.stop()));
  }

  #counts(): readonly number[] {
    return this.#calls.map(({ results }) => results.length);
  }
}

/** Proxies of other clusters, at least so many, whose configuration has one of these traces of a cluster in it. */
export async function proxiesThatKnow(
  lab: Lab,
  { name, traces, proxies: least }: { name: string; traces: readonly string[]; proxies: number },
): Promise<readonly string[]> {
  const proxies = proxiesOf(lab).filter(({ cluster }) => cluster !== name);
  expect(proxies.length).toBeGreaterThanOrEqual(least);
  const found = await Promise.all(
    proxies.map(async ({ cluster, pod }) => {
      const config = await configOf(pod);
      return traces
        .filter((trace) => config.includes(trace))
        .map((trace) => `${cluster} ${pod.key}: ${trace}`);
    }),
  );
  return found.flat();
}
