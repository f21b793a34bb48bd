/** Rights in the API server, for accounts of the mesh's own. */
import type { Manifest } from "./manifest";

const rbac = "rbac.authorization.k8s.io";

/** What a Role or a ClusterRole lets its accounts do. */
export interface RbacRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** What control planes do with kinds that they aren't to change. */
const reading = ["get", "list", "watch"] as const;

/** Lets accounts read kinds, whichever objects of them there are or those of these names alone. */
export function readRule(
  apiGroups: readonly string[],
  resources: readonly string[],
  resourceNames?: readonly string[],
): RbacRule {
  return {
    apiGroups,
    resources,
    ...(resourceNames === undefined ? {} : { resourceNames }),
    verbs: reading,
  };
}

/** A Role where the metadata has a namespace, else a ClusterRole. */
export function roleOf(metadata: Manifest["metadata"], rules: readonly RbacRule[]): Manifest {
  const kind = metadata.namespace === undefined ? "ClusterRole" : "Role";
  return { apiVersion: `${rbac}/v1`, kind, metadata, rules };
}

/** Gives a role, by a binding of the same name, to a ServiceAccount. */
export function bindingOf(role: Manifest, { metadata: account }: Manifest): Manifest {
  const { kind, metadata } = role;
  return {
    apiVersion: role.apiVersion,
    kind: `${kind}Binding`,
    metadata,
    roleRef: { apiGroup: rbac, kind, name: metadata.name },
    subjects: [{ kind: "ServiceAccount", name: account.name, namespace: account.namespace }],
  };
}
