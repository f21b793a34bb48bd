/** The pods of a cluster: what runs them, and whether they get a sidecar. */
import type { PlannedObject } from "../objects/manifest";
import { once } from "../once";
import { namespaceOf, type ObjectIndex } from "./objectIndex";
import type { ClusterIndex } from "./planIndex";
import { labelSearch } from "./selectors";
import { type DeploymentSpec, type Labels, specOf } from "./specs";

/** Kinds of workloads whose pods make calls and serve them. */
export const workloadKinds: readonly string[] = ["Deployment", "StatefulSet", "DaemonSet"];

/** Kinds of workloads whose pods make calls. */
export const callingKinds: readonly string[] = workloadKinds;

/** What a workload says of its pods. */
export function podOf({ manifest }: PlannedObject) {
  const { template } = specOf<DeploymentSpec>(manifest);
  const { labels = {}, annotations = {} } = template?.metadata ?? {};
  const { serviceAccountName = "default", containers = [], hostNetwork } = template?.spec ?? {};
  return { labels, annotations, serviceAccountName, containers, hostNetwork: hostNetwork === true };
}

const searches = once((cluster: ObjectIndex) =>
  labelSearch(
    workloadKinds.flatMap((kind) => cluster.byKind(kind)),
    (workload) => podOf(workload).labels,
  ),
);

/** Every workload of a namespace whose pods have the labels. */
export function workloadsWith(
  cluster: ObjectIndex,
  namespace: string,
  labels: Labels | undefined,
): readonly PlannedObject[] {
  return searches(cluster)(namespace, labels);
}

/** Whether a workload is scaled to nothing; then it serves nobody. */
export function isScaledToZero({ manifest }: PlannedObject): boolean {
  return specOf<DeploymentSpec>(manifest).replicas === 0;
}

/** Namespaces that Kubernetes makes itself, and those of them in which Istio injects nothing. */
const builtIn = ["default", "kube-system", "kube-public", "kube-node-lease"];
const neverInjected: readonly string[] = ["kube-system", "kube-public", "kube-node-lease"];

/** Whether a namespace is there once the plan is applied. */
export function hasNamespace(cluster: ObjectIndex, name: string): boolean {
  return builtIn.includes(name) || namespaceObject(cluster, name) !== undefined;
}

/**
 * Whether Istio's webhooks put a proxy into the pods (istiod's chart, and injectRequired): in namespaces
 * labelled for it unless the pods refuse, in others those pods that ask for it, by their revision where
 * Istio has one. Pods on the host's network never get a proxy.
 */
export function isInjected(cluster: ClusterIndex, workload: PlannedObject): boolean {
  const { labels, annotations, hostNetwork } = podOf(workload);
  const namespace = namespaceOf(workload);
  const ofNamespace = namespaceObject(cluster, namespace)?.manifest.metadata.labels ?? {};
  const own = labels[injectName];
  if (hostNetwork || neverInjected.includes(namespace) || own === "false") return false;
  if (own === undefined && annotations[injectName] === "false") return false;
  const ofInjection = ofNamespace["istio-injection"];
  if (ofInjection !== undefined) return ofInjection === "enabled";
  return (
    ofNamespace[revisionName] !== undefined ||
    labels[revisionName] !== undefined ||
    (own === "true" && cluster.revision === undefined)
  );
}

const revisionName = "istio.io/rev";
const injectName = "sidecar.istio.io/inject";

/** The planned namespace of that name. */
export function namespaceObject(cluster: ObjectIndex, name: string): PlannedObject | undefined {
  return cluster.byKey(`core/Namespace//${name}`);
}
