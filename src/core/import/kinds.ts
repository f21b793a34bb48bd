/** Kinds that an import reads, of clusters that run: what calls cross by, and what shows how a cluster is. */

import { managedByMeshspan } from "../objects/manifest";

/** Objects that are listed in all namespaces, but for what is said. */
export interface ImportedKind {
  /** Newest first: an older API server may know an older one alone. */
  readonly apiVersions: readonly string[];
  readonly kind: string;
  /** Whether a cluster without this kind has no Istio. @default false */
  readonly isRequired?: boolean;
  /** @default any */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default all */
  readonly namespace?: string;
  /** @default all */
  readonly names?: readonly string[];
}

const istio = (group: "networking" | "security" | "telemetry") => [
  `${group}.istio.io/v1`,
  `${group}.istio.io/v1beta1`,
  `${group}.istio.io/v1alpha1`,
];
const networking = [...istio("networking").slice(0, 2), "networking.istio.io/v1alpha3"];
const owned = managedByMeshspan;

export const importedKinds: readonly ImportedKind[] = [
  { apiVersions: networking, kind: "Gateway", isRequired: true },
  { apiVersions: networking, kind: "ServiceEntry", isRequired: true },
  { apiVersions: networking, kind: "DestinationRule", isRequired: true },
  { apiVersions: networking, kind: "VirtualService", isRequired: true },
  { apiVersions: networking, kind: "Sidecar" },
  { apiVersions: networking, kind: "WorkloadEntry" },
  { apiVersions: ["networking.istio.io/v1alpha3"], kind: "EnvoyFilter" },
  { apiVersions: istio("security"), kind: "PeerAuthentication", isRequired: true },
  { apiVersions: istio("security"), kind: "AuthorizationPolicy", isRequired: true },
  { apiVersions: istio("telemetry"), kind: "Telemetry" },
  { apiVersions: ["monitoring.coreos.com/v1"], kind: "PodMonitor", labels: owned },
  { apiVersions: ["monitoring.coreos.com/v1"], kind: "PrometheusRule", labels: owned },
  { apiVersions: ["v1"], kind: "Namespace" },
  { apiVersions: ["v1"], kind: "Service" },
  { apiVersions: ["v1"], kind: "ServiceAccount", labels: owned },
  { apiVersions: ["apps/v1"], kind: "Deployment" },
  { apiVersions: ["apps/v1"], kind: "StatefulSet" },
  { apiVersions: ["apps/v1"], kind: "DaemonSet" },
  { apiVersions: ["autoscaling/v2"], kind: "HorizontalPodAutoscaler", labels: owned },
  { apiVersions: ["policy/v1"], kind: "PodDisruptionBudget", labels: owned },
  { apiVersions: ["networking.k8s.io/v1"], kind: "NetworkPolicy", labels: owned },
  { apiVersions: ["rbac.authorization.k8s.io/v1"], kind: "ClusterRole", labels: owned },
  { apiVersions: ["rbac.authorization.k8s.io/v1"], kind: "ClusterRoleBinding", labels: owned },
  { apiVersions: ["rbac.authorization.k8s.io/v1"], kind: "Role", labels: owned },
  { apiVersions: ["rbac.authorization.k8s.io/v1"], kind: "RoleBinding", labels: owned },
  { apiVersions: ["v1"], kind: "ConfigMap", labels: owned },
  {
    apiVersions: ["v1"],
    kind: "ConfigMap",
    namespace: "kube-system",
    names: ["coredns", "coredns-custom", "kube-dns"],
  },
];
