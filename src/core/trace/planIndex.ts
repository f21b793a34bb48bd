/** Objects of a plan by what a trace asks for: host, kind and namespace. */
import { Late } from "../late";
import type { GlobalService } from "../mesh";
import type { Manifest, PlannedObject } from "../objects/manifest";
import type { ClusterPlan, Plan } from "../plan";
import { addTo, getOrMake, once } from "../once";
import {
  type DestinationRuleSpec,
  type ServiceEntrySpec,
  specOf,
  type VirtualServiceSpec,
} from "./specs";

/** Kinds of objects that are for a host. */
type HostKind = "ServiceEntry" | "DestinationRule" | "VirtualService";

/** The objects of one cluster. Built once per plan; a look-up costs the same however large the mesh is. */
export class ClusterIndex {
  readonly plan: ClusterPlan;
  readonly issuer: Plan["mesh"]["trust"]["issuer"];
  /** Istio's root namespace: policies there are for every namespace. */
  readonly rootNamespace: string;
  /** Of the control plane; `undefined` for the default one. */
  readonly revision: string | undefined;
  readonly #byKind = new Map<string, PlannedObject[]>();
  /** Made when they are asked for: a cluster that only calls is never asked for most of its kinds. */
  readonly #byNamespace = new Map<string, ReadonlyMap<string, readonly PlannedObject[]>>();
  readonly #byHost = new Map<string, ReadonlyMap<string, readonly PlannedObject[]>>();
  #byKey: ReadonlyMap<string, PlannedObject> | undefined;

  constructor(plan: ClusterPlan, mesh: Plan["mesh"]) {
    this.plan = plan;
    this.issuer = mesh.trust.issuer;
    this.rootNamespace = mesh.istio.namespace;
    this.revision = mesh.istio.revision;
    for (const object of plan.objects) addTo(this.#byKind, object.manifest.kind, object);
  }

  get name(): string {
    return this.plan.cluster.name;
  }

  /** SPIFFE trust domain, as this cluster's istiod is told. */
  get trustDomain(): string {
    return this.plan.helm.istiod.meshConfig.trustDomain;
  }

  /** Trust domains whose identities count as this cluster's own do, itself first. */
  get trustDomains(): readonly string[] {
    return [this.trustDomain, ...(this.plan.helm.istiod.meshConfig.trustDomainAliases ?? [])];
  }

  byKey(key: string): PlannedObject | undefined {
    this.#byKey ??= new Map(this.plan.objects.map((object) => [object.key, object]));
    return this.#byKey.get(key);
  }

  byHost(kind: HostKind, host: string): readonly PlannedObject[] {
    const hosts = getOrMake(this.#byHost, kind, () => grouped(this.byKind(kind), hostsOf));
    return hosts.get(host) ?? [];
  }

  /** The objects of a kind; with a namespace, those in it. */
  byKind(kind: string, namespace?: string): readonly PlannedObject[] {
    if (namespace === undefined) return this.#byKind.get(kind) ?? [];
    const namespaces = getOrMake(this.#byNamespace, kind, () =>
      grouped(this.byKind(kind), (object) => [namespaceOf(object)]),
    );
    return namespaces.get(namespace) ?? [];
  }

  named(kind: string, namespace: string, name: string): PlannedObject | undefined {
    return this.byKind(kind, namespace).find(({ manifest }) => manifest.metadata.name === name);
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
    return getOrMake(this.#clusters, name, () => new ClusterIndex(plan, this.plan.mesh));
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

const lateKey = once((late: Late) => JSON.stringify(late));

/** A text that is the same for the same address, whether it is known or still to come. */
export function addressKey(address: string | Late): string {
  return address instanceof Late ? lateKey(address) : address;
}

/** Namespace of an object; Kubernetes' own default where it names none. */
export function namespaceOf({ manifest }: PlannedObject): string {
  return manifest.metadata.namespace ?? "default";
}

function hostsOf({ manifest }: PlannedObject): readonly string[] {
  switch (manifest.kind) {
    case "ServiceEntry":
      return specOf<ServiceEntrySpec>(manifest).hosts ?? [];
    case "VirtualService":
      return specOf<VirtualServiceSpec>(manifest).hosts ?? [];
    case "DestinationRule":
      return hostOf(manifest);
    default:
      return [];
  }
}

function hostOf(manifest: Manifest): readonly string[] {
  const { host } = specOf<DestinationRuleSpec>(manifest);
  return host === undefined ? [] : [host];
}

function grouped(
  objects: readonly PlannedObject[],
  keysOf: (object: PlannedObject) => readonly string[],
): ReadonlyMap<string, readonly PlannedObject[]> {
  const groups = new Map<string, PlannedObject[]>();
  for (const object of objects) for (const key of keysOf(object)) addTo(groups, key, object);
  return groups;
}
