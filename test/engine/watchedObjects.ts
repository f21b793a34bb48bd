/** Objects as an API server has them now: each kind is listed once and watched from then on, as controllers do. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "./apiClient";

const paths = {
  configMaps: "/api/v1/configmaps",
  endpointSlices: "/apis/discovery.k8s.io/v1/endpointslices",
  namespaces: "/api/v1/namespaces",
  networkPolicies: "/apis/networking.k8s.io/v1/networkpolicies",
  pods: "/api/v1/pods",
  secrets: "/api/v1/secrets",
  services: "/api/v1/services",
};

export type WatchedKind = keyof typeof paths;

/** Milliseconds until a server that is away is asked again. */
const pause = 200;

/** A server that is away, or ends a watch, is asked for everything once more; until then what was known stands. */
export class WatchedObjects {
  readonly #kinds = new Map<WatchedKind, ReadonlyMap<string, any>>();
  readonly #listeners: (readonly [kinds: readonly WatchedKind[], listener: () => void])[] = [];
  readonly #ending = new AbortController();
  readonly #work: Promise<unknown>;

  private constructor(api: ApiClient, kinds: readonly WatchedKind[]) {
    this.#work = Promise.all(kinds.map((kind) => this.#watch(api, kind)));
  }

  /** Resolves when all has been listed. */
  static start(api: ApiClient, kinds: readonly WatchedKind[]): Promise<WatchedObjects> {
    const watched = new WatchedObjects(api, kinds);
    return new Promise((resolve) =>
      watched.onChange(kinds, () => {
        if (kinds.every((kind) => watched.#kinds.has(kind))) resolve(watched);
      }),
    );
  }

  /** Calls a listener after each change of these kinds. */
  onChange(kinds: readonly WatchedKind[], listener: () => void): void {
    this.#listeners.push([kinds, listener]);
  }

  list(kind: WatchedKind): readonly any[] {
    return [...(this.#kinds.get(kind)?.values() ?? [])];
  }

  find(kind: WatchedKind, namespace: string, name: string): any {
    return this.#kinds.get(kind)?.get(`${namespace}/${name}`);
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#work;
  }

  async #watch(api: ApiClient, kind: WatchedKind): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await this.#listAndWatch(api, kind).catch(() => undefined);
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Resolves when the server ends the watch. @throws Error when it's away */
  async #listAndWatch(api: ApiClient, kind: WatchedKind): Promise<void> {
    const { metadata, items } = await api.find(paths[kind]);
    const objects = new Map<string, any>(items.map((item: any) => [nameOf(item), item]));
    this.#kinds.set(kind, objects);
    this.#tell(kind);
    const path = `${paths[kind]}?watch=true&resourceVersion=${metadata.resourceVersion}`;
    await api.watch(path, this.#ending.signal, ({ type, object }) => {
      if (type === "DELETED") objects.delete(nameOf(object));
      else if (type !== "ERROR") objects.set(nameOf(object), object);
      this.#tell(kind);
    });
  }

  #tell(kind: WatchedKind): void {
    for (const [kinds, listener] of this.#listeners) if (kinds.includes(kind)) listener();
  }
}

const nameOf = ({ metadata: { namespace = "", name } }: any) => `${namespace}/${name}`;
