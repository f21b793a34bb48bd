/** The lab: N clusters on this machine, each with a control plane and a network of its own. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { LabCluster } from "./cluster";
import type { ClusterDns } from "./clusterDns";
import { Network } from "./network";
import { repository } from "./repository";

/** Logs of the last lab: those of processes by cluster. */
export const logFolder = join(repository, "out/lab/logs");

/** For what goes with the machine that the lab is in, if not before: that has a file system of its own there. */
export const workFolder = "/run/lab";

/** What clusters may differ in. */
export interface LabClusterSettings {
  /** `<region>/<zone>` of its node. */
  readonly locality?: string | undefined;
  /** Its own DNS server. @default coredns */
  readonly clusterDns?: ClusterDns;
}

export interface LabOptions {
  /** The clusters by name. */
  readonly clusters: Readonly<Record<string, LabClusterSettings>>;
  /** Whether pods reach API servers of other clusters. @default false */
  readonly openApiServers?: boolean;
  /** Told what happens. @default nobody is */
  readonly onProgress?: (message: string) => void;
  /** Folder in `out/lab/logs`. @default logs are in that itself */
  readonly name?: string;
}

export class Lab {
  readonly network: Network;
  readonly logs: string;
  readonly #clusters = new Map<string, LabCluster>();
  readonly #onProgress: (message: string) => void;
  #started = 0;

  private constructor(network: Network, logs: string, onProgress: (message: string) => void) {
    this.network = network;
    this.logs = logs;
    this.#onProgress = onProgress;
  }

  /** Starts all clusters at the same time. */
  static async start({
    clusters,
    onProgress,
    openApiServers = false,
    name = ".",
  }: LabOptions): Promise<Lab> {
    const logs = join(logFolder, name);
    rmSync(logs, { recursive: true, force: true });
    mkdirSync(logs, { recursive: true });
    const lab = new Lab(new Network(openApiServers), logs, onProgress ?? (() => undefined));
    try {
      await Promise.all(
        Object.entries(clusters).map(([cluster, settings]) => lab.addCluster(cluster, settings)),
      );
    } catch (error) {
      await lab.stop();
      throw error;
    }
    return lab;
  }

  get clusters(): readonly LabCluster[] {
    return [...this.#clusters.values()];
  }

  cluster(name: string): LabCluster {
    const found = this.#clusters.get(name);
    if (found === undefined) throw new Error(`the lab has no cluster ${name}`);
    return found;
  }

  /** Starts one more cluster. */
  async addCluster(name: string, settings: LabClusterSettings = {}): Promise<LabCluster> {
    const index = this.#started++;
    this.progress(`${name}: etcd, kube-apiserver, kube-controller-manager`);
    const cluster = await LabCluster.start({
      ...{ name, network: this.network, folder: workFolder, logs: this.logs },
      locality: settings.locality,
      dns: settings.clusterDns ?? "coredns",
      gatewayAddress: `203.0.113.${10 * (index + 1)}`,
      etcdPort: 23790 + 2 * index,
      onProblem: (message) => this.progress(message),
    });
    this.#clusters.set(name, cluster);
    this.progress(`${name}: API server at ${cluster.range.node}`);
    return cluster;
  }

  async removeCluster(name: string): Promise<void> {
    await this.cluster(name).stop();
    this.#clusters.delete(name);
  }

  progress(message: string): void {
    this.#onProgress(message);
  }

  async stop(): Promise<void> {
    await Promise.all(this.clusters.map((cluster) => cluster.stop()));
    this.#clusters.clear();
    rmSync(workFolder, { recursive: true, force: true });
  }
}
