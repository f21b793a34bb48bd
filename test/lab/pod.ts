/** A pod that runs: its network namespace, volumes, containers and what is said of them to the API server. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "../engine/apiClient";
import type { WatchedObjects } from "../engine/watchedObjects";
import { type RunningContainer, type Sandbox, startContainer } from "./container";
import type { ClusterNetwork, Network } from "./network";
import { type ContainerHost, PodContainer } from "./podContainer";
import { fillVolume, makeVolume, sourcesOf } from "./volumes";

/** What pods of a cluster have in common. */
export interface PodContext {
  readonly api: ApiClient;
  /** Pods, and what their volumes are made of. */
  readonly watched: WatchedObjects;
  readonly network: Network;
  readonly cluster: ClusterNetwork;
  /** For what goes with the pod. */
  readonly folder: string;
  /** For logs, which are kept. */
  readonly logs: string;
  readonly onProblem: (message: string) => void;
}

export class Pod {
  readonly key: string;
  readonly address: string;
  /** As the API server has it, with its address. */
  readonly object: any;
  readonly #context: PodContext;
  readonly #folder: string;
  readonly #netns: string;
  readonly #init: readonly PodContainer[];
  readonly #main: readonly PodContainer[];
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
    const host: ContainerHost = {
      address: this.address,
      ending: this.#ending.signal,
      launch: (spec) => startContainer(this.#sandbox!, this.object, spec, this.logOf(spec.name)),
      onChange: () => this.#tell(),
    };
    const { initContainers = [], containers } = object.spec;
    this.#init = initContainers.map(
      (spec: any) => new PodContainer(host, spec, spec.restartPolicy === "Always"),
    );
    this.#main = containers.map((spec: any) => new PodContainer(host, spec, true));
    this.#work = this.#run().catch((error: unknown) => {
      if (!this.isEnding())
        context.onProblem(`${context.cluster.name}: ${this.key}: ${String(error)}`);
    });
  }

  get #containers(): readonly PodContainer[] {
    return [...this.#init, ...this.#main];
  }

  get isReady(): boolean {
    return this.#containers.every(({ isReady }) => isReady);
  }

  /** Whether it is told to end. A method, since it changes while others wait. */
  isEnding(): boolean {
    return this.#ending.signal.aborted;
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

  /** Ends the pod as the kubelet does: containers, then sidecars, each with the time that the pod gives. */
  async stop(): Promise<void> {
    if (this.isEnding()) return;
    this.#ending.abort();
    await this.#work;
    const grace = this.object.spec.terminationGracePeriodSeconds ?? 30;
    for (const containers of [this.#main, this.#init])
      await Promise.all(containers.map((container) => container.end(grace)));
    await this.remove();
  }

  /** Takes away what is left of it, at once. */
  async remove(): Promise<void> {
    this.#ending.abort();
    await this.#work;
    await Promise.all(this.#containers.map((container) => container.kill()));
    await this.#context.network.removeHost(this.#netns).catch(() => undefined);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #run(): Promise<void> {
    const { network, cluster } = this.#context;
    mkdirSync(this.#folder, { recursive: true });
    await network.addHost(this.#netns, this.address, cluster.node);
    await this.#makeVolumes();
    if (this.isEnding()) return;
    this.#sandbox = {
      cluster: cluster.name,
      network: this.#netns,
      volumes: this.#volumes,
      etc: this.#writeEtc(),
      api: this.#context.api,
    };
    await this.#tell();
    for (const container of this.#containers) {
      if (this.isEnding()) return;
      await container.start(this.#init.includes(container));
    }
    void this.#refresh();
  }

  /** Objects that a volume needs may come a little later. */
  async #makeVolumes(): Promise<void> {
    const { api, onProblem } = this.#context;
    for (const volume of this.object.spec.volumes ?? []) {
      const folder = join(this.#folder, "volumes", volume.name);
      this.#volumes[volume.name] = folder;
      for (let attempt = 1; !this.isEnding(); attempt++) {
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

  /** ConfigMaps and Secrets that change, and tokens that end. */
  async #refresh(): Promise<void> {
    const { api } = this.#context;
    const filled = new Map<string, string>();
    for (let round = 1; !this.isEnding(); round++) {
      await sleep(2000, undefined, { ref: false });
      for (const volume of this.object.spec.volumes ?? []) {
        const versions = this.#versionsOf(volume);
        // A token is good for hours.
        const endsSoon = volume.projected !== undefined && round % 300 === 0;
        if (versions === filled.get(volume.name) && !endsSoon) continue;
        if (this.isEnding()) return;
        await fillVolume(api, this.object, volume, this.#volumes[volume.name]!).then(
          () => filled.set(volume.name, versions),
          () => undefined,
        );
      }
    }
  }

  /** Of the objects that a volume is made of, as far as they are there. */
  #versionsOf(volume: any): string {
    const { namespace } = this.object.metadata;
    return sourcesOf(volume)
      .map(({ kind, name }) => this.#context.watched.find(kind, namespace, name))
      .map((object) => object?.metadata.resourceVersion)
      .join();
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
    for (let attempt = 0; attempt < 50 && !this.isEnding(); attempt++) {
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

  #status(): object {
    const condition = (type: string, isTrue: boolean) => ({
      type,
      status: isTrue ? "True" : "False",
    });
    const isInitialized = this.#init.every((container) => container.isInitialized);
    const statuses = (containers: readonly PodContainer[]) =>
      containers.map(({ status }) => status);
    const isRunning = this.#main.some(({ running }) => running !== undefined);
    return {
      phase: isRunning ? "Running" : "Pending",
      podIP: this.address,
      podIPs: [{ ip: this.address }],
      hostIP: this.#context.cluster.node,
      hostIPs: [{ ip: this.#context.cluster.node }],
      conditions: [
        condition("PodScheduled", true),
        condition("Initialized", isInitialized),
        condition("ContainersReady", this.isReady),
        condition("Ready", this.isReady),
      ],
      ...(this.#init.length === 0 ? {} : { initContainerStatuses: statuses(this.#init) }),
      containerStatuses: statuses(this.#main),
    };
  }
}
