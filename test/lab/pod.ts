/** A pod that runs: its network namespace, volumes, containers and what is said of them to the API server. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "../engine/apiClient";
import { type RunningContainer, type Sandbox, startContainer } from "./container";
import type { ClusterNetwork, Network } from "./network";
import { probe, probePeriod } from "./probes";
import { fillVolume, makeVolume } from "./volumes";

/** What pods of a cluster have in common. */
export interface PodContext {
  readonly api: ApiClient;
  readonly network: Network;
  readonly cluster: ClusterNetwork;
  /** For what goes with the pod. */
  readonly folder: string;
  /** For logs, which are kept. */
  readonly logs: string;
  readonly onProblem: (message: string) => void;
}

interface ContainerState {
  readonly spec: any;
  readonly isSidecar: boolean;
  running: RunningContainer | undefined;
  restarts: number;
  /** Probes of its readiness that failed, in a row. */
  failures: number;
  /** Probes of its liveness that failed, in a row. */
  illness: number;
  started: boolean;
  ready: boolean;
  finished: boolean;
}

export class Pod {
  readonly key: string;
  readonly address: string;
  /** As the API server has it, with its address. */
  readonly object: any;
  readonly #context: PodContext;
  readonly #folder: string;
  readonly #netns: string;
  readonly #containers: readonly ContainerState[];
  readonly #volumes: Record<string, string> = {};
  #sandbox: Sandbox | undefined;
  readonly #ending = new AbortController();
  #told = "";
  #telling: Promise<void> = Promise.resolve();
  readonly #work: Promise<void>;

  constructor(context: PodContext, object: any) {
    this.#context = context;
    const { namespace, name, uid } = object.metadata;
    this.key = `${namespace}/${name}`;
    this.address = context.cluster.nextAddress();
    this.object = {
      ...object,
      status: { ...object.status, podIP: this.address, hostIP: context.cluster.node },
    };
    this.#folder = join(context.folder, uid);
    this.#netns = `${context.cluster.name}.${uid}`;
    const state = (spec: any, isSidecar: boolean): ContainerState => ({
      ...{ spec, isSidecar, running: undefined, restarts: 0, failures: 0, illness: 0 },
      ...{ started: false, ready: false, finished: false },
    });
    this.#containers = [
      ...(object.spec.initContainers ?? []).map((spec: any) =>
        state(spec, spec.restartPolicy === "Always"),
      ),
      ...object.spec.containers.map((spec: any) => state(spec, true)),
    ];
    this.#work = this.#run().catch((error: unknown) => {
      if (!this.#isEnding())
        context.onProblem(`${context.cluster.name}: ${this.key}: ${String(error)}`);
    });
  }

  get isReady(): boolean {
    return this.#containers.every(({ ready, finished }) => ready || finished);
  }

  /** Name of its network namespace. */
  get networkNamespace(): string {
    return this.#netns;
  }

  /** A container of it. @throws Error when there's none of that name that runs */
  container(name?: string): { readonly spec: any; readonly running: RunningContainer } {
    const wanted = name ?? this.object.spec.containers[0].name;
    const found = this.#containers.find(({ spec }) => spec.name === wanted);
    if (found?.running === undefined) throw new Error(`${this.key}: ${wanted} doesn't run`);
    return { spec: found.spec, running: found.running };
  }

  /** Log of a container. */
  logOf(container: string): string {
    const { logs, cluster } = this.#context;
    return join(logs, cluster.name, `${this.key.replace("/", ".")}.${container}.log`);
  }

  /** A method, since it changes while others wait. */
  #isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Ends the pod as the kubelet does: containers, then sidecars, each with the time that the pod gives. */
  async stop(): Promise<void> {
    if (this.#isEnding()) return;
    this.#ending.abort();
    await this.#work;
    const grace = this.object.spec.terminationGracePeriodSeconds ?? 30;
    const mains = new Set(this.object.spec.containers.map(({ name }: any) => name));
    for (const isMain of [true, false]) {
      const ending = this.#containers.filter(({ spec }) => mains.has(spec.name) === isMain);
      await Promise.all(ending.map((state) => endContainer(state, grace)));
    }
    await this.remove();
  }

  /** Takes away what is left of it, at once. */
  async remove(): Promise<void> {
    this.#ending.abort();
    await this.#work;
    await Promise.all(this.#containers.flatMap(({ running }) => running?.process.kill() ?? []));
    await this.#context.network.removeHost(this.#netns).catch(() => undefined);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #run(): Promise<void> {
    const { network, cluster } = this.#context;
    mkdirSync(this.#folder, { recursive: true });
    await network.addHost(this.#netns, this.address, cluster.node);
    await this.#makeVolumes();
    if (this.#isEnding()) return;
    this.#sandbox = {
      cluster: cluster.name,
      network: this.#netns,
      volumes: this.#volumes,
      etc: this.#writeEtc(),
      api: this.#context.api,
    };
    await this.#tell();
    for (const state of this.#containers) {
      if (this.#isEnding()) return;
      await this.#start(state);
    }
    void this.#refresh();
  }

  /** Objects that a volume needs may come a little later. */
  async #makeVolumes(): Promise<void> {
    const { api, onProblem } = this.#context;
    for (const volume of this.object.spec.volumes ?? []) {
      const folder = join(this.#folder, "volumes", volume.name);
      this.#volumes[volume.name] = folder;
      for (let attempt = 1; !this.#isEnding(); attempt++) {
        try {
          await makeVolume(api, this.object, volume, folder);
          break;
        } catch (error) {
          if (attempt % 50 === 0) onProblem(`${this.key} waits for a volume: ${String(error)}`);
          await sleep(200);
        }
      }
    }
  }

  #writeEtc(): Record<string, string> {
    const { namespace, name } = this.object.metadata;
    const dns = this.object.spec.dnsPolicy === "Default" ? [] : ["nameserver 10.96.0.10"];
    const files = {
      hosts: `127.0.0.1 localhost\n${this.address} ${name}\n`,
      "resolv.conf": [
        ...dns,
        `search ${namespace}.svc.cluster.local svc.cluster.local cluster.local`,
        "options ndots:5\n",
      ].join("\n"),
    };
    return Object.fromEntries(
      Object.entries(files).map(([file, text]) => {
        const path = join(this.#folder, file);
        writeFileSync(path, text);
        return [file, path];
      }),
    );
  }

  /** Starts a container and, before the next one, waits until it has ended, or, a sidecar, has started. */
  async #start(state: ContainerState): Promise<void> {
    for (;;) {
      state.running = await startContainer(
        this.#sandbox!,
        this.object,
        state.spec,
        this.logOf(state.spec.name),
      );
      if (state.isSidecar) break;
      if ((await state.running.process.exit) === 0) {
        state.finished = true;
        return;
      }
      if (this.#isEnding()) return;
      state.restarts += 1;
      await sleep(1000);
    }
    void this.#watch(state);
    const { spec } = state;
    state.started = spec.startupProbe === undefined;
    state.ready = state.started && spec.readinessProbe === undefined;
    await this.#tell();
    if (spec.startupProbe !== undefined) {
      const isMain = this.object.spec.containers.includes(spec);
      const startup = this.#probeStartup(state);
      if (!isMain) await startup;
    }
    void this.#probe(state);
  }

  /** A container that ends is started again. */
  async #watch(state: ContainerState): Promise<void> {
    while (!this.#isEnding()) {
      await state.running!.process.exit;
      if (this.#isEnding()) return;
      state.ready = false;
      state.restarts += 1;
      await this.#tell();
      await sleep(Math.min(1000 * state.restarts, 5000));
      if (this.#isEnding()) return;
      state.running = await startContainer(
        this.#sandbox!,
        this.object,
        state.spec,
        this.logOf(state.spec.name),
      );
      state.ready = state.spec.readinessProbe === undefined;
      await this.#tell();
    }
  }

  async #probeStartup(state: ContainerState): Promise<void> {
    while (!this.#isEnding() && !state.started) {
      state.started = await probe(this.address, state.spec, state.spec.startupProbe);
      if (!state.started) await sleep(100);
    }
  }

  async #probe(state: ContainerState): Promise<void> {
    while (!this.#isEnding()) {
      if (isAlive(state)) {
        await this.#probeReadiness(state);
        if (state.ready) await this.#probeLiveness(state);
      }
      await sleep(state.ready ? probePeriod : probePeriod / 5, undefined, { ref: false });
    }
  }

  async #probeReadiness(state: ContainerState): Promise<void> {
    const { readinessProbe } = state.spec;
    if (readinessProbe === undefined) return;
    const succeeds = await probe(this.address, state.spec, readinessProbe);
    state.failures = succeeds ? 0 : state.failures + 1;
    const endures = state.ready && state.failures < (readinessProbe.failureThreshold ?? 3);
    const isReady = isAlive(state) && (succeeds || endures);
    if (isReady === state.ready) return;
    state.ready = isReady;
    await this.#tell();
  }

  async #probeLiveness(state: ContainerState): Promise<void> {
    const { livenessProbe } = state.spec;
    if (livenessProbe === undefined) return;
    const lives = await probe(this.address, state.spec, livenessProbe);
    state.illness = lives ? 0 : state.illness + 1;
    if (state.illness < (livenessProbe.failureThreshold ?? 3)) return;
    state.illness = 0;
    await endContainer(state, 1);
  }

  /** ConfigMaps and Secrets that change, and tokens that end. */
  async #refresh(): Promise<void> {
    const { api } = this.#context;
    for (let round = 1; !this.#isEnding(); round++) {
      await sleep(2000, undefined, { ref: false });
      for (const volume of this.object.spec.volumes ?? []) {
        // A token is good for hours, as is all that it comes with.
        if (volume.projected !== undefined && round % 300 !== 0) continue;
        if (this.#isEnding()) return;
        await fillVolume(api, this.object, volume, this.#volumes[volume.name]!).catch(
          () => undefined,
        );
      }
    }
  }

  /** Reports to the API server, one report after the other: one that is overtaken would stand. */
  #tell(): Promise<void> {
    this.#telling = this.#telling.then(() => this.#report());
    return this.#telling;
  }

  /** The API server may be away for a while. */
  async #report(): Promise<void> {
    const { namespace, name } = this.object.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
    for (let attempt = 0; attempt < 50 && !this.#isEnding(); attempt++) {
      const status = this.#status();
      const told = JSON.stringify(status);
      if (told === this.#told) return;
      try {
        const { status: code } = await this.#context.api.request(
          ...(["PATCH", path, { status }, "application/merge-patch+json"] as const),
        );
        if (code < 300) this.#told = told;
        if (code < 300 || code === 404) return;
      } catch {
        // Asked again.
      }
      await sleep(200);
    }
  }

  #status(): any {
    const main = this.#containers.slice(this.object.spec.initContainers?.length ?? 0);
    const init = this.#containers.slice(0, this.object.spec.initContainers?.length ?? 0);
    const isInitialized = init.every(({ finished, started, isSidecar }) =>
      isSidecar ? started : finished,
    );
    const isReady = this.isReady;
    const condition = (type: string, isTrue: boolean) => ({
      type,
      status: isTrue ? "True" : "False",
    });
    const statusOf = (state: ContainerState) => ({
      name: state.spec.name,
      image: state.spec.image,
      imageID: "",
      ready: state.ready || state.finished,
      started: state.started,
      restartCount: state.restarts,
      state: state.finished
        ? { terminated: { exitCode: 0, reason: "Completed" } }
        : state.running?.process.isRunning === true
          ? { running: {} }
          : { waiting: { reason: "ContainerCreating" } },
    });
    return {
      phase: main.some(({ running }) => running !== undefined) ? "Running" : "Pending",
      podIP: this.address,
      podIPs: [{ ip: this.address }],
      hostIP: this.#context.cluster.node,
      hostIPs: [{ ip: this.#context.cluster.node }],
      conditions: [
        condition("PodScheduled", true),
        condition("Initialized", isInitialized),
        condition("ContainersReady", isReady),
        condition("Ready", isReady),
      ],
      ...(init.length === 0 ? {} : { initContainerStatuses: init.map(statusOf) }),
      containerStatuses: main.map(statusOf),
    };
  }
}

function isAlive({ started, running }: ContainerState): boolean {
  return started && running?.process.isRunning === true;
}

async function endContainer({ running }: ContainerState, grace: number): Promise<void> {
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
