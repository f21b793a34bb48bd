import type { ApiClient } from "./apiClient";

/** What of kube-controller-manager and of a cloud's controllers tests need. */
export class Controllers {
  readonly #api: ApiClient;
  readonly #loadBalancerRange: string | undefined;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param loadBalancerRange First three parts of the addresses that load balancers get; none when `undefined`. */
  constructor(api: ApiClient, loadBalancerRange: string | undefined) {
    this.#api = api;
    this.#loadBalancerRange = loadBalancerRange;
    this.#next();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #next(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      // A server that's busy, or ending, is asked again.
      Promise.all([this.#endNamespaces(), this.#giveAddresses()])
        .catch(() => undefined)
        .finally(() => this.#next());
    }, 250);
    this.#timer.unref();
  }

  /** Deletes what is in namespaces that are being deleted, and then says that they may go. */
  async #endNamespaces(): Promise<void> {
    const { items } = await this.#api.find("/api/v1/namespaces");
    const ending = (items as any[]).filter(({ metadata }) => metadata.deletionTimestamp);
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

  async #giveAddresses(): Promise<void> {
    if (this.#loadBalancerRange === undefined) return;
    const { items } = await this.#api.find("/api/v1/services");
    const services = (items as any[]).filter(({ spec }) => spec.type === "LoadBalancer");
    const taken = new Set(services.map(({ status }) => status?.loadBalancer?.ingress?.[0]?.ip));
    let last = 1;
    for (const { metadata, status } of services) {
      if (status?.loadBalancer?.ingress !== undefined) continue;
      while (taken.has(`${this.#loadBalancerRange}.${last}`)) last++;
      const ip = `${this.#loadBalancerRange}.${last++}`;
      await this.#api.setLoadBalancer(metadata.namespace, metadata.name, { ip });
    }
  }
}
