/** Codes of clusters, their gateways and their DNS, and of services and their routes. */
import type { IssueCode } from "../issues";
import { type Explanation, told } from "./explanation";

export const clusterCodes = {
  no_clusters: told(
    "The description has no cluster.",
    "Add one, such as clusters: { east: {} }. meshspan init writes a description to start from.",
  ),
  unknown_cluster: told(
    "A cluster is named that the description doesn't have, mostly a slip of the pen.",
    "Take the name that the hint proposes, or describe the cluster.",
  ),
  gateway_port_clash: told(
    "The gateway's port is one that Istio or the gateway itself needs for something else. It would not start, or the control plane would be within reach of others.",
    "Use 15443, or another free port.",
  ),
  gateway_address_clash: told(
    "Two clusters' gateways have one address and port, so calls for one would reach the other.",
    "Give each gateway an address or a port of its own.",
  ),
  gateway_address_needed: told(
    "Files have to contain the address at which peers dial the gateway, and the description has none. Pulumi learns it while it runs; files can't.",
    "Apply the cluster's own gateway first, take the address of its load balancer (kubectl -n istio-eastwest get service) into clusters.<name>.gateway.address, and render again.",
  ),
  node_port_range: told(
    "The port isn't in the range from which API servers take node ports.",
    "Use one from 30000 to 32767, or the range of your API servers.",
  ),
  provider_mismatch: told(
    "A setting is for another provider than the cluster has.",
    "Set the provider that the hint names, or remove the setting.",
  ),
  dns_unsupported: told(
    "The cluster's own DNS server can't be told of the mesh's names in this way: GKE Autopilot resolves with Cloud DNS, kind with CoreDNS.",
    "Use dns: proxy, by which sidecars answer; it works everywhere for pods in the mesh.",
  ),
  dns_address_needed: told(
    "Files with a stub domain need the cluster IP of the mesh's DNS server, since the cluster's server forwards to an address.",
    "Pin a free address of the cluster's Service range in clusters.<name>.dns.address.",
  ),
  corefile_needed: told(
    "A stub domain is merged into the Corefile (or stubDomains) that is there, and files can't look at the cluster. Overwriting it would take name resolution away from everybody.",
    "Copy it with the command of the hint, or use dns: proxy, or extension: coredns-custom where the provider has that.",
  ),
  corefile_invalid: told(
    "The Corefile can't be read as CoreDNS reads it, so nothing can be merged into it safely.",
    "Copy it anew from the ConfigMap coredns in kube-system, whole.",
  ),
  dns_conflict: told(
    "The cluster's DNS server has a zone or stub domain of the mesh's name already, and that leads elsewhere.",
    "Remove that one, or choose another domain for the mesh.",
  ),
  stub_domains_invalid: told(
    "kube-dns' stubDomains aren't a JSON map of domains to lists of addresses.",
    "Copy them anew with the command of the hint, or write {} where there are none.",
  ),
  no_ports: told(
    "A global service has no port, so nobody could call it.",
    "Add the ports that callers use.",
  ),
  port_duplicate: told("Two ports of a service have one number.", "Describe each port once."),
  port_name_duplicate: told(
    "Two ports of a service have one name; Istio refuses that.",
    "Give each port a name of its own.",
  ),
  protocol_missing: told(
    "A port has no protocol. Istio guesses it inside of a cluster by waiting for bytes; between clusters the gateway has to know.",
    "Add one of those that the hint lists. TCP is always right where routes don't look at requests.",
  ),
  protocol_unsupported: told(
    "The protocol can't cross clusters: gateways pass TLS over TCP, so there is no UDP; and short names are routed by rules that TLS ports have not.",
    "Use a TCP protocol, or keep the service in one cluster.",
  ),
  port_protocol_conflict: told(
    "A TCP service on port 443 takes every TLS connection to that port in the whole mesh (istio/istio#38327).",
    "Say TLS or HTTPS, which match by server name, or use another port.",
  ),
  service_headless: told(
    "A headless service resolves to its pods, and other clusters don't reach pods (istio/istio#38327).",
    "Give it a cluster IP, or describe a second Service for callers elsewhere.",
  ),
  not_served: told(
    "No cluster serves the service, so a call would have no place to go to: 503 UH.",
    "Say in servedBy where its pods run.",
  ),
  not_consumed: told(
    "The list of consumers is empty, so nobody could call it.",
    "List the clusters that call it, or leave consumedBy out for every cluster.",
  ),
  service_overlap: told(
    "Two services select the same pods and say different ServiceAccounts; a pod has one, so callers of the other refuse it.",
    "Name the same ServiceAccount, or give each a selector that only its own pods have.",
  ),
  cluster_duplicate: told("A list names a cluster twice.", "Remove one of them."),
  unknown_version: told(
    "A version is named that the service doesn't have.",
    "Add it to versions with its labels, or take the name that the hint proposes.",
  ),
  version_not_served: told(
    "A version is described and no cluster runs it, so what routes send to it would fail.",
    "List it at a cluster in servedBy, or remove it.",
  ),
  version_label_conflict: told(
    "Versions can't be told apart by their labels, so weights would be wrong and no one would notice.",
    "Give each version a label that only its pods have, such as version: v2.",
  ),
  unknown_service: told(
    "A service is named that the mesh's description doesn't have.",
    "Describe it, or take the name that the hint proposes.",
  ),
  too_many: told(
    "Something is larger than Kubernetes, Istio or this library take, such as an object of more than 1 MiB or a service of more than 4096 places.",
    "Say in consumedBy who calls what, which makes objects smaller; or split the mesh.",
  ),
  route_needs_http: told(
    "A rule looks at requests (headers, paths, retries), and the port isn't an HTTP one: Envoy sees bytes there.",
    "Give the port its HTTP protocol, or remove what needs one.",
  ),
  route_unreachable: told(
    "A rule stands after one that takes every request it could match, so it never applies.",
    "Move it up, or narrow the rule before it.",
  ),
  route_no_default: told(
    "Requests that no rule matches are answered with 404, since routes replace Istio's default.",
    "Add a last rule without a match.",
  ),
  route_weights: told(
    "Weights are missing, sum up to 0, or name a destination twice.",
    "Give every destination of the rule a weight. They are shares, and needn't be 100 together.",
  ),
  route_port: told(
    "A rule is for a port that the service hasn't.",
    "Name one of its ports, or leave the port out for all of them.",
  ),
} as const satisfies Partial<Record<IssueCode, Explanation>>;
