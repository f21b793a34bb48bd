/** Who sees an object: `exportTo`, and the callers that are known. */
import { addTo } from "../once";
import type { PlannedObject } from "../objects/manifest";
import { workloadCalls } from "../trace/calls";
import { namespaceOf } from "../trace/objectIndex";
import { type Labels, specOf } from "../trace/specs";
import { callingWorkloadsOf, podOf } from "../trace/workloads";
import type { PolicyCluster } from "./cluster";
import { isGlobalHost } from "./exported";
import type { PolicySettings } from "./settings";

/** The namespaces that an object is exported to. */
export type Audience = "everyone" | ReadonlySet<string>;

export function audienceOf(object: PlannedObject): Audience {
  const { exportTo = [] } = specOf<{ readonly exportTo?: readonly string[] }>(object.manifest);
  if (exportTo.length === 0 || exportTo.includes("*")) return "everyone";
  const namespace = namespaceOf(object);
  return new Set(exportTo.map((to) => (to === "." ? namespace : to)).filter((to) => to !== "~"));
}

/** Whether some namespace sees both. */
export function haveCommonAudience(one: PlannedObject, other: PlannedObject): boolean {
  const [a, b] = [audienceOf(one), audienceOf(other)];
  if (a === "everyone") return b === "everyone" || b.size > 0;
  return b === "everyone" ? a.size > 0 : [...a].some((namespace) => b.has(namespace));
}

/** Somebody who calls a global host. */
export interface KnownCaller {
  /** `cartservice.shop`, for messages. */
  readonly name: string;
  readonly namespace: string;
  /** Of its pods; `undefined` where they aren't known. */
  readonly labels: Labels | undefined;
}

/**
 * Callers by global host: workloads of the cluster whose environment names the host, and the callers that a description
 * lists for a service that the cluster consumes.
 */
export function knownCallers(
  { name: cluster, index }: PolicyCluster,
  { domain, services }: PolicySettings,
): ReadonlyMap<string, readonly KnownCaller[]> {
  const callers = new Map<string, KnownCaller[]>();
  for (const workload of callingWorkloadsOf(index)) {
    const { labels } = podOf(workload);
    for (const { caller, host } of workloadCalls(cluster, [workload], () => true)) {
      if (caller === undefined || !isGlobalHost(host, domain)) continue;
      const { name, namespace } = caller;
      addTo(callers, host, { name: `${name}.${namespace}`, namespace, labels });
    }
  }
  for (const [key, { host, consumedBy, callers: described = [] }] of services) {
    if (key !== host || !consumedBy.includes(cluster)) continue;
    for (const { serviceAccount, namespace } of described)
      addTo(callers, host, {
        name: `${serviceAccount}.${namespace}`,
        namespace,
        labels: undefined,
      });
  }
  return callers;
}
