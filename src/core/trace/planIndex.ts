/** Objects of a plan by what a trace asks for: host, kind and namespace. */
import type { ClusterPlan, Plan } from "../plan";
import type { GlobalService } from "../mesh";
import type { Manifest, PlannedObject } from "../objects/manifest";
import {
  type DestinationRuleSpec,
  type ServiceEntrySpec,
  specOf,
  type VirtualServiceSpec,
} from "./specs";

/** The objects of one cluster. Built once per plan; a look-up costs the same however large the mesh is. */
export class ClusterIndex {
  readonly plan: ClusterPlan;
  readonly issuer: Plan["mesh"]["trust"]["issuer"];
  readonly #byKey = new Map<string, PlannedObject>();
  readonly #byHost = new Map<string, PlannedObject[]>();
  readonly #byKind = new Map<string, PlannedObject[]>();

  constructor(plan: ClusterPlan, mesh: Plan["mesh"]) {
    this.plan = plan;
    this.issuer = mesh.trust.issuer;
    for (const object of plan.objects) {
      this.#byKey.set(object.key, object);
      for (const host of hostsOf(object.manifest))
        push(this.#byHost, `${object.manifest.kind} ${host}`, object);
      push(
        this.#byKind,
        `${object.manifest.kind} ${object.manifest.metadata.namespace ?? ""}`,
        object,
      );
      push(this.#byKind, object.manifest.kind, object);
    }
  }

  get name(): string {
    return this.plan.cluster.name;
  }

  /** SPIFFE trust domain, as this cluster's istiod is told. */
  get trustDomain(): string {
    return this.plan.helm.istiod.meshConfig.trustDomain;
  }

  byKey(key: string): PlannedObject | undefined {
    return this.#byKey.get(key);
  }

  byHost(
    kind: "ServiceEntry" | "DestinationRule" | "VirtualService",
    host: string,
  ): readonly PlannedObject[] {
    return this.#byHost.get(`${kind} ${host}`) ?? [];
  }

  byKind(kind: string, namespace?: string): readonly PlannedObject[] {
    return this.#byKind.get(namespace === undefined ? kind : `${kind} ${namespace}`) ?? [];
  }
}

/** The objects of all clusters of a plan. */
export class PlanIndex {
  readonly plan: Plan;
  readonly clusters: readonly ClusterIndex[];
  readonly #byName: ReadonlyMap<string, ClusterIndex>;
  readonly #services: ReadonlyMap<string, GlobalService>;

  constructor(plan: Plan) {
    this.plan = plan;
    this.clusters = plan.clusters.map((cluster) => new ClusterIndex(cluster, plan.mesh));
    this.#byName = new Map(this.clusters.map((cluster) => [cluster.name, cluster]));
    this.#services = new Map(plan.mesh.services.map((service) => [service.host, service]));
  }

  cluster(name: string): ClusterIndex | undefined {
    return this.#byName.get(name);
  }

  /** What the description says of a host; it stands for workloads that the plan doesn't have. */
  service(host: string): GlobalService | undefined {
    return this.#services.get(host);
  }
}

function hostsOf(manifest: Manifest): readonly string[] {
  switch (manifest.kind) {
    case "ServiceEntry":
      return specOf<ServiceEntrySpec>(manifest).hosts ?? [];
    case "VirtualService":
      return specOf<VirtualServiceSpec>(manifest).hosts ?? [];
    case "DestinationRule": {
      const { host } = specOf<DestinationRuleSpec>(manifest);
      return host === undefined ? [] : [host];
    }
    default:
      return [];
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
