/** What is behind a service: the planned workloads that its selector finds, or itself where there are none. */
import type { Manifest, PlannedObject } from "../objects/manifest";
import type { ClusterPlan } from "../plan";
import { namespaceOf } from "../trace/objectIndex";
import type { ClusterIndex, PlanIndex } from "../trace/planIndex";
import { type Labels, selects, type ServiceSpec, specOf } from "../trace/specs";
import { isCalling, isServing, podOf } from "../trace/workloads";

/** The workloads that a plan deploys; gateways and DNS servers of the mesh itself are none. */
export function workloadsOf(cluster: ClusterPlan): readonly PlannedObject[] {
  return cluster.objects.filter((object) => object.stage === "workloads" && isCalling(object));
}

/** `<name>.<namespace>` of an object. */
export function nodeName({ metadata }: Pick<Manifest, "metadata">): string {
  return `${metadata.name}.${metadata.namespace ?? "default"}`;
}

/**
 * Names of the nodes that serve in a cluster what a host stands for.
 * @param host A global host, or `<service>.<namespace>`.
 */
export function targetsOf(
  index: PlanIndex,
  cluster: ClusterIndex,
  host: string,
  version?: string,
): readonly string[] {
  const described = index.service(host);
  const [name = "", namespace = ""] = described?.key.split(".") ?? host.split(".");
  const service = cluster.byKey(`core/Service/${namespace}/${name}`);
  const selector =
    (service === undefined ? undefined : specOf<ServiceSpec>(service.manifest).selector) ??
    described?.selector;
  const subset = described?.versions.find((candidate) => candidate.name === version)?.labels;
  const found =
    selector === undefined ? [] : selectedBy(cluster, namespace, { ...selector, ...subset });
  return found.length > 0 ? found : [`${name}.${namespace}`];
}

function selectedBy(cluster: ClusterIndex, namespace: string, labels: Labels): readonly string[] {
  return workloadsOf(cluster.plan)
    .filter((workload) => {
      const { labels: own } = podOf(workload);
      return isServing(workload) && namespaceOf(workload) === namespace && selects(labels, own);
    })
    .map(({ manifest }) => nodeName(manifest));
}
