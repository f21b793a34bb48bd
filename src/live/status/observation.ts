/** What was seen of one cluster: facts, without a judgement. */
import type {
  KubernetesObject,
  V1ConfigMap,
  V1Deployment,
  V1EndpointSlice,
  V1Node,
  V1Pod,
  V1Secret,
  V1Service,
} from "@kubernetes/client-node";
import type { Answer } from "./answer";

/** Name of the secret in which an istiod keeps a CA that it made itself. */
export const ownSecretName = "istio-ca-secret";

/** What runs in a namespace of the mesh's services. */
export interface NamespaceObservation {
  readonly pods: Answer<readonly V1Pod[]>;
  readonly services: Answer<readonly V1Service[]>;
  readonly slices: Answer<readonly V1EndpointSlice[]>;
}

/** The object of the plan, where it was seen. */
export function plannedObject<T extends KubernetesObject>(
  { planned }: Pick<ClusterObservation, "planned">,
  key: string,
): T | undefined {
  const answer = planned.get(key);
  return answer?.ok === true ? (answer.value as T | undefined) : undefined;
}

/** Name and namespace of an object that has them, as all that are read do. */
export function placeOf({ metadata }: Pick<KubernetesObject, "metadata">): {
  readonly name: string;
  readonly namespace: string;
} {
  return { name: metadata?.name ?? "", namespace: metadata?.namespace ?? "" };
}

export interface ClusterObservation {
  readonly cluster: string;
  /** Objects of the plan by key; `undefined` for one that isn't there. */
  readonly planned: ReadonlyMap<string, Answer<KubernetesObject | undefined>>;
  /** Objects with the mesh's labels, by `<apiVersion> <kind>`. */
  readonly owned: ReadonlyMap<string, Answer<readonly KubernetesObject[]>>;
  /** istiod's, of the described revision, and of the one that gateways have. */
  readonly istiod: Answer<readonly V1Deployment[]>;
  readonly istiodPods: Answer<readonly V1Pod[]>;
  /** Of all revisions: while one follows another, proxies of the mesh are connected to either. */
  readonly anyIstiodPods: Answer<readonly V1Pod[]>;
  /** istiod's mesh configuration. */
  readonly meshConfig: Answer<V1ConfigMap | undefined>;
  /** The plugged-in CA. */
  readonly caSecret: Answer<V1Secret | undefined>;
  /** The CA that an istiod makes for itself where none is plugged in. */
  readonly ownCaSecret: Answer<V1Secret | undefined>;
  /** `istio-ca-root-cert` of every namespace: the roots that its pods trust. */
  readonly rootConfigMaps: Answer<readonly V1ConfigMap[]>;
  readonly gatewayPods: Answer<readonly V1Pod[]>;
  /** Of the cluster's own DNS server, where it has a part in global names. */
  readonly clusterDnsPods: Answer<readonly V1Pod[]>;
  /** Of the mesh's DNS server. */
  readonly meshDnsPods: Answer<readonly V1Pod[]>;
  /** Where nothing else says at which address a NodePort is reached. */
  readonly nodes: Answer<readonly V1Node[]>;
  /** By name. */
  readonly namespaces: ReadonlyMap<string, NamespaceObservation>;
}
