/** A container's life in a pod: it is started, probed, started again when it ends, and ended. */
import { setTimeout as sleep } from "node:timers/promises";
import type { RunningContainer } from "./container";
import { probe, probePeriod } from "./probes";

/** What a container needs of its pod. */
export interface ContainerHost {
  readonly address: string;
  /** Aborted when the pod ends. */
  readonly ending: AbortSignal;
  readonly launch: (spec: any) => Promise<RunningContainer>;
  /** Told of each change of what `status` says. */
  readonly onChange: () => Promise<void>;
}

export class PodContainer {
  readonly spec: any;
  /** Runs as long as the pod does; others run to their end before the next one starts. */
  readonly isLasting: boolean;
  readonly #host: ContainerHost;
  #running: RunningContainer | undefined;
  #restarts = 0;
  /** Probes that failed, in a row. */
  readonly #failures = { readiness: 0, liveness: 0 };
  #isStarted = false;
  #isReady = false;
  #isFinished = false;

  constructor(host: ContainerHost, spec: any, isLasting: boolean) {
    this.#host = host;
    this.spec = spec;
    this.isLasting = isLasting;
  }

  get running(): RunningContainer | undefined {
    return this.#running;
  }

  get isReady(): boolean {
    return this.#isReady || this.#isFinished;
  }

  get isInitialized(): boolean {
    return this.isLasting ? this.#isStarted : this.#isFinished;
  }

  /** As a pod's status has it. */
  get status(): object {
    return {
      name: this.spec.name,
      image: this.spec.image,
      imageID: "",
      ready: this.isReady,
      started: this.#isStarted,
      restartCount: this.#restarts,
      state: this.#isFinished
        ? { terminated: { exitCode: 0, reason: "Completed" } }
        : this.#isAlive()
          ? { running: {} }
          : { waiting: { reason: "ContainerCreating" } },
    };
  }

  /** Starts it. Resolves when the next one may start: it has ended well, or, a lasting one, has started. */
  async start(waitsForStart: boolean): Promise<void> {
    if (!this.isLasting) return this.#runToEnd();
    const { startupProbe, readinessProbe } = this.spec;
    this.#running = await this.#host.launch(this.spec);
    void this.#keepRunning();
    this.#isStarted = startupProbe === undefined;
    this.#isReady = this.#isStarted && readinessProbe === undefined;
    await this.#host.onChange();
    const startup = startupProbe === undefined ? Promise.resolve() : this.#probeStartup();
    if (waitsForStart) await startup;
    void this.#keepProbing();
  }

  /** Ends its program as the kubelet does. @param grace Seconds that it has for that */
  async end(grace: number): Promise<void> {
    const running = this.#running;
    if (running?.process.isRunning !== true) return;
    const pid = await running.pid;
    try {
      if (pid > 0) process.kill(pid, "SIGTERM");
    } catch {
      // It has just ended.
    }
    await Promise.race([running.process.exit, sleep(grace * 1000, undefined, { ref: false })]);
    await running.process.kill();
  }

  async kill(): Promise<void> {
    await this.#running?.process.kill();
  }

  async #runToEnd(): Promise<void> {
    const { ending, launch } = this.#host;
    while (!ending.aborted) {
      this.#running = await launch(this.spec);
      const { process } = this.#running;
      // A pod that is deleted doesn't wait for it.
      const kill = () => void process.kill();
      ending.addEventListener("abort", kill, { once: true });
      const result = await process.exit;
      ending.removeEventListener("abort", kill);
      if (result === 0) {
        this.#isFinished = true;
        return;
      }
      this.#restarts += 1;
      await this.#pause(1000);
    }
  }

  /** A container that ends is started again. */
  async #keepRunning(): Promise<void> {
    const { ending, launch, onChange } = this.#host;
    const isEnding = () => ending.aborted;
    for (;;) {
      await this.#running?.process.exit;
      if (isEnding()) return;
      this.#isReady = false;
      this.#restarts += 1;
      await onChange();
      await this.#pause(Math.min(1000 * this.#restarts, 5000));
      if (isEnding()) return;
      this.#running = await launch(this.spec);
      this.#isReady = this.spec.readinessProbe === undefined;
      await onChange();
    }
  }

  async #probeStartup(): Promise<void> {
    const { ending, address } = this.#host;
    while (!ending.aborted) {
      this.#isStarted = await probe(address, this.spec, this.spec.startupProbe);
      if (this.#isStarted) return;
      await this.#pause(100);
    }
  }

  async #keepProbing(): Promise<void> {
    while (!this.#host.ending.aborted) {
      if (this.#isStarted && this.#isAlive()) {
        await this.#probeReadiness();
        if (this.#isReady) await this.#probeLiveness();
      }
      await this.#pause(this.#isReady ? probePeriod : probePeriod / 5);
    }
  }

  async #probeReadiness(): Promise<void> {
    const { readinessProbe } = this.spec;
    if (readinessProbe === undefined) return;
    const succeeds = await probe(this.#host.address, this.spec, readinessProbe);
    this.#failures.readiness = succeeds ? 0 : this.#failures.readiness + 1;
    const endures =
      this.#isReady && this.#failures.readiness < (readinessProbe.failureThreshold ?? 3);
    const isReady = this.#isAlive() && (succeeds || endures);
    if (isReady === this.#isReady) return;
    this.#isReady = isReady;
    await this.#host.onChange();
  }

  async #probeLiveness(): Promise<void> {
    const { livenessProbe } = this.spec;
    if (livenessProbe === undefined) return;
    const lives = await probe(this.#host.address, this.spec, livenessProbe);
    this.#failures.liveness = lives ? 0 : this.#failures.liveness + 1;
    if (this.#failures.liveness < (livenessProbe.failureThreshold ?? 3)) return;
    this.#failures.liveness = 0;
    await this.end(1);
  }

  #isAlive(): boolean {
    return this.#running?.process.isRunning === true;
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { ref: false });
  }
}
