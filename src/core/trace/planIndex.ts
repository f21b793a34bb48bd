/** Objects of a plan by what a trace asks for, cluster by cluster. */
import type { Late } from "../late";
import type { GlobalService } from "../mesh";
import type { ClusterPlan, Plan } from "../plan";
import { addTo, getOrMake } from "../once";
import { addressKey } from "../addressKey";
import { objectsSeenBy } from "./hubSight";
import { ObjectIndex } from "./objectIndex";

/** The planned objects that one cluster's istiod sees, and what it is told. */
export class ClusterIndex extends ObjectIndex {
  readonly plan: ClusterPlan;
  readonly issuer: Plan["mesh"]["trust"]["issuer"];
  /** Of the control plane; `undefined` for the default one. */
  readonly revision: string | undefined;

  /** @param plan Of the cluster. */
  constructor(plan: ClusterPlan, whole: Plan) {
    const { mesh } = whole;
    super(plan.cluster.name, objectsSeenBy(whole, plan), mesh.istio.namespace);
    this.plan = plan;
    this.issuer = mesh.trust.issuer;
    this.revision = mesh.istio.revision;
  }

  /** SPIFFE trust domain, as this cluster's istiod is told. */
  get trustDomain(): string {
    return this.plan.helm.istiod.meshConfig.trustDomain;
  }

  /** Trust domains whose identities count as this cluster's own do, itself first. */
  get trustDomains(): readonly string[] {
    return [this.trustDomain, ...(this.plan.helm.istiod.meshConfig.trustDomainAliases ?? [])];
  }
}

/** The objects of all clusters of a plan. */
export class PlanIndex {
  readonly plan: Plan;
  readonly #plans: ReadonlyMap<string, ClusterPlan>;
  readonly #clusters = new Map<string, ClusterIndex>();
  readonly #services: ReadonlyMap<string, GlobalService>;
  readonly #namesByAddress: ReadonlyMap<string, readonly string[]>;

  constructor(plan: Plan) {
    this.plan = plan;
    this.#plans = new Map(plan.clusters.map((cluster) => [cluster.cluster.name, cluster]));
    this.#services = new Map(plan.mesh.services.map((service) => [service.host, service]));
    const byAddress = new Map<string, string[]>();
    for (const { cluster, gatewayAddress } of plan.clusters)
      addTo(byAddress, addressKey(gatewayAddress), cluster.name);
    this.#namesByAddress = byAddress;
  }

  get clusters(): readonly ClusterIndex[] {
    return [...this.#plans.keys()].flatMap((name) => this.cluster(name) ?? []);
  }

  cluster(name: string): ClusterIndex | undefined {
    const plan = this.#plans.get(name);
    if (plan === undefined) return undefined;
    return getOrMake(this.#clusters, name, () => new ClusterIndex(plan, this.plan));
  }

  /** The clusters whose gateways have an address; several where NAT gives them different ports of it. */
  clustersAt(address: string | Late): readonly ClusterIndex[] {
    const names = this.#namesByAddress.get(addressKey(address)) ?? [];
    return names.flatMap((name) => this.cluster(name) ?? []);
  }

  /** What the description says of a host; it stands for workloads that the plan doesn't have. */
  service(host: string): GlobalService | undefined {
    return this.#services.get(host);
  }
}
