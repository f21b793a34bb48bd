/** The pods of a cluster: what runs them, and whether they get a sidecar. */
import type { PlannedObject } from "../objects/manifest";
import { once } from "../once";
import { namespaceOf, type ObjectIndex } from "./objectIndex";
import type { ClusterIndex } from "./planIndex";
import { labelSearch } from "./selectors";
import {
  type CronJobSpec,
  type DeploymentSpec,
  type Labels,
  type PodTemplate,
  specOf,
} from "./specs";

/** Kinds of workloads that keep pods running from a template at `spec.template`. */
export const workloadKinds: readonly string[] = ["Deployment", "StatefulSet", "DaemonSet"];

/** Kinds of workloads whose pods serve, and make calls: those, those that stand for one of them, and pods by themselves. */
const servingKinds: readonly string[] = [...workloadKinds, "ReplicaSet", "Rollout", "Pod"];

/** Kinds of workloads whose pods make calls: those, and what runs to its end. */
const callingKinds: readonly string[] = [...servingKinds, "Job", "CronJob"];

/** Whether an object is a workload whose pods make calls. */
export function isCalling(object: PlannedObject): boolean {
  return callingKinds.includes(object.manifest.kind) && !isControlled(object);
}

/** Whether an object is a workload whose pods serve for as long as they are there. */
export function isServing(object: PlannedObject): boolean {
  return servingKinds.includes(object.manifest.kind) && !isControlled(object);
}

/** Whether another object made it, such as a Deployment its ReplicaSets and their pods, and stands for it. */
function isControlled({ manifest }: PlannedObject): boolean {
  const metadata: Owned = manifest.metadata;
  return metadata.ownerReferences?.some(({ controller }) => controller === true) === true;
}

interface Owned {
  readonly name: string;
  readonly ownerReferences?: readonly { readonly controller?: boolean }[];
}

/** The workloads of a cluster whose pods make calls. */
export function callingWorkloadsOf(cluster: ObjectIndex): readonly PlannedObject[] {
  return callingKinds.flatMap((kind) => cluster.byKind(kind)).filter(isCalling);
}

/** The workloads of that name whose pods make calls: several, where kinds share the name. */
export function callingWorkloadsNamed(
  cluster: ObjectIndex,
  namespace: string,
  name: string,
): readonly PlannedObject[] {
  return callingKinds
    .flatMap((kind) => cluster.named(kind, namespace, name) ?? [])
    .filter(isCalling);
}

/** The template of a workload's pods. */
export function podTemplateOf({ manifest }: Pick<PlannedObject, "manifest">): PodTemplate {
  switch (manifest.kind) {
    case "Pod":
      return {
        metadata: manifest.metadata,
        spec: specOf<NonNullable<PodTemplate["spec"]>>(manifest),
      };
    case "CronJob":
      return specOf<CronJobSpec>(manifest).jobTemplate?.spec?.template ?? {};
    default:
      return specOf<DeploymentSpec>(manifest).template ?? {};
  }
}

/** What a workload says of its pods. */
export function podOf(workload: PlannedObject) {
  const { metadata, spec } = podTemplateOf(workload);
  const { labels = {}, annotations = {} } = metadata ?? {};
  const { serviceAccountName = "default", containers = [], hostNetwork } = spec ?? {};
  return { labels, annotations, serviceAccountName, containers, hostNetwork: hostNetwork === true };
}

const searches = once((cluster: ObjectIndex) =>
  labelSearch(
    servingKinds.flatMap((kind) => cluster.byKind(kind)).filter(isServing),
    (workload) => podOf(workload).labels,
  ),
);

/** Every workload of a namespace whose pods serve and have the labels. */
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
