/** Where peers may reach a gateway that runs. */
import type { V1Node, V1Service } from "@kubernetes/client-node";
import type { ClusterGateway } from "../core/mesh";

/**
 * The addresses of its load balancer, or of the nodes for a NodePort Service; the one that's taken first. None while
 * there is none.
 */
export function gatewayAddresses(
  gateway: Pick<ClusterGateway, "service">,
  service: V1Service | undefined,
  nodes: readonly V1Node[],
): readonly string[] {
  const balancer = (service?.status?.loadBalancer?.ingress ?? []).flatMap(
    ({ ip, hostname }) => ip ?? hostname ?? [],
  );
  if (gateway.service === "LoadBalancer" || nodes.length === 0) return balancer;
  return nodes.flatMap(({ status }) =>
    (status?.addresses ?? []).flatMap(({ type, address }) =>
      type === "InternalIP" ? [address] : [],
    ),
  );
}
