/** Stands in for scheduler and kubelet of a cluster with one node: pods of the API server run on this machine. */
import { Reconciler } from "../engine/reconciler";
import { KubeletServer, kubeletPort } from "./kubeletServer";
import { Pod, type PodContext } from "./pod";

export class Kubelet {
  readonly #context: PodContext;
  readonly #node: string;
  readonly #pods: Map<string, Pod>;
  readonly #server: KubeletServer;
  readonly #ending = new Set<string>();
  readonly #work: Reconciler;

  private constructor(
    context: PodContext,
    node: string,
    pods: Map<string, Pod>,
    server: KubeletServer,
  ) {
    this.#context = context;
    this.#node = node;
    this.#pods = pods;
    this.#server = server;
    // Without the API server, pods run on.
    this.#work = new Reconciler(context.watched, ["pods"], () => this.#reconcile());
  }

  /**
   * Adds the node, and runs what is scheduled from then on.
   * @param locality `<region>/<zone>` of the node.
   * @param caller Certificate of the API server, for its calls. (PEM)
   */
  static async start(
    context: PodContext,
    locality: string | undefined,
    caller: string,
  ): Promise<Kubelet> {
    const { api, cluster } = context;
    const name = `node-${cluster.name}`;
    const [region, zone] = locality?.split("/") ?? [];
    const { body: node } = await api.post("/api/v1/nodes", {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name,
        labels: {
          "kubernetes.io/hostname": name,
          ...(region === undefined ? {} : { "topology.kubernetes.io/region": region }),
          ...(zone === undefined ? {} : { "topology.kubernetes.io/zone": zone }),
        },
      },
    });
    // The API server taints new nodes; what would take the taint off watches nodes that report.
    await api.patch(`/api/v1/nodes/${name}`, { spec: { taints: null } });
    const pods = new Map<string, Pod>();
    const server = await KubeletServer.start({
      ...{ address: cluster.node, caller },
      podOf: (namespace, pod) =>
        [...pods.values()].find(({ key }) => key === `${namespace}/${pod}`),
    });
    await api.patch(`/api/v1/nodes/${name}/status`, {
      status: {
        addresses: [{ type: "InternalIP", address: cluster.node }],
        daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
        // Without it, the API server turns WebSockets into SPDY.
        declaredFeatures: ["ExtendWebSocketsToKubelet"],
        conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "" }],
        capacity: { cpu: "64", memory: "256Gi", pods: "500" },
        nodeInfo: { ...node.status.nodeInfo, kubeletVersion: "v1.37.2" },
      },
    });
    return new Kubelet(context, name, pods, server);
  }

  get pods(): readonly Pod[] {
    return [...this.#pods.values()];
  }

  /** Ends everything at once. */
  async stop(): Promise<void> {
    await this.#work.stop();
    await this.#server.stop();
    await Promise.all(this.pods.map((pod) => pod.remove()));
  }

  async #reconcile(): Promise<void> {
    const seen = new Set<string>();
    for (const object of this.#context.watched.list("pods")) {
      const { uid, deletionTimestamp } = object.metadata;
      seen.add(uid);
      if (deletionTimestamp !== undefined) this.#end(object);
      else if (object.spec.nodeName === undefined) await this.#bind(object);
      else if (!this.#pods.has(uid)) this.#pods.set(uid, new Pod(this.#context, object));
    }
    for (const [uid, pod] of this.#pods) {
      if (seen.has(uid) || this.#ending.has(uid)) continue;
      this.#pods.delete(uid);
      void pod.remove();
    }
  }

  async #bind({ metadata: { namespace, name, uid } }: any): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/binding`;
    await this.#context.api.request("POST", path, {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name, uid },
      target: { apiVersion: "v1", kind: "Node", name: this.#node },
    });
  }

  #end({ metadata: { namespace, name, uid } }: any): void {
    if (this.#ending.has(uid)) return;
    this.#ending.add(uid);
    const pod = this.#pods.get(uid);
    void (pod?.stop() ?? Promise.resolve()).then(async () => {
      this.#pods.delete(uid);
      const path = `/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`;
      await this.#context.api.delete(path).catch(() => undefined);
      this.#ending.delete(uid);
    });
  }
}
