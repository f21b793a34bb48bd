/** A cluster of the lab: its control plane, its node, and what tests do with them. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "../engine/apiClient";
import { WatchedObjects } from "../engine/watchedObjects";
import { type ClusterDns, clusterDns } from "./clusterDns";
import { ControlPlane } from "./controlPlane";
import { Kubelet } from "./kubelet";
import type { ClusterNetwork, Network } from "./network";
import { NetworkPolicies } from "./networkPolicies";
import type { Pod } from "./pod";
import { ServiceProxy } from "./serviceProxy";

export interface LabClusterOptions {
  readonly name: string;
  readonly network: Network;
  /** `<region>/<zone>` of its node. */
  readonly locality: string | undefined;
  readonly dns: ClusterDns;
  /** Of its gateway, when that is a load balancer. */
  readonly gatewayAddress: string;
  readonly etcdPort: number;
  /** For what goes with the lab. */
  readonly folder: string;
  /** For what stays. */
  readonly logs: string;
  readonly onProblem: (message: string) => void;
}

export class LabCluster {
  readonly name: string;
  readonly gatewayAddress: string;
  readonly api: ApiClient;
  readonly kubeconfig: string;
  readonly kubeconfigFile: string;
  readonly folder: string;
  readonly controlPlane: ControlPlane;
  readonly range: ClusterNetwork;
  readonly #network: Network;
  readonly #kubelet: Kubelet;
  readonly #proxy: ServiceProxy;
  readonly #policies: NetworkPolicies;
  readonly #watched: WatchedObjects;
  readonly #paths = new Map<string, Promise<ReadonlyMap<string, Resource>>>();

  private constructor(
    options: LabClusterOptions,
    range: ClusterNetwork,
    controlPlane: ControlPlane,
    watched: WatchedObjects,
    kubelet: Kubelet,
  ) {
    this.name = options.name;
    this.gatewayAddress = options.gatewayAddress;
    this.folder = join(options.folder, options.name);
    this.#network = options.network;
    this.range = range;
    this.controlPlane = controlPlane;
    this.api = controlPlane.api;
    this.kubeconfig = controlPlane.kubeconfig;
    this.kubeconfigFile = controlPlane.kubeconfigFile;
    this.#kubelet = kubelet;
    this.#watched = watched;
    this.#proxy = new ServiceProxy(
      ...([this.api, watched, options.network, range, options.gatewayAddress] as const),
    );
    this.#policies = new NetworkPolicies(watched, options.network, range);
  }

  /** Starts everything; the cluster's own DNS server answers a moment later. */
  static async start(options: LabClusterOptions): Promise<LabCluster> {
    const { name, network, locality, etcdPort, logs, onProblem } = options;
    const folder = join(options.folder, name);
    const range = await network.addCluster(name);
    const controlPlane = await ControlPlane.start({
      ...{ cluster: name, address: range.node, etcdPort, logs },
      folder: join(folder, "control-plane"),
    });
    const { api } = controlPlane;
    const pods = join(folder, "pods");
    const watched = await WatchedObjects.start(api, [
      ...(["configMaps", "endpointSlices", "namespaces", "networkPolicies"] as const),
      ...(["pods", "secrets", "services"] as const),
    ]);
    const kubelet = await Kubelet.start(
      { api, watched, network, cluster: range, folder: pods, logs, onProblem },
      locality,
      controlPlane.kubeletClient,
    );
    const cluster = new LabCluster(options, range, controlPlane, watched, kubelet);
    await cluster.apply(clusterDns[options.dns]);
    return cluster;
  }

  async stop(): Promise<void> {
    await this.#watched.stop();
    await this.#policies.stop();
    await this.#proxy.stop();
    await this.#kubelet.stop();
    await this.controlPlane.stop();
    await this.#network.removeCluster(this.range);
  }

  get pods(): readonly Pod[] {
    return this.#kubelet.pods;
  }

  /** Pods whose label `app` is that, in the order in which they started. */
  podsOf(app: string, namespace = "default"): readonly Pod[] {
    return this.pods.filter(
      ({ object: { metadata } }) =>
        metadata.namespace === namespace && metadata.labels?.app === app,
    );
  }

  /** The pod of an app. @throws Error when there's none */
  podOf(app: string, namespace = "default"): Pod {
    const [pod] = this.podsOf(app, namespace);
    if (pod === undefined) throw new Error(`${this.name} has no pod of ${namespace}/${app}`);
    return pod;
  }

  /** What `kubectl scale deployment` does. */
  async scale(deployment: string, replicas: number, namespace = "default"): Promise<void> {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`;
    await this.api.request("PATCH", path, { spec: { replicas } }, "application/merge-patch+json");
  }

  /** What `kubectl apply --server-side --force-conflicts` does; fields that nobody knows are errors. @throws Error with the API server's answer */
  async apply(objects: readonly any[]): Promise<void> {
    for (const object of objects) {
      const path = `${await this.pathOf(object)}?fieldManager=kubectl&force=true&fieldValidation=Strict`;
      await this.#patiently(object, () =>
        this.api.request("PATCH", path, object, "application/apply-patch+yaml"),
      );
    }
  }

  async delete(object: any): Promise<void> {
    await this.api.delete(await this.pathOf(object));
  }

  /** Path of an object. */
  async pathOf({ apiVersion, kind, metadata: { name, namespace } }: any): Promise<string> {
    const found = (await this.#resources(apiVersion)).get(kind);
    if (found === undefined) throw new Error(`${this.name} knows no ${apiVersion} ${kind}`);
    const scope = found.namespaced ? `/namespaces/${namespace ?? "default"}` : "";
    return `${rootOf(apiVersion)}${scope}/${found.name}/${name}`;
  }

  #resources(apiVersion: string): Promise<ReadonlyMap<string, Resource>> {
    const known = this.#paths.get(apiVersion);
    if (known !== undefined) return known;
    const found = this.api.find(rootOf(apiVersion)).then((list) => {
      // A group that isn't there yet may come.
      if (list === undefined) this.#paths.delete(apiVersion);
      return new Map(
        ((list?.resources ?? []) as readonly Resource[])
          .filter(({ name }) => !name.includes("/"))
          .map((resource) => [resource.kind, resource]),
      );
    });
    this.#paths.set(apiVersion, found);
    return found;
  }

  /** Webhooks of an istiod that is just starting refuse; a client tries again. */
  async #patiently(object: any, send: () => Promise<{ status: number; body: any }>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { status, body } = await send();
      if (status < 300) return;
      if (status < 500 || attempt === 20) {
        const { kind, metadata } = object;
        throw new Error(
          `${this.name}: ${kind} ${metadata.namespace ?? ""}/${metadata.name}: ${status} ${body.message ?? JSON.stringify(body)}`,
        );
      }
      await sleep(500);
    }
  }
}

interface Resource {
  readonly kind: string;
  readonly name: string;
  readonly namespaced: boolean;
}

function rootOf(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
