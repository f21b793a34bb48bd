/** How a missing hop is mended: in the description, the workloads, or the plan that lost an object. */
import type { HopKind } from "./hop";

/** What helps, by the hop that is missing. */
export const hints: Readonly<Record<HopKind, string>> = {
  caller:
    'let Istio inject the caller: take the label sidecar.istio.io/inject: "false" and hostNetwork off its pods, keep the labels of its namespace, and let NetworkPolicies open DNS and istiod to them',
  name: "give the cluster the mesh's dns objects whole (stub domain, zone, server), or set its dns mode to proxy",
  address:
    "call a host and port that services describes and that the cluster consumes, with one address in every entry, outside of 127.0.0.0/8: addresses and address say which",
  route:
    "let the service's routes lead to its own host and to versions that run, with a weight above 0",
  endpoint:
    "list a cluster that serves the service (and the version) in servedBy, keep its gateway's address and port as planned, and let NetworkPolicies open them to the caller's pods",
  tls: "keep the DestinationRule of the host in the service's namespace, with ISTIO_MUTUAL and a server name for every port and version",
  gateway:
    "keep the gateway's Namespace, ServiceAccount, Deployment and Service together, and the labels and annotations by which Istio injects its pods",
  chain:
    "list the host in the servers of the gateway (AUTO_PASSTHROUGH, TLS), and give every version a subset where it is served",
  service:
    "deploy a Service of that name, with a selector and the described port, along with the workload",
  pods: "deploy pods that the Service's selector finds, that listen on its targetPort and get a sidecar; or take the cluster out of servedBy",
  trust:
    "give both clusters a cacerts secret below the mesh's root, with all its files, in Istio's namespace, and each other's trust domains",
  identity: "run the pods with the ServiceAccount that the service describes as serviceAccount",
  authentication:
    "remove what sets mutual TLS to DISABLE for these pods or their port; the mesh's own policy is STRICT",
  authorization:
    "add the caller to the service's callers, or change the AuthorizationPolicy that keeps it out",
};
