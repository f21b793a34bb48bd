/** The plan: every object that has to exist in each cluster, and what its control plane has to know. */
import { crossingsOf } from "./crossings";
import type { Late } from "./late";
import { type Cluster, type Mesh } from "./mesh";
import { gatewayAddress } from "./objects/serviceEntry";
import { planGateway } from "./objects/gateway";
import { planGlobalDns } from "./objects/globalDns";
import { planGlobalService } from "./objects/globalService";
import { baseValues, type BaseValues, istiodValues, type IstiodValues } from "./objects/helmValues";
import { type Manifest, type PlannedObject, planned, stages } from "./objects/manifest";
import { planServiceNamespaces } from "./objects/namespaces";
import { planRootOfTrust } from "./objects/rootOfTrust";

/** What a mesh becomes. The same mesh gives the same plan, byte for byte. */
export interface Plan {
  readonly mesh: Mesh;
  /** Sorted by the clusters' names. */
  readonly clusters: readonly ClusterPlan[];
}

/** What one cluster needs. */
export interface ClusterPlan {
  readonly cluster: Cluster;
  /** In the order in which they are applied. */
  readonly objects: readonly PlannedObject[];
  readonly helm: { readonly base: BaseValues; readonly istiod: IstiodValues };
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
   * Workloads to deploy along with the mesh; their namespaces get sidecar injection.
   * @default none: the workloads are somebody else's
   */
  readonly workloads?: Workloads;
}

/** Plans a whole mesh. */
export function planMesh(mesh: Mesh, options: PlanOptions = {}): Plan {
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
    const workloads = options.workloads?.[cluster.name];
    const objects = [
      ...planRootOfTrust(mesh, cluster),
      ...planGateway(mesh, cluster, crossings.get(cluster.name)?.exportedHosts ?? []),
      ...services,
      ...planGlobalDns(mesh, cluster, crossings.get(cluster.name)?.records ?? []),
      ...planWorkloads(mesh, services, workloads ?? []),
    ];
    return {
      cluster,
      objects: inStages(objects),
      helm: { base: baseValues(mesh), istiod: istiodValues(mesh, cluster) },
      gatewayAddress: gatewayAddress(cluster),
      hasWorkloads: options.workloads !== undefined,
    };
  });
  return { mesh, clusters };
}

function planWorkloads(
  mesh: Mesh,
  services: readonly PlannedObject[],
  workloads: readonly Manifest[],
): readonly PlannedObject[] {
  const injected = new Set(workloads.flatMap(({ metadata }) => metadata.namespace ?? "default"));
  const used = new Set([
    ...injected,
    ...services.flatMap(({ manifest }) => manifest.metadata.namespace ?? []),
  ]);
  const namespaces = planServiceNamespaces(mesh, used, injected);
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
  return stages.flatMap((stage) => objects.filter((object) => object.stage === stage));
}
