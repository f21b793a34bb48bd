/** Settings of the whole mesh: what every cluster has to agree on, and where they don't. */
import { parseIpv4 } from "../addresses";
import type { MeshDescription } from "../description";
import { clusterDomain } from "../names";
import { hubNamespaceName } from "../objects/hubService";
import { type DeploymentSpec, type DestinationRuleSpec, specOf } from "../trace/specs";
import { compareText } from "../words";
import { subjectAltNamesOf } from "./identity";
import { type ClusterInventory, isOwnGateway, objectsOf, ofKind } from "./inventory";
import type { ImportedIstiod } from "./istiod";
import { readObservability } from "./observability";
import type { ImportFinding } from "./report";

/** A trust domain by cluster, and that of the mesh: the one that its clusters need not name. */
export interface ImportedTrust {
  readonly mesh: string;
  readonly byCluster: ReadonlyMap<string, string>;
  /** Further ones that every istiod takes. */
  readonly aliases: readonly string[];
}

/** As istiods' settings say; of a cluster whose settings weren't given, as callers' rules do. */
export function readTrust(
  clusters: readonly ClusterInventory[],
  istiods: readonly ImportedIstiod[],
): ImportedTrust {
  const byRules = trustDomainOf(clusters);
  const byCluster = new Map(
    istiods.map(({ cluster, config }) => [
      cluster,
      config === undefined ? byRules : (config.trustDomain ?? clusterDomain),
    ]),
  );
  const domains = [...new Set(byCluster.values())].sort(compareText);
  const mesh = domains.includes(clusterDomain) ? clusterDomain : (domains[0] ?? clusterDomain);
  const aliases = new Set(istiods.flatMap(({ config }) => config?.trustDomainAliases ?? []));
  return {
    mesh,
    byCluster,
    aliases: [...aliases].filter((domain) => !domains.includes(domain)).sort(compareText),
  };
}

/** The trust domain that callers' rules name first. */
function trustDomainOf(clusters: readonly ClusterInventory[]): string {
  for (const { manifest } of ofKind(clusters, "DestinationRule"))
    for (const san of subjectAltNamesOf(specOf<DestinationRuleSpec>(manifest))) {
      const [, domain] = /^spiffe:\/\/([^/]+)\//.exec(san) ?? [];
      if (domain !== undefined) return domain;
    }
  return clusterDomain;
}

/** Settings beside clusters, services and distribution. */
export interface ImportedSettings {
  readonly settings: Omit<MeshDescription, "clusters" | "services">;
  readonly findings: readonly ImportFinding[];
}

/** What is said of the mesh, else what its objects say. */
export interface GivenSettings {
  readonly name: string | undefined;
  readonly domain: string;
  /** Of its services. */
  readonly addresses: readonly string[];
}

/** Of settings in which clusters differ, the first cluster's is taken, and the others are told. */
export function readSettings(
  clusters: readonly ClusterInventory[],
  istiods: readonly ImportedIstiod[],
  trust: ImportedTrust,
  given: GivenSettings,
): ImportedSettings {
  const findings: ImportFinding[] = [];
  const common = <T>(what: string, values: readonly (readonly [string, T | undefined])[]) => {
    const [first, ...others] = values;
    const value = JSON.stringify(first?.[1]);
    const differing = others.filter(([, other]) => JSON.stringify(other) !== value);
    if (first !== undefined && differing.length > 0)
      findings.push({
        code: "settings_differ",
        clusters: differing.map(([cluster]) => cluster),
        message: `${what} is not what it is in ${first[0]}, whose is taken`,
        hint: "a description has one for all clusters; make them agree, or describe two meshes",
      });
    return first?.[1];
  };
  const known = istiods.filter(({ namespace }) => namespace !== undefined);
  const namespace =
    common(
      "Istio's namespace",
      known.map((one) => [one.cluster, one.namespace]),
    ) ?? "istio-system";
  const revision = common(
    "the control planes' revision",
    istiods.filter(({ config }) => config !== undefined).map((one) => [one.cluster, one.revision]),
  );
  const observability = common(
    "what is to be seen of calls (observability)",
    clusters.map((one) => [one.name, readObservability(one, namespace)]),
  );
  const name = given.name ?? nameOf(clusters, istiods);
  findings.push(
    ...istiods.flatMap(unclearRevision),
    ...differingNames(name, istiods),
    ...missingAliases(trust, istiods),
  );
  const rev = revision ?? istiods.find((one) => one.revision !== undefined)?.revision;
  const image = clusters.map(hubImage).find((found) => found !== undefined);
  const istio = {
    ...(namespace === "istio-system" ? {} : { namespace }),
    ...(rev === undefined ? {} : { revision: rev }),
    ...(image === undefined ? {} : { image }),
  };
  const pool = poolOf(given.addresses);
  return {
    settings: {
      name,
      ...(trust.mesh === clusterDomain ? {} : { trustDomain: trust.mesh }),
      ...(given.domain === "global" ? {} : { domain: given.domain }),
      ...(pool === undefined ? {} : { addresses: pool }),
      ...(Object.keys(istio).length === 0 ? {} : { istio }),
      trust: {
        issuer: "existing",
        ...(trust.aliases.length === 0 ? {} : { trustDomainAliases: [...trust.aliases] }),
      },
      ...(observability === undefined ? {} : { observability }),
    },
    findings,
  };
}

/** Image of the istiod that hubs run. */
function hubImage(cluster: ClusterInventory): string | undefined {
  return objectsOf(cluster, "Deployment")
    .filter(({ metadata }) => metadata.namespace === hubNamespaceName)
    .flatMap((one) => specOf<DeploymentSpec>(one).template?.spec?.containers ?? [])
    .map((container) => (container as { readonly image?: string }).image)
    .find((found) => found !== undefined);
}

/** That of a gateway of Meshspan's, else the mesh ID that istiods have. */
function nameOf(clusters: readonly ClusterInventory[], istiods: readonly ImportedIstiod[]): string {
  const own = clusters.flatMap(({ objects }) => objects).find(isOwnGateway);
  const ids = istiods.flatMap(({ config }) => config?.defaultConfig?.meshId ?? []);
  return own?.metadata.labels?.["meshspan.dev/gateway"] ?? ids.find((id) => id !== "") ?? "mesh";
}

function unclearRevision({ cluster, candidates }: ImportedIstiod): readonly ImportFinding[] {
  if (candidates.length === 0) return [];
  return [
    {
      ...{ code: "revision_unclear", clusters: [cluster] },
      message: `nothing tells which of ${candidates.join(", ")} is the mesh's control plane`,
      hint: "say in istio.revision which injects the workloads; what its settings say isn't read",
    },
  ];
}

/** Istiods that know the mesh or their cluster by another name. */
function differingNames(
  mesh: string,
  istiods: readonly ImportedIstiod[],
): readonly ImportFinding[] {
  return istiods.flatMap(({ cluster, clusterName, config }): readonly ImportFinding[] => {
    const id = config?.defaultConfig?.meshId ?? "";
    const setting = (what: string, is: string, wanted: string): ImportFinding => ({
      code: "istiod_names_differ",
      clusters: [cluster],
      message: `istiod's ${what} is ${is === "" ? "not set" : is}, and the description has ${wanted}`,
      hint: "take istiod's name for it where you can; else set it in istiod's chart, and restart the pods with proxies",
    });
    return [
      ...(config === undefined || id === mesh ? [] : [setting("mesh ID", id, mesh)]),
      ...(clusterName === undefined || clusterName === cluster
        ? []
        : [setting("cluster name", clusterName, cluster)]),
    ];
  });
}

function missingAliases(
  { aliases }: ImportedTrust,
  istiods: readonly ImportedIstiod[],
): readonly ImportFinding[] {
  const lacking = istiods.filter(
    ({ config }) =>
      config !== undefined &&
      aliases.some((alias) => config.trustDomainAliases?.includes(alias) !== true),
  );
  return lacking.length === 0
    ? []
    : [
        {
          code: "settings_differ",
          clusters: lacking.map(({ cluster }) => cluster),
          message: `trustDomainAliases lacks some of ${aliases.join(", ")}, which others have`,
          hint: "the description has them all; add them to istiod's settings, or take them out of trust.trustDomainAliases",
        },
      ];
}

/** The /16 that all addresses are in, where they aren't all in the default pool. */
function poolOf(addresses: readonly string[]): string | undefined {
  const numbers = addresses.flatMap((address) => parseIpv4(address) ?? []);
  if (numbers.every((number) => number >= 0xf0000000)) return undefined;
  const ranges = new Set(
    addresses.map((address) => `${address.split(".").slice(0, 2).join(".")}.0.0/16`),
  );
  const [only, ...others] = ranges;
  return others.length === 0 ? only : undefined;
}
