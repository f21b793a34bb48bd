/** Whether something says who reaches gateways and istiod at all. */
import type { PlannedObject } from "../objects/manifest";
import { networkPoliciesFor } from "../trace/networkPolicies";
import { namespaceOf, type ObjectIndex } from "../trace/objectIndex";
import { type GatewaySpec, selects, specOf } from "../trace/specs";
import { podOf, workloadKinds } from "../trace/workloads";
import { isAutoPassthrough } from "./exported";
import type { ClusterRule } from "./rule";

/** Workloads whose pods let peers into the cluster. */
export function gatewayWorkloads(index: ObjectIndex): readonly PlannedObject[] {
  const selectors = index
    .byKind("Gateway")
    .map(({ manifest }) => specOf<GatewaySpec>(manifest))
    .filter(({ servers = [] }) => servers.some(isAutoPassthrough))
    .flatMap(({ selector }) => (selector === undefined ? [] : [selector]));
  return workloadKinds
    .flatMap((kind) => index.byKind(kind))
    .filter((workload) => {
      const { labels } = podOf(workload);
      return selectors.some((selector) => selects(selector, labels));
    });
}

function controlPlanes(index: ObjectIndex): readonly PlannedObject[] {
  return index
    .byKind("Deployment", index.rootNamespace)
    .filter((workload) => podOf(workload).labels.app === "istiod");
}

export const networkUnguarded: ClusterRule = {
  code: "network_unguarded",
  severity: "warning",
  scope: "cluster",
  title: "NetworkPolicies say who reaches gateways and istiod",
  reason:
    "Pods that no NetworkPolicy selects take connections from everywhere, at every port. Of a gateway, peers need the one port that lets TLS through; of istiod, pods of the cluster need 15012, and API servers its webhooks.",
  check: ({ index }) => {
    const workloads = new Set([...gatewayWorkloads(index), ...controlPlanes(index)]);
    return [...workloads].flatMap((object) => {
      const pods = { namespace: namespaceOf(object), labels: podOf(object).labels };
      if (networkPoliciesFor(index, pods, "Ingress").length > 0) return [];
      return [
        {
          object,
          path: ["spec", "template", "metadata", "labels"],
          message: "no NetworkPolicy says who reaches these pods",
          hint: "write one with their labels as its podSelector, as Meshspan plans it",
        },
      ];
    });
  },
};
