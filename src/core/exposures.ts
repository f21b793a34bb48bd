/**
 * What a description opens beyond the least that a mesh needs, each by a field that says so or by one that is left out. None
 * is a fault; each is for whoever answers for the mesh to know.
 */
import { type PathSegment, show } from "./issues";
import type { Cluster, GlobalService, Mesh } from "./mesh";
import { gatewayNamespaceName } from "./objects/namespaces";

/** Every kind of exposure. The union is closed: a tool may switch over it, and a code never changes its meaning. */
export const exposureCodes = [
  "trust_domain_alias",
  "secrets_read_by_peers",
  "network_policies_off",
  "gateway_open",
  "gateway_sources_unchecked",
  "gateway_namespace_shared",
  "callers_open",
] as const;
/** A kind of exposure; `meshspan explain <code>` tells about it. */
export type ExposureCode = (typeof exposureCodes)[number];

/** Something that is more open than it has to be. */
export interface Exposure {
  /** What kind of exposure it is: a tool goes by it, as the other texts may change. */
  readonly code: ExposureCode;
  /** The way to the field from the top of the description; where it would be, for one that is left out. */
  readonly path: readonly PathSegment[];
  /** What is open, in a sentence without a full stop. */
  readonly message: string;
  /** How to narrow it, in a sentence without a full stop. */
  readonly hint: string;
}

/** Everything that a mesh opens: of the whole mesh, then by cluster, then by service. */
export function exposuresOf(mesh: Mesh): readonly Exposure[] {
  return [
    ...mesh.trust.aliases.map((alias, index): Exposure => ({
      code: "trust_domain_alias",
      path: ["trust", "trustDomainAliases", index],
      message: `identities of ${show(alias)} count in every cluster`,
      hint: "remove it once no workload has such an identity",
    })),
    ...(mesh.distribution === "endpoints" ? [secretsReadByPeers] : []),
    ...mesh.clusters.flatMap((cluster) => exposuresOfCluster(mesh, cluster)),
    ...mesh.services.flatMap(exposuresOfService),
  ];
}

const secretsReadByPeers: Exposure = {
  code: "secrets_read_by_peers",
  path: ["distribution"],
  message:
    "a control plane that reads another cluster's endpoints reads its Secrets too, CA keys among them",
  hint: "set distribution: objects where whoever takes over a cluster must not get to the others",
};

function exposuresOfCluster({ hubs }: Mesh, cluster: Cluster): readonly Exposure[] {
  const { gateway, networkPolicies } = cluster;
  const path = ["clusters", cluster.name] as const;
  const exposures: Exposure[] = [];
  if (!networkPolicies) {
    exposures.push({
      code: "network_policies_off",
      path: [...path, "networkPolicies"],
      message: `no NetworkPolicy is planned for the gateway, istiod and the DNS server${
        hubs.length === 0 ? "" : ", and any pod can read what istiod reads from hubs"
      }`,
      hint: "remove it, or see that policies of your own say who reaches them",
    });
  }
  const everywhere = gateway.allowFrom.find((range) => range.endsWith("/0"));
  if (gateway.allowFrom.length === 0 || everywhere !== undefined) {
    exposures.push({
      code: "gateway_open",
      path: [...path, "gateway", "allowFrom"],
      message: "the gateway takes connections from any address",
      hint:
        gateway.service === "LoadBalancer"
          ? 'list the ranges that peers come from, such as allowFrom: ["203.0.113.0/24"]'
          : `keep everybody but peers from port ${gateway.nodePort ?? gateway.port} of the nodes`,
    });
  } else if (!gateway.preserveClientIP && networkPolicies) {
    exposures.push({
      code: "gateway_sources_unchecked",
      path: [...path, "gateway", "preserveClientIP"],
      message: "only the load balancer keeps to allowFrom; the NetworkPolicy takes any address",
      hint: "remove it where the load balancer keeps peers' addresses",
    });
  }
  if (gateway.namespace !== gatewayNamespaceName) {
    exposures.push({
      code: "gateway_namespace_shared",
      path: [...path, "gateway", "namespace"],
      message: `pods beside the gateway in ${show(gateway.namespace)} may have any privilege`,
      hint: "remove it for a namespace that takes restricted pods alone, or label yours pod-security.kubernetes.io/enforce=restricted",
    });
  }
  return exposures;
}

function exposuresOfService({ key, callers }: GlobalService): readonly Exposure[] {
  if (callers !== undefined) return [];
  return [
    {
      code: "callers_open",
      path: ["services", key, "callers"],
      message: "every identity of the mesh may call it",
      hint: "list who calls it: callers: [<serviceaccount>.<namespace>]",
    },
  ];
}
