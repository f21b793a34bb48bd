/** The demo shop placed over clusters: who runs where decides which services have to be global. */
import type { ServiceDescription } from "../core/description";
import { type Issue, IssueCollector, MeshError, show } from "../core/issues";
import type { Workloads } from "../core/plan";
import { didYouMean, suggest } from "../core/shape";
import { type WorkloadContext, workloadManifests } from "./manifests";
import { onlineBoutique } from "./onlineBoutique";
import {
  shopCallsOf,
  serviceNames,
  type ServiceName,
  workloadNames,
  type WorkloadName,
} from "./workload";

/**
 * Which workloads each cluster runs. Every workload runs in one cluster at least; in several, it runs
 * in each of them by itself (two `redis-cart` hold different carts). A cluster may run none.
 */
export type Placement = Readonly<Record<string, readonly WorkloadName[]>>;

/** Options of `placeShop`. */
export interface PlacementOptions {
  /** Namespace of the whole shop, in every cluster. @default default */
  readonly namespace?: string;
  /** Domain of global services, as in the mesh description. @default global */
  readonly domain?: string;
}

/** What a placement makes. */
export interface PlacedShop {
  /** Descriptions of the services that have to be global, by `<service>.<namespace>`, sorted. */
  readonly services: Readonly<Record<string, ServiceDescription>>;
  /** Manifests for `planMesh`, by cluster, sorted. */
  readonly workloads: Workloads;
  /** Every call from every cluster, sorted by caller as in `workloadNames`, then by cluster. */
  readonly calls: readonly ShopCall[];
}

/** One service that a workload calls from one cluster. */
export interface ShopCall {
  /** The workload that calls. */
  readonly from: WorkloadName;
  /** Cluster that it calls from; a workload of several clusters has a call from each. */
  readonly fromCluster: string;
  /** The service that is called. */
  readonly to: ServiceName;
  /** The environment variable of the caller that says where the service is: `<host>:<port>`. */
  readonly env: string;
  /** The short name, or `<service>.<namespace>.<domain>` of a global service. */
  readonly host: string;
  /** Port of the service at that host. */
  readonly port: number;
  /**
   * Whether every answer comes from another cluster. A service that also runs in the caller's own is
   * called there, and elsewhere only when it fails.
   */
  readonly crosses: boolean;
}

/**
 * What has to exist for the shop to run as placed. A service is global when it is called from a
 * cluster where it doesn't run, or runs in several; then all its callers use the global name, those
 * beside it too. Every other service keeps its short name, and its Service exists where its pods do.
 * @throws MeshError (`unknown_placement`) with every fault of the placement at once.
 */
export function placeShop(placement: Placement, options: PlacementOptions = {}): PlacedShop {
  const places = placesOf(placement);
  const { namespace = "default", domain = "global" } = options;
  const globals = new Set(serviceNames.filter((service) => isGlobal(service, places)));
  const hostOf = (service: ServiceName) =>
    globals.has(service) ? `${service}.${namespace}.${domain}` : service;
  const context: WorkloadContext = {
    namespace,
    addressOf: (service) => `${hostOf(service)}:${onlineBoutique[service].port.port}`,
    isGlobal: (service) => globals.has(service),
  };
  return {
    services: Object.fromEntries(
      [...globals]
        .sort()
        .map((service) => [`${service}.${namespace}`, describe(service, places, namespace)]),
    ),
    workloads: Object.fromEntries(
      Object.keys(placement)
        .sort()
        .map((cluster) => [
          cluster,
          workloadNames
            .filter((name) => places[name].includes(cluster))
            .flatMap((name) => workloadManifests(onlineBoutique[name], context)),
        ]),
    ),
    calls: workloadNames.flatMap((from) =>
      places[from].flatMap((fromCluster) =>
        shopCallsOf(onlineBoutique[from]).map(({ service, env }) => ({
          from,
          fromCluster,
          to: service,
          env,
          host: hostOf(service),
          port: onlineBoutique[service].port.port,
          crosses: !places[service].includes(fromCluster),
        })),
      ),
    ),
  };
}

/** The clusters that run each workload, sorted. */
type Places = Readonly<Record<WorkloadName, readonly string[]>>;

function callersOf(service: ServiceName): readonly WorkloadName[] {
  return workloadNames.filter((name) =>
    shopCallsOf(onlineBoutique[name]).some((call) => call.service === service),
  );
}

function callingClusters(service: ServiceName, places: Places): string[] {
  return [...new Set(callersOf(service).flatMap((caller) => places[caller]))].sort();
}

function isGlobal(service: ServiceName, places: Places): boolean {
  const serving = places[service];
  return (
    serving.length > 1 ||
    callingClusters(service, places).some((cluster) => !serving.includes(cluster))
  );
}

function describe(service: ServiceName, places: Places, namespace: string): ServiceDescription {
  const { name, port, targetPort, protocol } = onlineBoutique[service].port;
  return {
    ports: [{ name, port, protocol, ...(targetPort === port ? {} : { targetPort }) }],
    serviceAccount: service,
    selector: { app: service },
    servedBy: [...places[service]],
    consumedBy: callingClusters(service, places),
    callers: callersOf(service)
      .map((caller) => `${caller}.${namespace}`)
      .sort(),
  };
}

/** Turns the placement around, and throws what is wrong with it. */
function placesOf(placement: Placement): Places {
  const issues = checkPlacement(placement);
  if (issues.length > 0) throw new MeshError(issues);
  const clusters = Object.keys(placement).sort();
  const runs = (cluster: string, name: WorkloadName) => placement[cluster]?.includes(name) === true;
  return Object.fromEntries(
    workloadNames.map((name) => [name, clusters.filter((cluster) => runs(cluster, name))]),
  ) as Record<WorkloadName, string[]>;
}

/** Every fault of a placement; which clusters there are is not its business. */
export function checkPlacement(placement: Placement): readonly Issue[] {
  const issues = new IssueCollector(["placement"]);
  const given = new Set<string>();
  // A misspelt workload looks missing too; the spelling is what is wrong.
  const meant = new Set<string>();
  // Placements come from files too, so that lists may be anything and names any text.
  for (const [cluster, listed] of Object.entries<unknown>(placement)) {
    const at = issues.at(cluster);
    if (!Array.isArray(listed)) {
      at.add(
        "unknown_placement",
        `${show(listed)} is not a list`,
        `write the workloads that run there: [frontend, …], or []`,
      );
      continue;
    }
    listed.forEach((name: unknown, index) => {
      if (!isWorkload(name)) {
        const near = typeof name === "string" ? didYouMean(name, workloadNames) : undefined;
        if (near !== undefined) meant.add(near);
        at.at(index).add(
          "unknown_placement",
          `the shop has no workload ${show(name)}`,
          suggest(String(name), workloadNames),
        );
      } else if (listed.indexOf(name) !== index) {
        at.at(index).add(
          "unknown_placement",
          `${show(name)} is listed twice`,
          "remove one of them",
        );
      } else given.add(name);
    });
  }
  const [example] = Object.keys(placement);
  if (example === undefined) {
    issues.add(
      "unknown_placement",
      "it names no cluster",
      `write which workloads run in each: { east: [frontend, …] }`,
    );
    return issues.issues;
  }
  for (const name of workloadNames) {
    if (given.has(name) || meant.has(name)) continue;
    issues.add(
      "unknown_placement",
      `no cluster runs ${show(name)}`,
      `add it to one, such as ${show(example)}`,
    );
  }
  return issues.issues;
}

function isWorkload(name: unknown): name is WorkloadName {
  return workloadNames.some((known) => known === name);
}
