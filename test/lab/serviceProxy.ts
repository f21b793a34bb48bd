/** Stands in for kube-proxy and a cloud's load balancers: Services' addresses lead to their ready endpoints. */
import type { ApiClient } from "../engine/apiClient";
import { Reconciler } from "../engine/reconciler";
import type { WatchedObjects } from "../engine/watchedObjects";
import { type ClusterNetwork, type Forwarding, loadBalancers, type Network } from "./network";

export class ServiceProxy {
  readonly #api: ApiClient;
  readonly #watched: WatchedObjects;
  readonly #network: Network;
  readonly #cluster: ClusterNetwork;
  /** Of the first load balancer, which is the mesh's gateway; others have those after it. */
  readonly #firstAddress: number;
  #known = "";
  readonly #work: Reconciler;

  /** @param gatewayAddress What the mesh's gateway gets when its Service is a load balancer. */
  constructor(
    api: ApiClient,
    watched: WatchedObjects,
    network: Network,
    cluster: ClusterNetwork,
    gatewayAddress: string,
  ) {
    this.#api = api;
    this.#watched = watched;
    this.#network = network;
    this.#cluster = cluster;
    this.#firstAddress = Number(gatewayAddress.split(".").at(-1));
    // Without the API server, what is forwarded stays so.
    this.#work = new Reconciler(watched, ["services", "endpointSlices"], () => this.#reconcile());
  }

  async stop(): Promise<void> {
    await this.#work.stop();
  }

  async #reconcile(): Promise<void> {
    const services = this.#watched.list("services");
    await this.#giveAddresses(services);
    const slices = this.#watched.list("endpointSlices");
    const forwardings = services.flatMap((service) =>
      forwardingsOf(
        service,
        slices.filter(
          ({ metadata }) =>
            metadata.namespace === service.metadata.namespace &&
            metadata.labels?.["kubernetes.io/service-name"] === service.metadata.name,
        ),
        this.#cluster.node,
      ),
    );
    const text = JSON.stringify(forwardings);
    if (text === this.#known) return;
    await this.#network.forward(this.#cluster, forwardings);
    this.#known = text;
  }

  async #giveAddresses(services: readonly any[]): Promise<void> {
    const balanced = services.filter(({ spec }) => spec.type === "LoadBalancer");
    const prefix = loadBalancers.replace(/\d+\/\d+$/, "");
    const taken = new Set(balanced.map(({ status }) => status.loadBalancer?.ingress?.[0]?.ip));
    for (const { metadata, status } of balanced) {
      if (status.loadBalancer?.ingress !== undefined) continue;
      const isGateway = metadata.labels?.["meshspan.dev/gateway"] !== undefined;
      let last = this.#firstAddress + (isGateway ? 0 : 1);
      while (taken.has(`${prefix}${last}`)) last++;
      taken.add(`${prefix}${last}`);
      await this.#api.setLoadBalancer(metadata.namespace, metadata.name, {
        ip: `${prefix}${last}`,
      });
    }
  }
}

function forwardingsOf({ spec, status }: any, slices: readonly any[], node: string): Forwarding[] {
  if (spec.clusterIP === undefined || spec.clusterIP === "None") return [];
  return spec.ports.flatMap(({ name, port, protocol, nodePort }: any): Forwarding[] => {
    const targets = slices.flatMap(({ endpoints, ports }) => {
      const target = (ports ?? []).find(
        (candidate: any) =>
          (candidate.name ?? "") === (name ?? "") && candidate.protocol === protocol,
      );
      if (target === undefined) return [];
      return (endpoints ?? [])
        .filter(({ conditions }: any) => conditions?.ready !== false)
        .flatMap(({ addresses }: any) =>
          addresses.map((address: string) => `${address}:${target.port}`),
        );
    });
    const common = { protocol: protocol.toLowerCase(), targets: targets.sort() };
    const balancers = status.loadBalancer?.ingress ?? [];
    return [
      { ...common, address: spec.clusterIP, port, isPublic: false },
      ...(nodePort === undefined
        ? []
        : [{ ...common, address: node, port: nodePort, isPublic: false }]),
      ...balancers.map(({ ip }: any) => ({ ...common, address: ip, port, isPublic: true })),
    ];
  });
}
