/** How consumers know where services are: by entries of their own, by hubs, or by endpoints that control planes read. */
import type { MeshDescription } from "../description";
import { same } from "../diff/same";
import { localHostOf } from "../names";
import { ownNamesStayLocal } from "../objects/helmValues";
import { audienceLabel, hubNamespaceName } from "../objects/hubService";
import { isOwned } from "../objects/manifest";
import { readerName, remoteSecretLabel } from "../objects/remoteSecrets";
import { type ServiceEntrySpec, specOf } from "../trace/specs";
import { compareText } from "../words";
import { type GatewayAddresses, type Opening, openingOf } from "./gateways";
import { dialledKey, type ImportedHost } from "./hosts";
import { type ClusterInventory, objectsOf } from "./inventory";
import type { ImportedIstiod } from "./istiod";
import type { ImportFinding } from "./report";
import type { ServiceObjects } from "./serviceObjects";

/** Who serves and who consumes, by the way that the objects go. */
export interface DistributionRead {
  readonly settings: Pick<MeshDescription, "distribution" | "hubs">;
  readonly findings: readonly ImportFinding[];
  /** Sorted. */
  servedBy(host: ImportedHost, addresses: GatewayAddresses): readonly string[];
  /** Sorted. */
  consumedBy(host: ImportedHost): readonly string[];
}

/** Hosts of hubs are the mesh's own, and no services. */
export function isHubHost({ namespace }: Pick<ImportedHost, "namespace">): boolean {
  return namespace === hubNamespaceName;
}

/**
 * Hubs show by their namespaces, and who reads them by the ways there (`hub-<audience>.istio-hub.<domain>`); endpoints that are
 * read by the account of the readers, by remote secrets or istiods' settings, where entries dial nothing.
 * @param hosts All that there are, those of hubs too.
 */
export function readDistribution(
  clusters: readonly ClusterInventory[],
  hosts: readonly ImportedHost[],
  objects: ServiceObjects,
  istiods: readonly ImportedIstiod[],
): DistributionRead {
  const names = clusters.map(({ name }) => name);
  const services = hosts.filter((host) => !isHubHost(host));
  const readers = clusters.filter(isRead).map(({ name }) => name);
  const hasEndpoints = services.some(({ entries }) =>
    entries.some(({ manifest }) => (specOf<ServiceEntrySpec>(manifest).endpoints ?? []).length > 0),
  );
  const audiences = audiencesIn(clusters, hosts);
  const hubs = clusters.filter((cluster) => hubNamespaces(cluster).length > 0);
  const hubNames = hubs.map(({ name }) => name);
  const read = { findings: [], servedBy: byEntries, consumedBy: byEntryOrAudience(audiences) };
  if (hubNames.length > 0) {
    const isWritten = services.some((host) => isWrittenOut(host, audiences, objects));
    const isDefault =
      !isWritten && hubNames.join() === [...names].sort(compareText).slice(0, 2).join();
    return {
      ...read,
      settings: {
        ...(isWritten ? {} : { distribution: "hub" as const }),
        ...(isDefault ? {} : { hubs: hubNames }),
      },
    };
  }
  const dialNothing = services.length > 0 && !hasEndpoints;
  if (!dialNothing || (readers.length === 0 && !istiods.some(keepsOwnNames)))
    return { ...read, settings: {}, findings: readers.length === 0 ? [] : [unclear(readers)] };
  const openings = clusters.map((cluster) => ({
    cluster: cluster.name,
    opening: openingOf(cluster),
  }));
  return {
    ...read,
    settings: { distribution: "endpoints" },
    servedBy: byOpenings(openings, objects),
    findings: readers.length === 0 ? [] : [apiServersUnknown(readers)],
  };
}

const unclear = (clusters: readonly string[]): ImportFinding => ({
  ...{ code: "distribution_unclear", clusters },
  message:
    "control planes read endpoints of other clusters, and entries name gateways, or there are none",
  hint: "the description has distribution: objects; remote secrets stay as they are",
});

const apiServersUnknown = (clusters: readonly string[]): ImportFinding => ({
  ...{ code: "api_server_unknown", clusters },
  message:
    "by which URL and with which token control planes read it, no object tells that is read here",
  hint: "where that isn't the URL of its kubeconfig and the first token, say so: apiServer, readerToken",
});

/** As a mesh that distributes endpoints has it: Kubernetes' own names stay within each cluster. */
const keepsOwnNames = ({ config }: ImportedIstiod) =>
  config?.serviceSettings?.some((one) => same(one, ownNamesStayLocal)) === true;

/** Whether another control plane reads the cluster, or its own reads others. */
function isRead(cluster: ClusterInventory): boolean {
  return (
    objectsOf(cluster, "ServiceAccount").some(
      (account) => account.metadata.name === readerName && isOwned(account),
    ) ||
    objectsOf(cluster, "Secret").some(
      ({ metadata }) => metadata.labels?.[remoteSecretLabel] === "true",
    )
  );
}

const hubNamespaces = (cluster: ClusterInventory) =>
  objectsOf(cluster, "Namespace").filter(
    ({ metadata }) => metadata.labels?.[audienceLabel] !== undefined,
  );

/** Consumers of what is in a hub's namespace, by the namespace. */
type Audiences = ReadonlyMap<string, readonly string[]>;

function audiencesIn(
  clusters: readonly ClusterInventory[],
  hosts: readonly ImportedHost[],
): Audiences {
  const readers = new Map(
    hosts
      .filter(isHubHost)
      .map(({ name, entries }) => [name, entries.map(({ cluster }) => cluster)]),
  );
  return new Map(
    clusters
      .flatMap(hubNamespaces)
      .map(({ metadata }) => [
        metadata.name,
        readers.get(`hub-${metadata.labels?.[audienceLabel] ?? ""}`) ?? [],
      ]),
  );
}

/** Entries that are not in a hub. */
const ownEntries = ({ entries }: ImportedHost, audiences: Audiences) =>
  entries.filter(({ manifest }) => !audiences.has(manifest.metadata.namespace ?? ""));

/**
 * Where hubs are read, consumers have entries of their own only where they serve too, for namespaces that are named, and no
 * routes; what is otherwise is written out for each of them.
 */
function isWrittenOut(host: ImportedHost, audiences: Audiences, objects: ServiceObjects): boolean {
  const entries = ownEntries(host, audiences).map(({ cluster, manifest }) => ({
    cluster,
    ...specOf<ServiceEntrySpec>(manifest),
  }));
  const serving = new Set(
    entries.flatMap(({ cluster, workloadSelector }) =>
      workloadSelector === undefined ? [] : [cluster],
    ),
  );
  return (
    entries.some(({ cluster, exportTo }) => exportTo === undefined || !serving.has(cluster)) ||
    objects
      .virtualServicesFor(host.host)
      .some(({ metadata }) => !audiences.has(metadata.namespace ?? ""))
  );
}

const byEntryOrAudience =
  (audiences: Audiences) =>
  (host: ImportedHost): readonly string[] =>
    sorted([
      ...ownEntries(host, audiences).map(({ cluster }) => cluster),
      ...host.entries.flatMap(
        ({ manifest }) => audiences.get(manifest.metadata.namespace ?? "") ?? [],
      ),
    ]);

/** Clusters whose gateways are dialled, and those whose entry selects pods of their own. */
function byEntries({ entries }: ImportedHost, addresses: GatewayAddresses): readonly string[] {
  return sorted(
    entries.flatMap(({ cluster, manifest }) => {
      const { endpoints = [], workloadSelector } = specOf<ServiceEntrySpec>(manifest);
      return [
        ...(workloadSelector === undefined ? [] : [cluster]),
        ...endpoints.flatMap((endpoint) => addresses.get(dialledKey(endpoint))?.cluster ?? []),
      ];
    }),
  );
}

/** Entries select pods of every cluster: it serves whose gateway lets the host through, or whose pods are guarded for it. */
const byOpenings =
  (
    openings: readonly { readonly cluster: string; readonly opening: Opening }[],
    objects: ServiceObjects,
  ) =>
  ({ name, namespace }: ImportedHost): readonly string[] =>
    sorted(
      openings
        .filter(
          ({ cluster, opening }) =>
            opening.hosts.has(localHostOf(name, namespace)) ||
            objects.find([cluster], "PeerAuthentication", namespace, `${name}.strict`) !==
              undefined,
        )
        .map(({ cluster }) => cluster),
    );

const sorted = (names: readonly string[]) => [...new Set(names)].sort(compareText);
