import type { ApiClient } from "./apiClient";
import { Reconciler } from "./reconciler";
import { WatchedObjects } from "./watchedObjects";

/** What of kube-controller-manager and of a cloud's controllers tests need. */
export class Controllers {
  readonly #api: ApiClient;
  readonly #watched: WatchedObjects;
  readonly #work: readonly Reconciler[];

  private constructor(
    api: ApiClient,
    watched: WatchedObjects,
    loadBalancerRange: string | undefined,
  ) {
    this.#api = api;
    this.#watched = watched;
    // A server that's busy, or ending, is asked again.
    this.#work = [
      new Reconciler(watched, ["namespaces"], () => this.#endNamespaces()),
      ...(loadBalancerRange === undefined
        ? []
        : [new Reconciler(watched, ["services"], () => this.#giveAddresses(loadBalancerRange))]),
    ];
  }

  /** @param loadBalancerRange First three parts of the addresses that load balancers get; none when `undefined`. */
  static async start(api: ApiClient, loadBalancerRange: string | undefined): Promise<Controllers> {
    const watched = await WatchedObjects.start(api, ["namespaces", "services"]);
    return new Controllers(api, watched, loadBalancerRange);
  }

  async stop(): Promise<void> {
    await this.#watched.stop();
    await Promise.all(this.#work.map((work) => work.stop()));
  }

  /** Deletes what is in namespaces that are being deleted, and then says that they may go. */
  async #endNamespaces(): Promise<void> {
    const ending = this.#watched
      .list("namespaces")
      .filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    if (ending.length === 0) return;
    const resources = (await this.#api.resources()).filter(({ namespaced }) => namespaced);
    for (const namespace of ending) {
      const { name } = namespace.metadata;
      await Promise.all(
        resources.map(async ({ path, name: plural }) => {
          const base = path.slice(0, -plural.length);
          const list = `${base}namespaces/${name}/${plural}`;
          const found = await this.#api.find(list);
          for (const { metadata } of found?.items ?? [])
            // No kubelet ends a pod that was given to a node.
            await this.#api.delete(`${list}/${metadata.name}?gracePeriodSeconds=0`);
        }),
      );
      const path = `/api/v1/namespaces/${name}/finalize`;
      await this.#api.put(path, { ...namespace, spec: { ...namespace.spec, finalizers: [] } });
    }
  }

  async #giveAddresses(range: string): Promise<void> {
    const services = this.#watched
      .list("services")
      .filter(({ spec }) => spec.type === "LoadBalancer");
    const taken = new Set(services.map(({ status }) => status?.loadBalancer?.ingress?.[0]?.ip));
    let last = 1;
    for (const { metadata, status } of services) {
      if (status?.loadBalancer?.ingress !== undefined) continue;
      while (taken.has(`${range}.${last}`)) last++;
      const ip = `${range}.${last++}`;
      await this.#api.setLoadBalancer(metadata.namespace, metadata.name, { ip });
    }
  }
}
