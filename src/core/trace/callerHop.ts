/** The first hop: the caller's pods have a sidecar, without which nothing of the mesh is for them. */
import type { PlannedObject } from "../objects/manifest";
import {
  callerPods,
  callingWorkloads,
  controlPlanePort,
  shutFromControlPlane,
  shutFromNames,
} from "./callerPods";
import type { Call } from "./calls";
import { type Hop, hopsOf, nameOf, worstOf } from "./hop";
import { namespaceOf } from "./objectIndex";
import type { ClusterIndex } from "./planIndex";
import { type Labels, selects, type SidecarSpec, specOf } from "./specs";
import { isInjected, podOf } from "./workloads";

/** Prefix of annotations by which pods choose what their sidecars capture. */
const capturePrefix = "traffic.sidecar.istio.io/";

/** The hop of a caller: of several workloads with its name, that which is worst off. */
export function callerHop(home: ClusterIndex, caller: Call["caller"]): Hop {
  const [first, ...others] = callingWorkloads(home, caller).map((workload) =>
    workloadHop(home, caller, workload),
  );
  return first === undefined ? workloadHop(home, caller, undefined) : worstOf([first, ...others]);
}

function workloadHop(
  home: ClusterIndex,
  caller: Call["caller"],
  workload: PlannedObject | undefined,
): Hop {
  const { planned, assumed, missing } = hopsOf(home);
  const who = caller === undefined ? "any pod" : `pods of ${caller.namespace}/${caller.name}`;
  if (workload !== undefined && !isInjected(home, workload))
    return missing("caller", workload, `${who} in ${home.name} get no sidecar`);
  const shut = workload === undefined ? undefined : shutHop(home, workload, who);
  if (shut?.status === "missing") return shut;

  const { labels, annotations } = workload === undefined ? { annotations: {} } : podOf(workload);
  const sidecar = sidecarFor(home, caller?.namespace, labels);
  if (sidecar !== undefined)
    return assumed("caller", sidecar, `${who}, as far as ${nameOf(sidecar)} lets them see`);
  const capture = Object.keys(annotations).find((name) => name.startsWith(capturePrefix));
  if (capture !== undefined)
    return assumed("caller", workload, `${who}, as far as ${capture} lets the sidecar see`);
  if (shut !== undefined) return shut;
  return workload === undefined
    ? assumed("caller", undefined, `${who} with a sidecar`)
    : planned("caller", workload, nameOf(workload));
}

/** What NetworkPolicies keep a workload's pods from before they call anybody. */
function shutHop(home: ClusterIndex, workload: PlannedObject, who: string): Hop | undefined {
  const { assumed, missing } = hopsOf(home);
  const pods = callerPods(home, workload);
  const noControl = shutFromControlPlane(home, pods);
  if (noControl !== undefined) {
    const text = `${nameOf(noControl)} of ${home.name} keeps ${who} from istiod's port ${controlPlanePort}, so their sidecars know of nothing`;
    return missing("caller", noControl, text);
  }
  const noNames = shutFromNames(pods);
  return noNames === undefined
    ? undefined
    : assumed("caller", noNames, `${who}, whom ${nameOf(noNames)} lets ask no DNS server`);
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
  return callingWorkloads(home, caller).some((workload) => {
    const ranges = podOf(workload).annotations[`${capturePrefix}includeOutboundIPRanges`];
    return ranges?.split(",").some((range) => range.trim().startsWith("127.")) === true;
  });
}
