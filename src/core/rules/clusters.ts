/** Clusters: their gateways and their DNS, one by one and against each other. */
import { IPv4 } from "ipaddr.js";
import { addressKey } from "../addressKey";
import { type Merged, mergeCorefile } from "../corefile";
import type { ClusterDescription } from "../description";
import { type IssueCollector, show } from "../issues";
import { type Cluster, type ClusterDns, dialPortOf } from "../mesh";
import { isValidName, label } from "../names";
import { mergeStubDomains, parseStubDomains } from "../stubDomains";
import { hostAndPort } from "../words";
import { isNowhere, resolveGateway } from "./gateways";
import { checkName, checkRange } from "./names";
import { checkTrustDomain, type Settings } from "./settings";

export function resolveCluster(
  name: string,
  input: ClusterDescription,
  settings: Settings,
  issues: IssueCollector,
): Cluster {
  const provider = input.provider ?? "rendered";
  const network = input.network ?? name;
  const trustDomain = input.trustDomain ?? settings.trustDomain;
  checkName(issues, label, name);
  if (input.network !== undefined) checkName(issues.at("network"), label, network);
  if (input.trustDomain !== undefined) checkTrustDomain(issues.at("trustDomain"), trustDomain);
  if (input.locality !== undefined) checkLocality(issues.at("locality"), input.locality);
  if (input.autopilot === true && provider !== "gke") {
    issues
      .at("autopilot")
      .add(
        "provider_mismatch",
        `autopilot is set for provider: ${provider}`,
        "set provider: gke, or remove autopilot",
      );
  }
  return {
    name,
    provider,
    network,
    locality: input.locality,
    trustDomain,
    gateway: resolveGateway(input.gateway ?? {}, provider, settings, issues.at("gateway")),
    dns: resolveDns(input, settings.domain, issues.at("dns")),
    apiServer: resolveApiServer(input.apiServer, issues.at("apiServer")),
    readerToken: resolveReaderToken(input.readerToken ?? 1, issues.at("readerToken")),
    networkPolicies: input.networkPolicies ?? true,
  };
}

function resolveApiServer(text: string | undefined, issues: IssueCollector): string | undefined {
  const url = text === undefined || !URL.canParse(text) ? undefined : new URL(text);
  // A user, a query or a fragment is no part of an API server's URL, and may be a secret.
  const isPlain = url?.href === `${url?.origin ?? ""}${url?.pathname ?? ""}`;
  if (text !== undefined && (url?.protocol !== "https:" || !isPlain))
    issues.add(
      "invalid_host",
      `${show(text)} is no URL of an API server`,
      'write it as kubeconfigs have it, such as "https://203.0.113.5:6443"',
    );
  return text;
}

function resolveReaderToken(number: number, issues: IssueCollector): number {
  checkRange(issues, number, 1, 999_999);
  return number;
}

function checkLocality(issues: IssueCollector, text: string): void {
  const parts = text.split("/");
  const whole = parts.length <= 3 && parts.every((part) => part !== "" && isValidName(label, part));
  if (!whole)
    issues.add(
      "invalid_locality",
      `${show(text)} is not a locality`,
      'write region/zone/subzone as on the nodes\' labels, such as "us-east1/us-east1-b"',
    );
}

function resolveDns(
  cluster: ClusterDescription,
  domain: string,
  issues: IssueCollector,
): ClusterDns {
  const input =
    typeof cluster.dns === "object" ? cluster.dns : { mode: cluster.dns ?? ("proxy" as const) };
  const { mode } = input;
  const only = (key: "corefile" | "stubDomains" | "extension", wanted: string) => {
    if (input[key] === undefined || mode === wanted) return;
    issues
      .at(key)
      .add(
        "conflicting_keys",
        `${key} is set for mode: ${mode}`,
        `set mode: ${wanted}, or remove ${key}`,
      );
  };
  only("corefile", "coredns");
  only("extension", "coredns");
  only("stubDomains", "kube-dns");
  if (mode === "proxy" && input.address !== undefined) {
    issues
      .at("address")
      .add("conflicting_keys", "address is set for mode: proxy, which has no server", "remove it");
  }
  if (
    input.address !== undefined &&
    (!IPv4.isValidFourPartDecimal(input.address) || isNowhere(input.address))
  ) {
    issues
      .at("address")
      .add(
        "invalid_ip",
        `${show(input.address)} is not an IPv4 address that a Service can have`,
        "write a free address of the cluster's Service range",
      );
  }
  if (mode === "kube-dns" && cluster.autopilot === true) {
    issues.add(
      "dns_unsupported",
      "GKE Autopilot resolves with Cloud DNS, which has no stub domains of kube-dns",
      "use dns: proxy",
    );
  }
  if (mode === "kube-dns" && cluster.provider === "kind") {
    issues.add(
      "dns_unsupported",
      "kind clusters resolve with CoreDNS",
      "use dns: coredns or dns: proxy",
    );
  }
  if (input.extension === "coredns-custom" && input.corefile !== undefined) {
    issues
      .at("corefile")
      .add(
        "conflicting_keys",
        "corefile is set beside extension: coredns-custom, which leaves the Corefile alone",
        "remove one of them",
      );
  }
  const address = input.address ?? "";
  if (mode === "coredns" && input.corefile !== undefined) {
    reportFault(issues.at("corefile"), mergeCorefile(input.corefile, domain, address));
  }
  if (mode === "kube-dns" && input.stubDomains !== undefined) {
    // Until the server's address is known, an entry for the domain may be the server's own.
    const expected = input.address ?? parseStubDomains(input.stubDomains)?.[domain]?.[0] ?? "";
    reportFault(issues.at("stubDomains"), mergeStubDomains(input.stubDomains, domain, expected));
  }
  return {
    mode,
    address: input.address,
    corefile: input.corefile,
    stubDomains: input.stubDomains,
    extension: input.extension ?? "corefile",
  };
}

/** Reports what a merge refuses. */
function reportFault(issues: IssueCollector, merged: Merged): void {
  if (merged.fault !== undefined)
    issues.add(merged.fault.code, merged.fault.message, merged.fault.hint);
}

/** Two gateways can't be dialled at one address and port, and an alias names no trust domain of the mesh itself. */
export function checkClustersTogether(
  clusters: readonly Cluster[],
  settings: Settings,
  issues: IssueCollector,
): void {
  if (settings.distribution === "endpoints") checkNetworks(clusters, issues);
  const dialled = new Map<string, string>();
  for (const { name, gateway } of clusters) {
    if (gateway.address === undefined) continue;
    const place = hostAndPort(addressKey(gateway.address), dialPortOf(gateway));
    const clash = dialled.get(place);
    if (clash === undefined) dialled.set(place, name);
    else
      issues
        .at("clusters", name, "gateway", "address")
        .add(
          "gateway_address_clash",
          `the gateway of ${show(clash)} is at ${place} already`,
          "give each gateway an address or a port of its own",
        );
  }
  const own = new Set([settings.trustDomain, ...clusters.map(({ trustDomain }) => trustDomain)]);
  settings.trust.aliases.forEach((alias, index) => {
    if (!own.has(alias)) return;
    issues
      .at("trust", "trustDomainAliases", index)
      .add(
        "trust_overlap",
        `${show(alias)} is a trust domain of the mesh itself`,
        "remove the alias; the trust domains of all clusters are accepted anyway",
      );
  });
}

/** Proxies dial endpoints of their own network directly, past the gateways. */
function checkNetworks(clusters: readonly Cluster[], issues: IssueCollector): void {
  const owners = new Map<string, string>();
  for (const { name, network } of clusters) {
    const owner = owners.get(network);
    if (owner === undefined) owners.set(network, name);
    else
      issues
        .at("clusters", name, "network")
        .add(
          "conflicting_keys",
          `${show(owner)} has the network ${show(network)} too, within which distribution: endpoints dials pods past their gateway`,
          "give each cluster a network of its own, or set distribution: objects",
        );
  }
}
