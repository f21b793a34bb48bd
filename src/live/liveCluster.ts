/** A cluster that runs, as a client sees it. */
import type { KubeConfig, KubernetesObjectApi } from "@kubernetes/client-node";
import { clientOf } from "./kubeClient";

export class LiveCluster {
  /** In the mesh. */
  readonly name: string;
  /** In the kubeconfig. */
  readonly context: string;
  /** URL of its API server. */
  readonly server: string;
  /** Has credentials; its current context is this cluster's. */
  readonly config: KubeConfig;
  #objects: Promise<KubernetesObjectApi> | undefined;

  constructor(name: string, context: string, server: string, config: KubeConfig) {
    this.name = name;
    this.context = context;
    this.server = server;
    this.config = config;
  }

  /** For objects of every kind. */
  objects(): Promise<KubernetesObjectApi> {
    return (this.#objects ??= clientOf(this.config));
  }
}
