/** From objects of a mesh that was built by hand to a description, with what becomes of each of them. */
import type { MeshDescription, ServiceDescription } from "../description";
import { MeshError } from "../issues";
import { localHostOf } from "../names";
import type { Manifest } from "../objects/manifest";
import { safeParseMesh } from "../parse";
import { planMesh } from "../plan";
import { type ServiceEntrySpec, specOf } from "../trace/specs";
import { describeCluster } from "./clusters";
import { compareWithPlan } from "./compare";
import { isHubHost, readDistribution } from "./distribution";
import { readDns } from "./dns";
import { type DialledHost, gatewayAddresses } from "./gateways";
import { dialledAddress, domainOf, hostsIn, type ImportedHost, localitiesOf } from "./hosts";
import { takeInventory } from "./inventory";
import { istiodOf } from "./istiod";
import type { ImportFinding, ImportResult, Refusal } from "./report";
import { ServiceObjects } from "./serviceObjects";
import { describeService } from "./services";
import { readSettings, readTrust } from "./settings";

/** What objects can't say, or not for sure. */
export interface ImportOptions {
  /** Name of the mesh. @default that of objects which Meshspan made, else Istio's mesh ID, else `mesh` */
  readonly name?: string;
  /** Domain of the global services. @default the one that most hosts of entries within the mesh have, else `global` */
  readonly domain?: string;
  /** Addresses of gateways by cluster. @default those of their load balancers, else what only one cluster can have */
  readonly gateways?: Readonly<Record<string, string>>;
}

/**
 * A description whose plan comes as near to the objects as a description can, and how near that is, object by object.
 * Certificates and Istio are left as they are (`trust.issuer: existing`).
 * @param objects Each cluster's, as files or API servers have them.
 * @throws MeshError where settings or clusters, names above all, can't be a mesh's.
 */
export function importMesh(
  objects: Readonly<Record<string, readonly Manifest[]>>,
  options: ImportOptions = {},
): ImportResult {
  const clusters = Object.keys(objects)
    .sort()
    .map((name) => takeInventory(name, objects[name] ?? []));
  const domain = options.domain ?? domainOf(clusters);
  const hosts = hostsIn(clusters, domain);
  const addresses = gatewayAddresses(clusters, hosts.flatMap(dialledBy), options.gateways ?? {});
  const index = new ServiceObjects(clusters);
  const istiods = clusters.map(istiodOf);
  const distribution = readDistribution(clusters, hosts, index, istiods);
  const services = new Map<string, ServiceDescription>();
  const refusals = new Map<string, Refusal>();
  for (const host of hosts) {
    if (isHubHost(host)) continue;
    const service = describeService({ objects: index, addresses, distribution }, host);
    if ("code" in service) refusals.set(host.host, service);
    else services.set(`${host.name}.${host.namespace}`, service);
  }
  const trust = readTrust(clusters, istiods);
  const { settings, findings } = readSettings(clusters, istiods, trust, {
    name: options.name,
    domain,
    addresses: [...services.values()].flatMap(({ address }) => address ?? []),
  });
  const localities = localitiesOf(hosts);
  const described = clusters.map((cluster, at) => ({
    cluster,
    dns: readDns(cluster, istiods[at]?.config, domain),
  }));
  const description: MeshDescription = {
    ...settings,
    ...distribution.settings,
    clusters: Object.fromEntries(
      described.map(({ cluster, dns }) => [
        cluster.name,
        describeCluster(cluster, { addresses, localities, trust }, dns),
      ]),
    ),
    services: Object.fromEntries(services),
  };
  const { description: valid, plan } = withoutRefused(description, domain, refusals);
  return {
    description: valid,
    ...compareWithPlan(clusters, plan, domain, refusals),
    findings: gathered([
      ...findings,
      ...distribution.findings,
      ...described.flatMap(({ dns }) => dns.findings),
    ]),
  };
}

function dialledBy({ host, name, namespace, entries }: ImportedHost): readonly DialledHost[] {
  return entries.map(({ cluster, manifest }) => ({
    consumer: cluster,
    localHost: localHostOf(name, namespace),
    host,
    addresses: (specOf<ServiceEntrySpec>(manifest).endpoints ?? []).map(dialledAddress),
  }));
}

/** What is the same in several clusters is told once. */
function gathered(findings: readonly ImportFinding[]): readonly ImportFinding[] {
  const byText = new Map<string, ImportFinding>();
  for (const finding of findings) {
    const { code, clusters, message, hint } = finding;
    const key = JSON.stringify([code, message, hint]);
    const before = byText.get(key)?.clusters ?? [];
    byText.set(key, { ...finding, clusters: [...new Set([...before, ...clusters])] });
  }
  return [...byText.values()];
}

/** Services that a description refuses are taken out, and said to be; what else is faulty is an error. */
function withoutRefused(
  description: MeshDescription,
  domain: string,
  refusals: Map<string, Refusal>,
) {
  const services = { ...description.services };
  for (;;) {
    const candidate = { ...description, services };
    const parsed = safeParseMesh(candidate);
    if (parsed.ok) return { description: candidate, plan: planMesh(parsed.mesh) };
    const refused = parsed.issues.filter(({ path }) => path[0] === "services" && path.length > 1);
    if (refused.length === 0) throw new MeshError(parsed.issues);
    for (const { path, message, hint } of refused) {
      const key = String(path[1]);
      refusals.set(`${key}.${domain}`, { code: "service_refused", message, hint });
      Reflect.deleteProperty(services, key);
    }
  }
}
