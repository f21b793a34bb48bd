/** Stands in for a network that enforces NetworkPolicies: they are read from the API server, and become rules for packets. */
import { Reconciler } from "../engine/reconciler";
import type { WatchedObjects } from "../engine/watchedObjects";
import type { Admission, ClusterNetwork, Guard, Network, PortRange } from "./network";

export class NetworkPolicies {
  readonly #watched: WatchedObjects;
  readonly #network: Network;
  readonly #cluster: ClusterNetwork;
  #known = "[]";
  readonly #work: Reconciler;

  constructor(watched: WatchedObjects, network: Network, cluster: ClusterNetwork) {
    this.#watched = watched;
    this.#network = network;
    this.#cluster = cluster;
    // Without the API server, what is enforced stays so.
    this.#work = new Reconciler(watched, ["networkPolicies", "pods", "namespaces"], () =>
      this.#reconcile(),
    );
  }

  async stop(): Promise<void> {
    await this.#work.stop();
  }

  async #reconcile(): Promise<void> {
    const guards = guardsOf(this.#watched.list("networkPolicies"), {
      pods: this.#watched.list("pods").filter(({ status }) => status.podIP !== undefined),
      namespaces: this.#watched.list("namespaces"),
      range: this.#cluster.range,
    });
    const text = JSON.stringify(guards);
    if (text === this.#known) return;
    await this.#network.guard(this.#cluster, guards);
    this.#known = text;
  }
}

/** What selectors choose among. */
interface Selectable {
  readonly pods: readonly any[];
  readonly namespaces: readonly any[];
  /** Of all pods. */
  readonly range: string;
}

/** A pod that policies select in a direction is shut in that direction, but for what one of them lets through. */
function guardsOf(policies: readonly any[], all: Selectable): readonly Guard[] {
  return all.pods.flatMap((pod) =>
    (["Ingress", "Egress"] as const).flatMap((type): Guard[] => {
      const selecting = policies.filter(
        ({ metadata, spec }) =>
          metadata.namespace === pod.metadata.namespace &&
          spec.policyTypes.includes(type) &&
          selects(spec.podSelector, pod.metadata.labels),
      );
      if (selecting.length === 0) return [];
      const admits = selecting.flatMap(({ metadata, spec }) =>
        (type === "Ingress" ? (spec.ingress ?? []) : (spec.egress ?? [])).map(
          (rule: any): Admission => ({
            peers: peersOf(rule.from ?? rule.to ?? [], metadata.namespace, all),
            ports: rule.ports?.map((port: any) => portRange(port, pod)),
          }),
        ),
      );
      return [{ address: pod.status.podIP, direction: type === "Ingress" ? "in" : "out", admits }];
    }),
  );
}

/** Ranges of addresses; `undefined` for anybody. */
function peersOf(
  peers: readonly any[],
  own: string,
  { pods, namespaces, range }: Selectable,
): readonly string[] | undefined {
  if (peers.length === 0) return undefined;
  return peers.flatMap(({ ipBlock, namespaceSelector, podSelector }): readonly string[] => {
    if (ipBlock !== undefined) {
      if (ipBlock.except !== undefined) throw new Error("the lab knows no exceptions of ranges");
      return ipBlock.cidr.includes(":") ? [] : [ipBlock.cidr];
    }
    const chosen = namespaces.filter(({ metadata }) =>
      namespaceSelector === undefined
        ? metadata.name === own
        : selects(namespaceSelector, metadata.labels),
    );
    if (podSelector === undefined && chosen.length === namespaces.length) return [range];
    const names = new Set(chosen.map(({ metadata }) => metadata.name));
    return pods
      .filter(
        ({ metadata }) =>
          names.has(metadata.namespace) && selects(podSelector ?? {}, metadata.labels),
      )
      .map(({ status }) => status.podIP);
  });
}

function portRange({ protocol, port, endPort }: any, pod: any): PortRange {
  const named = pod.spec.containers
    .flatMap(({ ports = [] }: any) => ports)
    .find(({ name }: any) => name === port);
  const from = typeof port === "number" ? port : named?.containerPort;
  if (from === undefined) throw new Error(`${pod.metadata.name} has no port ${port}`);
  return { protocol: protocol.toLowerCase(), from, to: endPort ?? from };
}

function selects({ matchLabels = {}, matchExpressions = [] }: any, labels: any = {}): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }: any) => {
      switch (operator) {
        case "In":
          return values.includes(labels[key]);
        case "NotIn":
          return !values.includes(labels[key]);
        case "Exists":
          return key in labels;
        case "DoesNotExist":
          return !(key in labels);
        default:
          throw new Error(`the lab knows no operator ${operator}`);
      }
    })
  );
}
