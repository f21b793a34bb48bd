import { setTimeout as sleep } from "node:timers/promises";
import type { WatchedKind, WatchedObjects } from "./watchedObjects";

/** Milliseconds from the end of the work until it's done again: what changes meanwhile is looked at once. */
const pause = 200;

/** Work that is done after changes, as controllers do; what fails, as it does while the API server is away, is done again. */
export class Reconciler {
  #isStopped = false;
  #isWanted = true;
  #wake = (): void => undefined;
  readonly #loop: Promise<void>;

  /** Does it at once, for the first time, and then after changes of these kinds. */
  constructor(watched: WatchedObjects, kinds: readonly WatchedKind[], work: () => Promise<void>) {
    watched.onChange(kinds, () => {
      this.#isWanted = true;
      this.#wake();
    });
    this.#loop = this.#run(work);
  }

  /** Resolves when it has been done for the last time. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#loop;
  }

  async #run(work: () => Promise<void>): Promise<void> {
    while (!this.#isStopped) {
      if (this.#isWanted) {
        this.#isWanted = false;
        await work().catch(() => (this.#isWanted = true));
        await sleep(pause, undefined, { ref: false });
      } else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
