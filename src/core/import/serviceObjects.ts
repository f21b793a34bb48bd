/** What stands beside a service's entries, found without a look at the objects of all other services. */
import type { Manifest } from "../objects/manifest";
import { addTo } from "../once";
import {
  type AuthorizationPolicySpec,
  type DeploymentSpec,
  type DestinationRuleSpec,
  type Labels,
  selects,
  specOf,
  type VirtualServiceSpec,
} from "../trace/specs";
import { type ClusterInventory, objectsOf } from "./inventory";

type Found<T> = ReadonlyMap<string, readonly T[]>;

/** Objects of clusters under what they are looked up by; each object is read once. */
export class ServiceObjects {
  readonly #rules: Found<{ readonly cluster: string; readonly spec: DestinationRuleSpec }>;
  readonly #virtualServices: Found<Manifest>;
  /** By cluster, kind, namespace and name. */
  readonly #named: ReadonlyMap<string, Manifest>;
  /** ALLOW policies by cluster, namespace and the labels that they select. */
  readonly #policies: Found<AuthorizationPolicySpec>;
  /** Workloads by cluster, namespace and each of their pods' labels. */
  readonly #workloads: Found<NonNullable<DeploymentSpec["template"]>>;

  constructor(clusters: readonly ClusterInventory[]) {
    const rules = new Map<string, { cluster: string; spec: DestinationRuleSpec }[]>();
    const virtualServices = new Map<string, Manifest[]>();
    const named = new Map<string, Manifest>();
    const policies = new Map<string, AuthorizationPolicySpec[]>();
    const workloads = new Map<string, NonNullable<DeploymentSpec["template"]>[]>();
    for (const inventory of clusters) {
      const cluster = inventory.name;
      for (const manifest of objectsOf(inventory, "DestinationRule")) {
        const spec = specOf<DestinationRuleSpec>(manifest);
        addTo(rules, spec.host ?? "", { cluster, spec });
      }
      for (const manifest of objectsOf(inventory, "VirtualService"))
        for (const host of new Set(specOf<VirtualServiceSpec>(manifest).hosts ?? []))
          addTo(virtualServices, host, manifest);
      for (const kind of ["Service", "PeerAuthentication"])
        for (const manifest of objectsOf(inventory, kind))
          named.set(at(cluster, kind, namespaceOf(manifest), manifest.metadata.name), manifest);
      for (const manifest of objectsOf(inventory, "AuthorizationPolicy")) {
        const spec = specOf<AuthorizationPolicySpec>(manifest);
        const labels = spec.selector?.matchLabels;
        if (labels !== undefined && (spec.action ?? "ALLOW") === "ALLOW")
          addTo(policies, at(cluster, namespaceOf(manifest), ...sortedPairs(labels)), spec);
      }
      for (const kind of ["Deployment", "StatefulSet", "DaemonSet"])
        for (const manifest of objectsOf(inventory, kind)) {
          const { template = {} } = specOf<DeploymentSpec>(manifest);
          for (const pair of sortedPairs(template.metadata?.labels ?? {}))
            addTo(workloads, at(cluster, namespaceOf(manifest), pair), template);
        }
    }
    this.#rules = rules;
    this.#virtualServices = virtualServices;
    this.#named = named;
    this.#policies = policies;
    this.#workloads = workloads;
  }

  /** Rules for a host, of all clusters or of one. */
  rulesFor(host: string, cluster?: string): readonly DestinationRuleSpec[] {
    return (this.#rules.get(host) ?? [])
      .filter((rule) => cluster === undefined || rule.cluster === cluster)
      .map(({ spec }) => spec);
  }

  /** VirtualServices that route a host. */
  virtualServicesFor(host: string): readonly Manifest[] {
    return this.#virtualServices.get(host) ?? [];
  }

  /** The object of that name in the first of the clusters that has it. */
  find(
    clusters: readonly string[],
    kind: "Service" | "PeerAuthentication",
    namespace: string,
    name: string,
  ): Manifest | undefined {
    return clusters
      .map((cluster) => this.#named.get(at(cluster, kind, namespace, name)))
      .find((found) => found !== undefined);
  }

  /** ALLOW policies for exactly these labels. */
  policiesFor(
    cluster: string,
    namespace: string,
    selector: Labels,
  ): readonly AuthorizationPolicySpec[] {
    return this.#policies.get(at(cluster, namespace, ...sortedPairs(selector))) ?? [];
  }

  /** ServiceAccounts of the pods that a selector selects, each once. */
  accountsFor(cluster: string, namespace: string, selector: Labels): readonly string[] {
    const [fewest = []] = sortedPairs(selector)
      .map((pair) => this.#workloads.get(at(cluster, namespace, pair)) ?? [])
      .sort((a, b) => a.length - b.length);
    const accounts = fewest
      .filter(({ metadata }) => selects(selector, metadata?.labels))
      .map(({ spec }) => spec?.serviceAccountName ?? "default");
    return [...new Set(accounts)];
  }
}

const at = (...parts: readonly string[]): string => JSON.stringify(parts);

const namespaceOf = ({ metadata }: Manifest): string => metadata.namespace ?? "default";

function sortedPairs(labels: Labels): readonly string[] {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort();
}
