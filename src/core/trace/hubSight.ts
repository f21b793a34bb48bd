/**
 * What a cluster's istiod sees of objects: those of its own API server, but for what only hubs read, and what hubs hand it. The way
 * there is read from planned objects alone: istiod's values, the gateway's door, where it leads, and what the hub there reads.
 */
import { audienceLabel, hubNamespaceName } from "../objects/hubService";
import type { PlannedObject } from "../objects/manifest";
import { getOrMake, once } from "../once";
import type { ClusterPlan, Plan } from "../plan";
import { addressKey } from "../addressKey";
import { ObjectIndex } from "./objectIndex";
import { type GatewaySpec, type Labels, selects, type ServiceEntrySpec, specOf } from "./specs";

/** Objects of the cluster's view, its own first. */
export function objectsSeenBy(plan: Plan, cluster: ClusterPlan): readonly PlannedObject[] {
  const { configSources, discoverySelectors } = cluster.helm.istiod.meshConfig;
  const hidden = discoverySelectors === undefined ? undefined : audienceNamespaces(cluster);
  const own =
    hidden === undefined
      ? cluster.objects
      : cluster.objects.filter(
          ({ manifest }) => !hidden.has(manifest.metadata.namespace ?? "default"),
        );
  if (configSources === undefined) return own;
  const index = new ObjectIndex(cluster.cluster.name, own, plan.mesh.istio.namespace);
  const seen = new Map<string, PlannedObject>();
  for (const { address } of configSources) {
    const port = Number(/^xds:\/\/[^:]+:(\d+)$/.exec(address)?.[1]);
    for (const [hub, name] of hubsBehind(plan, cluster, index, port))
      for (const object of handedOutBy(hub, name)) seen.set(object.key, object);
  }
  return [...own, ...seen.values()];
}

/** Namespaces of a cluster that hubs read. */
function audienceNamespaces({ objects }: ClusterPlan): ReadonlySet<string> {
  return new Set(
    objects.flatMap(({ manifest: { kind, metadata } }) =>
      kind === "Namespace" && metadata.labels?.[audienceLabel] !== undefined ? metadata.name : [],
    ),
  );
}

/** Clusters that have a hub behind a port of the gateway, and the name of its Service there. */
function hubsBehind(
  plan: Plan,
  home: ClusterPlan,
  index: ObjectIndex,
  port: number,
): readonly (readonly [hub: ClusterPlan, name: string])[] {
  const hosts = index
    .byKind("Gateway", home.cluster.gateway.namespace)
    .flatMap(({ manifest }) => specOf<GatewaySpec>(manifest).servers ?? [])
    .filter((server) => server.port?.number === port && server.port.protocol === "TCP")
    .flatMap(({ hosts = [] }) => hosts);
  return hosts.flatMap((host) => {
    const [name = ""] = host.split(".");
    const entries = index.byHost("ServiceEntry", host).map(({ manifest }) => manifest);
    return plan.clusters
      .filter(({ cluster, gatewayAddress }) =>
        entries
          .map((entry) => specOf<ServiceEntrySpec>(entry))
          .some((entry) =>
            entry.workloadSelector === undefined
              ? entry.endpoints?.some(
                  ({ address }) => addressKey(address) === addressKey(gatewayAddress),
                )
              : cluster.name === home.cluster.name,
          ),
      )
      .map((hub) => [hub, name] as const);
  });
}

const handedOut = once((_hub: ClusterPlan) => new Map<string, readonly PlannedObject[]>());

/** What a hub reads: objects in the namespaces that its mesh configuration selects. */
function handedOutBy(hub: ClusterPlan, name: string): readonly PlannedObject[] {
  return getOrMake(handedOut(hub), name, () => {
    const named = (kind: string) =>
      hub.objects.find(
        ({ manifest: { kind: own, metadata } }) =>
          own === kind && metadata.name === name && metadata.namespace === hubNamespaceName,
      );
    const config = named("ConfigMap");
    if (config === undefined || named("Deployment") === undefined) return [];
    const selectors = selectorsOf(config);
    const read = new Set(
      hub.objects
        .filter(
          ({ manifest: { kind, metadata } }) =>
            kind === "Namespace" && selectors.some((labels) => selects(labels, metadata.labels)),
        )
        .map(({ manifest }) => manifest.metadata.name),
    );
    return hub.objects.filter(
      ({ manifest: { apiVersion, metadata } }) =>
        apiVersion.includes(".istio.io/") && read.has(metadata.namespace ?? "default"),
    );
  });
}

/** Labels that a mesh configuration, written in JSON, selects namespaces by. */
function selectorsOf({ manifest }: PlannedObject): readonly Labels[] {
  const { mesh = "{}" } = manifest.data as { readonly mesh?: string };
  const { discoverySelectors = [] } = JSON.parse(mesh) as {
    readonly discoverySelectors?: readonly { readonly matchLabels?: Labels }[];
  };
  return discoverySelectors.flatMap(({ matchLabels }) =>
    matchLabels === undefined ? [] : [matchLabels],
  );
}
