import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds between looks at the API server. */
const period = 200;

/** Work that is done again and again, as controllers do; what fails while the API server is away is done later. */
export class Repetition {
  #isStopped = false;
  readonly #loop: Promise<void>;

  constructor(work: () => Promise<void>) {
    this.#loop = this.#run(work);
  }

  /** Resolves when it has been done for the last time. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
  }

  async #run(work: () => Promise<void>): Promise<void> {
    while (!this.#isStopped) {
      await work().catch(() => undefined);
      await sleep(period);
    }
  }
}
