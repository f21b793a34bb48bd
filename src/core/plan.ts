/** The plan: every object that has to exist in each cluster, and what its control plane has to know. */
import { crossingsOf } from "./crossings";
import { IssueCollector } from "./issues";
import type { Late } from "./late";
import { type Cluster, type Mesh } from "./mesh";
import { gatewayAddress } from "./objects/serviceEntry";
import { planGateway } from "./objects/gateway";
import { planGlobalDns } from "./objects/globalDns";
import { planGlobalService } from "./objects/globalService";
import {
  baseValues,
  type BaseValues,
  gatewayIstiodValues,
  istiodValues,
  type IstiodValues,
} from "./objects/helmValues";
import { planHub } from "./objects/hub";
import { planObservability } from "./objects/observability";
import { type Manifest, type PlannedObject, planned, type Stage, stages } from "./objects/manifest";
import { planServiceNamespaces } from "./objects/namespaces";
import { planReader, planRemoteSecrets } from "./objects/remoteSecrets";
import { planRootOfTrust } from "./objects/rootOfTrust";
import { checkClusterNames } from "./rules/names";

/** What a mesh becomes. The same mesh gives the same plan, byte for byte. */
export interface Plan {
  /** The mesh that is planned. */
  readonly mesh: Mesh;
  /** Sorted by the clusters' names. */
  readonly clusters: readonly ClusterPlan[];
}

/** Values of the releases of Istio's charts. */
export interface HelmValues {
  /** Of the chart `base`, which has Istio's CustomResourceDefinitions. */
  readonly base: BaseValues;
  /** Of the chart `istiod`: the control plane of the cluster's workloads. */
  readonly istiod: IstiodValues;
  /** Of the chart `istiod` once more, for gateways and hubs, which come before that other one; only where there are hubs. */
  readonly gateways?: IstiodValues;
}

/** What one cluster needs. */
export interface ClusterPlan {
  /** The cluster that it is for. */
  readonly cluster: Cluster;
  /** In the order in which they are applied. */
  readonly objects: readonly PlannedObject[];
  /** What Istio's charts are installed with there. */
  readonly helm: HelmValues;
  /** Where peers reach the gateway. */
  readonly gatewayAddress: string | Late;
  /** Whether the plan has the workloads too; where it hasn't, they are somebody else's and assumed to be there. */
  readonly hasWorkloads: boolean;
}

/** Workloads (Deployments, Services, ServiceAccounts, …) by the name of the cluster that runs them. */
export type Workloads = Readonly<Record<string, readonly Manifest[]>>;

/** Options of `planMesh`. */
export interface PlanOptions {
  /**
   * Workloads to deploy along with the mesh, by cluster; their namespaces get sidecar injection.
   * @default none: the workloads of a cluster that is left out are somebody else's
   */
  readonly workloads?: Workloads;
}

/**
 * Plans a whole mesh.
 * @throws MeshError when workloads are for no cluster of the mesh, or are the mesh's own objects, or when
 * an object would be larger than Kubernetes takes.
 */
export function planMesh(mesh: Mesh, options: PlanOptions = {}): Plan {
  const { workloads = {} } = options;
  const issues = new IssueCollector();
  const names = new Set(mesh.clusters.map(({ name }) => name));
  const atWorkloads = issues.at("workloads");
  checkClusterNames(atWorkloads, Object.keys(workloads), names, (_, name) => atWorkloads.at(name));
  const crossings = crossingsOf(mesh);
  const serviceObjects = new Map<string, PlannedObject[]>(
    mesh.clusters.map(({ name }) => [name, []]),
  );
  for (const service of mesh.services) {
    for (const [cluster, objects] of planGlobalService(mesh, service))
      serviceObjects.get(cluster)?.push(...objects);
  }
  const clusters = mesh.clusters.map((cluster): ClusterPlan => {
    const services = serviceObjects.get(cluster.name) ?? [];
    const own = Object.hasOwn(workloads, cluster.name) ? workloads[cluster.name] : undefined;
    const { exported = [], records = [] } = crossings.get(cluster.name) ?? {};
    const gateway = planGateway(mesh, cluster, exported);
    const dns = planGlobalDns(mesh, cluster, records);
    const before = [
      ...planRootOfTrust(mesh, cluster),
      ...gateway,
      ...planHub(mesh, cluster),
      ...planReader(mesh, cluster),
      ...planRemoteSecrets(mesh, cluster),
    ];
    const made = new Set(before.map(({ key }) => key));
    const after = [
      ...dns,
      ...planWorkloads(mesh, cluster, services, own ?? []).filter(
        ({ key, shared }) => !shared || !made.has(key),
      ),
    ];
    const gateways = gatewayIstiodValues(mesh, cluster);
    const observability = planObservability(mesh, cluster);
    checkSizes(cluster, [...gateway, ...dns, ...observability], issues);
    checkKeys(cluster, [...before, ...after, ...observability], services, issues);
    const objects = [before, services, after, observability].flat();
    return {
      cluster,
      objects: inStages(objects),
      helm: {
        base: baseValues(mesh),
        istiod: istiodValues(mesh, cluster),
        ...(gateways === undefined ? {} : { gateways }),
      },
      gatewayAddress: gatewayAddress(cluster),
      hasWorkloads: own !== undefined,
    };
  });
  issues.throwAny();
  return { mesh, clusters };
}

/** etcd takes requests of 1.5 MiB, ConfigMaps 1 MiB; below both, with room for what is added on the way. */
const maxBytes = 1_000_000;

/** Objects that grow with the number of services; all else is small, or somebody else's. */
function checkSizes(
  cluster: Cluster,
  objects: readonly PlannedObject[],
  issues: IssueCollector,
): void {
  for (const { key, stage, manifest } of objects) {
    if (stage !== "dns" && stage !== "observability" && manifest.kind !== "Gateway") continue;
    const bytes = JSON.stringify(manifest).length;
    if (bytes <= maxBytes) continue;
    issues
      .at("services")
      .add(
        "too_many",
        `${key} of ${cluster.name} would have ${bytes} bytes, more than Kubernetes takes`,
        "say in consumedBy which clusters call which services, so that each has its own only",
      );
  }
}

/** The objects of services have names that tell them apart; others may have one of theirs. */
function checkKeys(
  cluster: Cluster,
  others: readonly PlannedObject[],
  services: readonly PlannedObject[],
  issues: IssueCollector,
): void {
  const keys = new Set<string>();
  const add = (key: string) =>
    issues
      .at("workloads", cluster.name, key)
      .add("conflicting_keys", "it is planned twice", "leave it out of the workloads");
  for (const { key } of others) {
    if (keys.has(key)) add(key);
    keys.add(key);
  }
  for (const { key } of services) if (keys.has(key)) add(key);
}

function planWorkloads(
  mesh: Mesh,
  cluster: Cluster,
  services: readonly PlannedObject[],
  workloads: readonly Manifest[],
): readonly PlannedObject[] {
  const injected = new Set(workloads.flatMap(({ metadata }) => metadata.namespace ?? "default"));
  const used = new Set(injected);
  for (const { manifest } of services) {
    if (manifest.metadata.namespace !== undefined) used.add(manifest.metadata.namespace);
  }
  const namespaces = planServiceNamespaces(mesh, cluster, used, injected);
  const byName = new Map(
    namespaces.map((object) => [object.manifest.metadata.name, object.manifest]),
  );
  return [
    ...namespaces,
    ...workloads.map((manifest) => {
      const namespace = byName.get(manifest.metadata.namespace ?? "default");
      return planned(
        "workloads",
        "Mesh",
        manifest,
        namespace === undefined ? {} : { dependsOn: [namespace] },
      );
    }),
  ];
}

function inStages(objects: readonly PlannedObject[]): readonly PlannedObject[] {
  const byStage = new Map<Stage, PlannedObject[]>(stages.map((stage) => [stage, []]));
  for (const object of objects) byStage.get(object.stage)?.push(object);
  return [...byStage.values()].flat();
}
