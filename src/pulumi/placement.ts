/** Puts planned objects into clusters as resources. Nothing about Istio or Kubernetes is decided here. */
import * as pulumi from "@pulumi/pulumi";
import { type Issue, MeshError } from "../core/issues";
import type { Mesh } from "../core/mesh";
import type { Manifest, PlannedObject, Stage } from "../core/objects/manifest";
import { addTo, getOrMake, once } from "../core/once";
import { withMore } from "./childOptions";
import { failureHook } from "./failureHints";
import { type LateSource, nothingLate, toInputs } from "./lateOutputs";
import type { MeshCluster, MeshClusters } from "./meshCluster";
import { resourceClassOf } from "./resourceClass";
import { SharedObject } from "./sharedObject";

/** Where objects go, and on whose behalf. */
export interface Placement {
  readonly mesh: Pick<Mesh, "name">;
  readonly clusters: MeshClusters;
  /** Parent of objects that belong to the mesh alone. */
  readonly parent: pulumi.Resource;
  /** @default no object has late values */
  readonly source?: LateSource;
  /** Times in which objects have to be ready, by key, as Pulumi's customTimeouts write them. @default the provider's */
  readonly timeouts?: Readonly<Record<string, string>>;
  /** What is called around operations on an object, beside what is called for all. @default nothing */
  readonly hooksOf?: (object: PlannedObject) => pulumi.ResourceHookBinding;
  /** Resources to wait for beside what an object needs by itself. */
  readonly dependsOn?: pulumi.ComponentResourceOptions["dependsOn"];
}

/** What components have put into a cluster in this run. */
interface Placed {
  readonly objects: Map<
    string,
    { readonly manifest: Manifest; readonly resource: pulumi.Resource }
  >;
  readonly stages: Map<Stage, pulumi.Resource[]>;
  /** Keys of global services by their addresses. */
  readonly services: Map<string, string>;
  /** What has to run before proxies are injected, Istio's kinds are known, and load balancers get addresses. */
  readonly controlPlane: pulumi.Resource[];
}

/** Components of one cluster find each other's objects here, as in one chart of the cdk8s front end. */
export const placedIn = once((_cluster: MeshCluster): Placed => ({
  objects: new Map(),
  stages: new Map(),
  services: new Map(),
  controlPlane: [],
}));

const hintsOf = once((_cluster: MeshCluster) => new Map<string, pulumi.ErrorHook>());

/** Pulumi's mocks, which users test their programs with, take no hooks and never answer. */
export function takesHooks(): boolean {
  const monitor = pulumi.runtime.getMonitor();
  return monitor !== undefined && "registerErrorHook" in monitor;
}

/** Prints hints for failures in a cluster. A hook's name is unique in a run, so there is one per cluster. */
export function hooksFor(
  mesh: Pick<Mesh, "name">,
  name: string,
  cluster: MeshCluster,
): pulumi.ResourceHookBinding {
  if (!takesHooks()) return {};
  const id = `meshspan-hints/${mesh.name}/${name}`;
  return { onError: [getOrMake(hintsOf(cluster), id, () => failureHook(id))] };
}

/** Stages whose pods or kinds need a control plane. */
const afterControlPlane: ReadonlySet<Stage> = new Set([
  "gateway",
  "services",
  "workloads",
  "observability",
]);

/**
 * To be asked before anything is registered.
 * @throws MeshError when a cluster is missing, or an object was placed before and looked different.
 */
export function checkPlaceable(
  clusters: MeshClusters,
  objects: ReadonlyMap<string, readonly PlannedObject[]>,
): void {
  const issues = [...objects].flatMap(([cluster, list]) =>
    placementIssues(clusters, cluster, list),
  );
  if (issues.length > 0) throw new MeshError(issues);
}

/**
 * Makes a resource per planned object, in the cluster that it is planned for. Loops rather than callbacks: Pulumi sends the whole
 * stack with each resource, and keeps it in the state.
 * @returns the resources by cluster and key.
 */
export function placeObjects(
  placement: Placement,
  objects: ReadonlyMap<string, readonly PlannedObject[]>,
): ReadonlyMap<string, ReadonlyMap<string, pulumi.Resource>> {
  const made = new Map<string, Map<string, pulumi.Resource>>();
  for (const [name, list] of objects) {
    const cluster = requireMeshCluster(placement.clusters, name);
    const placed = placedIn(cluster);
    const resources = new Map<string, pulumi.Resource>();
    for (const object of list) {
      const { key, manifest, stage } = object;
      let known = placed.objects.get(key);
      if (known === undefined || !isSame(known.manifest, manifest)) {
        known = { manifest, resource: makeResource(placement, name, cluster, object) };
        placed.objects.set(key, known);
        addTo(placed.stages, stage, known.resource);
      }
      resources.set(key, known.resource);
    }
    made.set(name, resources);
  }
  return made;
}

function placementIssues(
  clusters: MeshClusters,
  name: string,
  objects: readonly PlannedObject[],
): readonly Issue[] {
  const cluster = findMeshCluster(clusters, name);
  if (cluster === undefined) return [missingCluster(name)];
  const placed = placedIn(cluster);
  return objects.flatMap(({ key, manifest, shared }): readonly Issue[] => {
    const before = placed.objects.get(key);
    // What is shared is merged, whoever else is merged into it.
    if (before === undefined || shared || isSame(before.manifest, manifest)) return [];
    return [
      {
        code: "conflicting_keys",
        path: ["clusters", name],
        message: `${key} is made twice, with different contents`,
        hint: "let one component make it",
      },
    ];
  });
}

function missingCluster(name: string): Issue {
  return {
    code: "unknown_cluster",
    path: ["clusters", name],
    message: `there is no cluster ${JSON.stringify(name)} to put objects into`,
    hint: "add it to clusters, as an ExistingCluster with its kubeconfig",
  };
}

/** The cluster of that name. @throws MeshError when it isn't among those that were given. */
export function requireMeshCluster(clusters: MeshClusters, name: string): MeshCluster {
  const cluster = findMeshCluster(clusters, name);
  if (cluster === undefined) throw new MeshError([missingCluster(name)]);
  return cluster;
}

function findMeshCluster(clusters: MeshClusters, name: string): MeshCluster | undefined {
  return Object.hasOwn(clusters, name) ? clusters[name] : undefined;
}

/** Late values have expressions as JSON, so that two that mean the same look the same. */
function isSame(a: Manifest, b: Manifest): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function makeResource(
  { mesh, parent, source = nothingLate, timeouts = {}, hooksOf, dependsOn }: Placement,
  name: string,
  cluster: MeshCluster,
  object: PlannedObject,
): pulumi.Resource {
  const { key, manifest, shared } = object;
  const { namespace, name: own } = manifest.metadata;
  const resourceName = [mesh.name, name, namespace, own].filter(Boolean).join("/");
  const needed = neededBy(object, placedIn(cluster));
  const options = {
    // What is shared has no provider of the cluster's: it waits for it, as that does for what the cluster waits for.
    dependsOn: withMore(shared ? [...needed, cluster.provider] : needed, dependsOn),
    hooks: { ...hooksFor(mesh, name, cluster), ...hooksOf?.(object) },
  };
  if (shared) {
    const { kubeconfig, identifier } = cluster;
    return new SharedObject(
      resourceName,
      { mesh: mesh.name, cluster: name, kubeconfig, identifier, manifest, source },
      { ...options, parent: cluster },
    );
  }
  const Class = resourceClassOf(manifest);
  const timeout = timeouts[key];
  return new Class(resourceName, toInputs(forProvider(mesh, manifest), source), {
    ...options,
    // Names are fixed: what takes its place would be taken over, and then deleted as the old one.
    deleteBeforeReplace: true,
    parent,
    provider: cluster.provider,
    ...(timeout === undefined ? {} : { customTimeouts: { create: timeout, update: timeout } }),
  });
}

/** What has to be there before an object, of what is placed in its cluster. */
function neededBy(
  { dependsOn, stage }: PlannedObject,
  { objects, controlPlane }: Placed,
): readonly pulumi.Resource[] {
  return [
    ...dependsOn.flatMap((key) => objects.get(key)?.resource ?? []),
    ...(afterControlPlane.has(stage) ? controlPlane : []),
  ];
}

/**
 * A manifest with what the provider is told in annotations. Fields are managed in the mesh's name: by itself the provider
 * makes up a name when it creates an object, and another one when a run that was killed is repeated, which from then on
 * would conflict with the first. It waits for kinds that it knows; of a Certificate, the secret that istiod starts with is
 * made when it's ready.
 */
function forProvider(mesh: Placement["mesh"], manifest: Manifest): Manifest {
  const annotations = {
    ...manifest.metadata.annotations,
    "pulumi.com/patchFieldManager": `meshspan-${mesh.name}`,
    ...(manifest.kind === "Certificate" ? { "pulumi.com/waitFor": "condition=Ready" } : {}),
  };
  return { ...manifest, metadata: { ...manifest.metadata, annotations } };
}
