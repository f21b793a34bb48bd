/** Pods of the caller's cluster resolve the global name: by Istio's DNS proxy, or by a stub domain. */
import { Late } from "../late";
import { dnsServerName } from "../objects/globalDns";
import type { PlannedObject } from "../objects/manifest";
import { parseStubDomains } from "../stubDomains";
import { readCorefile } from "../corefileBlocks";
import { type Hop, hopsOf, nameOf } from "./hop";
import { getOrMake, once } from "../once";
import { namespaceOf } from "./objectIndex";
import type { ClusterIndex } from "./planIndex";
import { type ServiceSpec, specOf } from "./specs";
import { isScaledToZero } from "./workloads";

/** How a cluster's pods resolve the domain's names, the same for each of them. */
interface Resolver {
  /** Missing where no name is resolved. */
  readonly hop: Hop;
  /** Address of each name; `undefined` where Istio's DNS proxy knows them from ServiceEntries. */
  readonly zone?: ReadonlyMap<string, string>;
  readonly server?: PlannedObject;
}

const resolvers = once((_cluster: ClusterIndex) => new Map<string, Resolver>());

/** What a name is resolved to. */
export interface ResolvedName {
  readonly hop: Hop;
  /** Where a zone has it; Istio's DNS proxy has what the entries say. */
  readonly address?: string | undefined;
}

/** How a host whose entries have these addresses is resolved. @param isHttp whether what is called speaks HTTP */
export function nameHop(
  home: ClusterIndex,
  domain: string,
  host: string,
  addresses: readonly string[],
  isHttp: boolean,
): ResolvedName {
  const { assumed, missing } = hopsOf(home);
  const { hop, zone, server } = getOrMake(resolvers(home), domain, () => resolverOf(home, domain));
  if (zone === undefined || server === undefined) return { hop };
  const address = zone.get(host);
  if (address !== undefined && (addresses.length === 0 || addresses.includes(address)))
    return { hop, address };
  const text = `the zone of ${nameOf(server)} has ${address === undefined ? "no" : "another"} address for ${host}`;
  // Proxies take requests at any address, and go by the host that they are for.
  return address !== undefined && isHttp
    ? { hop: assumed("name", server, text), address }
    : { hop: missing("name", server, text), address };
}

/** By Istio's DNS proxy where istiod's values switch it on, else by a stub domain and a server for it. */
function resolverOf(home: ClusterIndex, domain: string): Resolver {
  const { planned, assumed, missing } = hopsOf(home);
  const { proxyMetadata } = home.plan.helm.istiod.meshConfig.defaultConfig;
  if (proxyMetadata.ISTIO_META_DNS_CAPTURE === "true")
    return { hop: planned("name", undefined, "by Istio's DNS proxy") };
  const fail = (object: PlannedObject | undefined, text: string): Resolver => ({
    hop: missing("name", object, text),
  });

  const configMaps = home.byKind("ConfigMap", "kube-system");
  const stub = configMaps.find((object) => addressesFor(object, domain) !== undefined);
  if (stub === undefined)
    return fail(
      configMaps[0],
      `pods of ${home.name} can't resolve names of ${domain}: no stub domain leads to a server for it`,
    );
  const server = home
    .byKind("ConfigMap")
    .find(({ manifest }) => manifest.metadata.name === dnsServerName);
  const data = server === undefined ? {} : dataOf(server);
  if (server === undefined || typeof data.zone !== "string" || typeof data.Corefile !== "string")
    return fail(stub, `${nameOf(stub)} leads to a server for ${domain} that isn't there`);
  if (!servesZone(data.Corefile, domain))
    return fail(server, `the Corefile of ${nameOf(server)} doesn't serve ${domain}`);

  const namespace = namespaceOf(server);
  const workload = home.named("Deployment", namespace, dnsServerName);
  const service = home.named("Service", namespace, dnsServerName);
  if (workload === undefined || service === undefined) {
    const parts = [workload ?? "Deployment", service ?? "Service"].filter(
      (part) => typeof part === "string",
    );
    return fail(server, `the DNS server ${dnsServerName} has no ${parts.join(" and no ")}`);
  }
  if (isScaledToZero(workload))
    return fail(workload, `the DNS server ${dnsServerName} has no pods`);

  const ways = { zone: zoneOf(server), server };
  const leadsTo = (addressesFor(stub, domain) ?? []).filter((to) => to !== undefined);
  const { clusterIP } = specOf<ServiceSpec>(service.manifest);
  if (leadsTo.length > 0 && clusterIP === undefined)
    return {
      ...ways,
      hop: assumed("name", stub, `${leadsTo.join(", ")} is the address of ${nameOf(service)}`),
    };
  const wrong = leadsTo.find((to) => to !== clusterIP);
  if (wrong !== undefined)
    return fail(
      stub,
      `${nameOf(stub)} leads to ${wrong}, and ${nameOf(service)} has ${clusterIP ?? ""}`,
    );
  return { ...ways, hop: planned("name", stub, `by the stub domain in ${nameOf(stub)}`) };
}

function servesZone(corefile: string, domain: string): boolean {
  return readCorefile(corefile).blocks.some(
    ({ zones, plugins }) => zones.includes(domain) && plugins.includes("file"),
  );
}

function dataOf({ manifest }: PlannedObject): Readonly<Record<string, unknown>> {
  const { data } = manifest;
  return typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
}

/** Addresses by host: `<host>. <seconds> IN A <address>`. */
const zoneOf = once((server: PlannedObject): ReadonlyMap<string, string> => {
  const { zone } = dataOf(server);
  const records = (typeof zone === "string" ? zone : "").matchAll(
    /^(\S+)\.[ \t]+(?:\d+[ \t]+)?IN[ \t]+A[ \t]+(\S+)[ \t]*$/gm,
  );
  return new Map([...records].map(([, host = "", address = ""]) => [host, address]));
});

/**
 * Where a ConfigMap of the cluster's DNS server forwards the domain; an address is `undefined` when it is still to
 * come, and the list when the ConfigMap says nothing of the domain.
 */
function addressesFor(
  object: PlannedObject,
  domain: string,
): readonly (string | undefined)[] | undefined {
  for (const [key, value] of Object.entries(dataOf(object))) {
    const found =
      value instanceof Late
        ? lateAddresses(value, domain)
        : typeof value === "string"
          ? key === "stubDomains"
            ? ownValue(parseStubDomains(value), domain)
            : forwardsIn(value, domain)
          : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Stands for an address to come in a Corefile that is put together around it. */
const toCome = "address-to-come";

function lateAddresses({ expression }: Late, domain: string) {
  switch (expression.use) {
    case "mergedCorefile":
    case "mergedStubDomains":
      if (expression.domain !== domain) return undefined;
      return [typeof expression.address === "string" ? expression.address : undefined];
    case "template": {
      const text = expression.parts
        .map((part) => (typeof part === "string" ? part : toCome))
        .join("");
      return forwardsIn(text, domain)?.map((to) => (to === toCome ? undefined : to));
    }
    case "remoteKubeconfig":
    case "text":
    case "base64":
      return undefined;
  }
}

function forwardsIn(corefile: string, domain: string): readonly string[] | undefined {
  const block = readCorefile(corefile).blocks.find(({ zones }) => zones.includes(domain));
  return block === undefined || block.forwards.length === 0 ? undefined : block.forwards;
}

function ownValue<V>(map: Readonly<Record<string, V>> | undefined, key: string): V | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}
