/** How pods of a cluster resolve global names, by its DNS server's configuration and istiod's. */
import { stubDomainBlock, unmergeCorefile } from "../corefile";
import { readCorefile } from "../corefileBlocks";
import type { DnsSettingsDescription } from "../description";
import type { MeshConfig } from "../meshConfig";
import { dnsServerName } from "../objects/globalDns";
import { isOwned } from "../objects/manifest";
import { parseStubDomains } from "../stubDomains";
import { type ServiceSpec, specOf } from "../trace/specs";
import { type ClusterInventory, objectsOf, textsOf } from "./inventory";
import type { ImportFinding } from "./report";

/** A cluster's DNS; without settings, Istio's DNS proxy. */
export interface ImportedDns {
  readonly settings: DnsSettingsDescription | undefined;
  readonly findings: readonly ImportFinding[];
}

/** A stub domain that leads to the mesh's own DNS server is one of a description; whoever else answers stays beside the mesh. */
export function readDns(
  cluster: ClusterInventory,
  meshConfig: MeshConfig | undefined,
  domain: string,
): ImportedDns {
  const address = serverAddress(cluster);
  const [stub] = stubDomains(cluster, domain, address);
  const isProxied = meshConfig?.defaultConfig?.proxyMetadata?.ISTIO_META_DNS_CAPTURE === "true";
  if (stub?.settings !== undefined)
    return {
      settings: { ...stub.settings, ...(address === undefined ? {} : { address }) },
      findings: [],
    };
  const finding = (message: string, hint: string): ImportedDns => ({
    settings: undefined,
    findings: [{ code: "dns_unclear", clusters: [cluster.name], message, hint }],
  });
  if (stub !== undefined)
    return finding(
      `${stub.place} sends ${domain} to a DNS server that isn't the mesh's`,
      "it goes on to answer, and the description has dns: proxy; for a server of the mesh's take that stub domain out, and write dns: coredns or kube-dns",
    );
  if (isProxied) return { settings: undefined, findings: [] };
  return meshConfig === undefined
    ? finding(
        `nothing that was given shows how pods resolve names of ${domain}`,
        "the description has dns: proxy; give ConfigMaps of Istio's namespace and kube-system too, or say otherwise",
      )
    : finding(
        `neither a stub domain nor istiod's settings let pods resolve names of ${domain}`,
        "the description has dns: proxy, which istiod's chart has to be told: see helm/istiod.yaml of meshspan render",
      );
}

/** Cluster IP of the mesh's own DNS server. */
function serverAddress(cluster: ClusterInventory): string | undefined {
  const service = objectsOf(cluster, "Service").find(
    (one) => one.metadata.name === dnsServerName && isOwned(one),
  );
  return service === undefined ? undefined : specOf<ServiceSpec>(service).clusterIP;
}

/** Where the domain is sent; without settings, by somebody else. */
interface Stub {
  readonly place: string;
  readonly settings?: DnsSettingsDescription;
}

function stubDomains(
  cluster: ClusterInventory,
  domain: string,
  address: string | undefined,
): readonly Stub[] {
  const dataOf = (name: string) => {
    const configMap = objectsOf(cluster, "ConfigMap").find(
      ({ metadata }) => metadata.name === name && metadata.namespace === "kube-system",
    );
    return textsOf(configMap);
  };
  const { Corefile: corefile = "" } = dataOf("coredns");
  const { [`${domain}.server`]: block } = dataOf("coredns-custom");
  const { stubDomains: map = "" } = dataOf("kube-dns");
  const servers = parseStubDomains(map)?.[domain];
  const isOwnBlock = address !== undefined && block === stubDomainBlock(domain, address);
  const isOwnServer = address !== undefined && servers?.join() === address;
  const found: readonly (Stub | undefined)[] = [
    readCorefile(corefile).blocks.some(({ zones }) => zones.includes(domain))
      ? {
          place: "kube-system/coredns",
          ...(unmergeCorefile(corefile, domain) === corefile
            ? {}
            : { settings: { mode: "coredns", corefile } }),
        }
      : undefined,
    block === undefined
      ? undefined
      : {
          place: "kube-system/coredns-custom",
          ...(isOwnBlock
            ? { settings: { mode: "coredns", extension: "coredns-custom" as const } }
            : {}),
        },
    servers === undefined
      ? undefined
      : {
          place: "kube-system/kube-dns",
          ...(isOwnServer ? { settings: { mode: "kube-dns", stubDomains: map } } : {}),
        },
  ];
  return found.filter((stub) => stub !== undefined);
}
