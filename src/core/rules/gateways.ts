/** The east-west gateway of a cluster: how peers reach it, and from where. */
import * as ipaddr from "ipaddr.js";
import { IPv4, IPv6 } from "ipaddr.js";
import type { ClusterDescription } from "../description";
import { type IssueCollector, show } from "../issues";
import type { Cluster, ClusterGateway } from "../mesh";
import { gatewayNamespaceName } from "../objects/namespaces";
import { isValidName, label, labelKey, serviceName, subdomain } from "../names";
import { checkName, checkPort, checkRange } from "./names";
import type { Settings } from "./settings";

/** Ports that an Istio gateway pod or its Service already uses. Source: istio.io, "Ports used by Istio". */
const istioPorts: Readonly<Record<number, string>> = {
  15000: "Envoy's admin interface",
  15001: "Envoy's outbound listener",
  15004: "the debug interface",
  15006: "Envoy's inbound listener",
  15008: "HBONE",
  15009: "HBONE of old",
  15010: "istiod's plaintext xDS",
  15012: "istiod's xDS and CA",
  15014: "istiod's monitoring",
  15017: "istiod's webhooks",
  15020: "the agent's metrics",
  15021: "health checks",
  15053: "the DNS proxy",
  15090: "Envoy's metrics",
};

export function resolveGateway(
  input: NonNullable<ClusterDescription["gateway"]>,
  provider: Cluster["provider"],
  settings: Settings,
  issues: IssueCollector,
): ClusterGateway {
  const name = input.name ?? "istio-eastwestgateway";
  const namespace = input.namespace ?? gatewayNamespaceName;
  checkName(issues.at("name"), serviceName, name);
  checkName(issues.at("namespace"), label, namespace);
  if (namespace === settings.istio.namespace) {
    issues
      .at("namespace")
      .add(
        "conflicting_keys",
        `the gateway would share ${show(namespace)} with istiod and its CA key`,
        `give it a namespace of its own, such as ${show(gatewayNamespaceName)}`,
      );
  }
  const port = input.port ?? 15443;
  const service = input.service ?? (provider === "kind" ? "NodePort" : "LoadBalancer");
  if (checkPort(issues.at("port"), input.port) && istioPorts[port] !== undefined) {
    issues
      .at("port")
      .add(
        "gateway_port_clash",
        `${port} is the port of ${istioPorts[port]}`,
        "use 15443, or another free port",
      );
  }
  if (service !== "NodePort" && input.nodePort !== undefined) {
    issues
      .at("nodePort")
      .add(
        "conflicting_keys",
        `nodePort is set for a ${service} Service`,
        "set service: NodePort, or remove nodePort",
      );
  }
  const nodePort = service === "NodePort" ? (input.nodePort ?? 31443) : undefined;
  if (
    nodePort !== undefined &&
    (nodePort < 30_000 || nodePort > 32_767 || !Number.isInteger(nodePort))
  ) {
    issues
      .at("nodePort")
      .add(
        "node_port_range",
        `${nodePort} is not a node port`,
        "use one from 30000 to 32767, or the range of your API servers",
      );
  }
  checkAllowFrom(input.allowFrom, service, issues.at("allowFrom"));
  if (input.preserveClientIP !== undefined && input.allowFrom === undefined) {
    issues
      .at("preserveClientIP")
      .add(
        "conflicting_keys",
        "preserveClientIP is set, and without allowFrom no address is looked at",
        "add allowFrom, or remove preserveClientIP",
      );
  }
  for (const key of Object.keys(input.annotations ?? {})) {
    checkName(issues.at("annotations", key), labelKey, key, "invalid_label");
  }
  checkAnnotationsSize(input.annotations ?? {}, issues.at("annotations"));
  return {
    name,
    namespace,
    address: input.address,
    addressType: resolveAddressType(input, issues),
    port,
    service,
    nodePort,
    allowFrom: input.allowFrom ?? [],
    preserveClientIP: input.preserveClientIP ?? true,
    annotations: input.annotations ?? {},
    replicas: resolveReplicas(input.replicas ?? {}, provider, issues.at("replicas")),
  };
}

/** Kubernetes (apimachinery's TotalAnnotationSizeLimitB), less what others may put there. */
const maxAnnotations = 256 * 1024 - 16 * 1024;

function checkAnnotationsSize(
  annotations: Readonly<Record<string, string>>,
  issues: IssueCollector,
): void {
  const bytes = Object.entries(annotations).reduce(
    (sum, texts) => sum + Buffer.byteLength(texts.join("")),
    0,
  );
  if (bytes <= maxAnnotations) return;
  issues.add(
    "too_many",
    `they have ${bytes} bytes, more than Kubernetes takes`,
    `use at most ${maxAnnotations} in all`,
  );
}

/** Kubernetes: loadBalancerSourceRanges are CIDRs, for Services of type LoadBalancer only. */
function checkAllowFrom(
  ranges: readonly string[] | undefined,
  service: ClusterGateway["service"],
  issues: IssueCollector,
): void {
  if (ranges === undefined) return;
  if (service !== "LoadBalancer") {
    issues.add(
      "conflicting_keys",
      `allowFrom is set for a ${service} Service`,
      "set service: LoadBalancer, or remove allowFrom",
    );
  }
  if (ranges.length === 0) {
    issues.add(
      "conflicting_keys",
      "the list is empty, so no peer could reach the gateway",
      "list ranges of addresses, or remove allowFrom for anywhere",
    );
  }
  ranges.forEach((range, index) => {
    const at = issues.at(index);
    const network = networkOf(range);
    if (network === undefined)
      at.add(
        "invalid_ip",
        `${show(range)} is not a CIDR`,
        'write a range such as "203.0.113.0/24" or "2001:db8::/32"',
      );
    else if (network.hasHostBits)
      at.add("invalid_ip", `${show(range)} has host bits set`, `write ${show(network.cidr)}`);
  });
}

/** The network of an IPv4 or IPv6 CIDR; `undefined` for what is none. */
function networkOf(
  range: string,
): { readonly cidr: string; readonly hasHostBits: boolean } | undefined {
  const family = IPv4.isValidCIDRFourPartDecimal(range)
    ? IPv4
    : IPv6.isValidCIDR(range)
      ? IPv6
      : undefined;
  // No zones, which mean something on one host only, and no prefixes such as /08.
  if (family === undefined || /%|\/0\d/.test(range)) return undefined;
  const [address, prefix] = family.parseCIDR(range);
  const network = family.networkAddressFromCIDR(range).toString();
  return { cidr: `${network}/${prefix}`, hasHostBits: address.toString() !== network };
}

function resolveAddressType(
  input: NonNullable<ClusterDescription["gateway"]>,
  issues: IssueCollector,
): "ip" | "hostname" {
  const { address, addressType } = input;
  if (address === undefined) return addressType ?? "ip";
  const found = isIp(address) ? "ip" : "hostname";
  // A name whose last label is a number is read as an IPv4 address (WHATWG URL, "ends in a number").
  if (found === "hostname" && (!isValidName(subdomain, address) || /(?:^|\.)\d+$/.test(address))) {
    issues
      .at("address")
      .add(
        "invalid_ip",
        `${show(address)} is neither an IP address nor a host name`,
        'write an address such as "203.0.113.10" or "gateway.example.com"',
      );
  } else if (found === "ip" && isNowhere(address)) {
    issues
      .at("address")
      .add(
        "invalid_ip",
        `no peer can reach ${show(address)}`,
        "write the address at which other clusters reach the gateway",
      );
  }
  if (addressType !== undefined && addressType !== found) {
    issues
      .at("addressType")
      .add(
        "conflicting_keys",
        `addressType is ${addressType}, and ${show(address)} is ${found === "ip" ? "an IP address" : "a host name"}`,
        "remove addressType; it follows from the address",
      );
  }
  return found;
}

/** IPv6 addresses with a zone mean something on one host only. */
function isIp(address: string): boolean {
  return IPv4.isValidFourPartDecimal(address) || (IPv6.isValid(address) && !address.includes("%"));
}

/** Unspecified, loopback, broadcast and multicast addresses are nobody's to be reached at. */
export function isNowhere(address: string): boolean {
  const range = ipaddr.process(address).range();
  return ["unspecified", "loopback", "broadcast", "multicast"].includes(range);
}

function resolveReplicas(
  input: { readonly min?: number | undefined; readonly max?: number | undefined },
  provider: Cluster["provider"],
  issues: IssueCollector,
): ClusterGateway["replicas"] {
  const min = input.min ?? Math.min(provider === "kind" ? 1 : 2, input.max ?? 2);
  const max = input.max ?? Math.max(5, min);
  checkRange(issues.at("min"), input.min, 1, 1000);
  checkRange(issues.at("max"), input.max, 1, 1000);
  if (input.max !== undefined && input.min !== undefined && min > max) {
    issues.add("out_of_range", `min ${min} is more than max ${max}`, "swap them");
  }
  return { min, max };
}
