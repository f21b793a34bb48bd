/** The first hop: the caller's pods have a sidecar, without which nothing of the mesh is for them. */
import type { Call } from "./calls";
import { type Hop, hopsOf, nameOf } from "./hop";
import { namespaceOf } from "./objectIndex";
import type { ClusterIndex } from "./planIndex";
import { type Labels, selects, type SidecarSpec, specOf } from "./specs";
import { isInjected, podOf, workloadKinds } from "./workloads";

/** Prefix of annotations by which pods choose what their sidecars capture. */
const capturePrefix = "traffic.sidecar.istio.io/";

export function callerHop(home: ClusterIndex, caller: Call["caller"]): Hop {
  const { planned, assumed, missing } = hopsOf(home);
  const who = caller === undefined ? "any pod" : `pods of ${caller.namespace}/${caller.name}`;
  const workload =
    caller === undefined || !home.plan.hasWorkloads
      ? undefined
      : workloadKinds
          .map((kind) => home.named(kind, caller.namespace, caller.name))
          .find((found) => found !== undefined);
  if (workload !== undefined && !isInjected(home, workload))
    return missing("caller", workload, `${who} in ${home.name} get no sidecar`);

  const { labels, annotations } = workload === undefined ? { annotations: {} } : podOf(workload);
  const sidecar = sidecarFor(home, caller?.namespace, labels);
  if (sidecar !== undefined)
    return assumed("caller", sidecar, `${who}, as far as ${nameOf(sidecar)} lets them see`);
  const capture = Object.keys(annotations).find((name) => name.startsWith(capturePrefix));
  if (capture !== undefined)
    return assumed("caller", workload, `${who}, as far as ${capture} lets the sidecar see`);
  return workload === undefined
    ? assumed("caller", undefined, `${who} with a sidecar`)
    : planned("caller", workload, nameOf(workload));
}

/** A Sidecar that may hide services from the caller: its namespace's, or the root namespace's for all. */
function sidecarFor(home: ClusterIndex, namespace: string | undefined, labels: Labels | undefined) {
  return home.byKind("Sidecar").find((sidecar) => {
    const { workloadSelector } = specOf<SidecarSpec>(sidecar.manifest);
    const at = namespaceOf(sidecar);
    if (at === home.rootNamespace && workloadSelector === undefined) return true;
    if (namespace !== undefined && at !== namespace) return false;
    return labels === undefined || selects(workloadSelector?.labels, labels);
  });
}

/** Whether the caller's pods ask for loopback addresses to be captured too, which sidecars leave alone otherwise. */
export function capturesLoopback(home: ClusterIndex, caller: Call["caller"]): boolean {
  if (caller === undefined) return false;
  return workloadKinds
    .flatMap((kind) => home.named(kind, caller.namespace, caller.name) ?? [])
    .some((workload) => {
      const ranges = podOf(workload).annotations[`${capturePrefix}includeOutboundIPRanges`];
      return ranges?.split(",").some((range) => range.trim().startsWith("127.")) === true;
    });
}
