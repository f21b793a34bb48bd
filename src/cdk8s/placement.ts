/** Puts planned objects into charts. Nothing about Istio or Kubernetes is decided here. */
import { ApiObject, type Chart } from "cdk8s";
import { Construct } from "constructs";
import { MeshError } from "../core/issues";
import { type CaFilesByCluster, literalIssues, toLiteral } from "../core/literals";
import type { Mesh } from "../core/mesh";
import type { PlannedObject } from "../core/objects/manifest";

/** A chart for each cluster, by the cluster's name. */
export type ClusterCharts = Readonly<Record<string, Chart>>;

/**
 * Adds an ApiObject per planned object below `scope`, which is in a chart. Objects depend on those of
 * the same call that they need.
 * @throws MeshError with everything that files need and the description lacks.
 */
export function placeObjects(
  scope: Construct,
  objects: readonly PlannedObject[],
  certificates?: CaFilesByCluster,
): readonly ApiObject[] {
  const issues = literalIssues(objects, certificates);
  if (issues.length > 0) throw new MeshError(issues);
  const placed = new Map(
    objects.map((object) => [
      object.key,
      new ApiObject(
        scope,
        object.key.replaceAll("/", "."),
        toLiteral(object.manifest, certificates),
      ),
    ]),
  );
  for (const { key, dependsOn } of objects) {
    for (const needed of dependsOn) {
      const dependency = placed.get(needed);
      if (dependency !== undefined) placed.get(key)?.addDependency(dependency);
    }
  }
  return [...placed.values()];
}

/** The same for objects of several clusters: below a construct with this ID in each cluster's chart. */
export function placeInCharts(
  charts: ClusterCharts,
  id: string,
  objects: ReadonlyMap<string, readonly PlannedObject[]>,
  certificates?: CaFilesByCluster,
): void {
  const without = [...objects.keys()].filter((cluster) => !Object.hasOwn(charts, cluster));
  const issues = without.map((cluster) => ({
    code: "unknown_cluster" as const,
    path: ["charts", cluster],
    message: `there is no chart for cluster ${JSON.stringify(cluster)}`,
    hint: `add one: charts: { ${cluster}: new Chart(app, "${cluster}"), … }`,
  }));
  if (issues.length > 0) throw new MeshError(issues);
  const faults = [...objects.values()].flatMap((list) => literalIssues(list, certificates));
  if (faults.length > 0) throw new MeshError(faults);
  for (const [cluster, list] of objects) {
    const chart = charts[cluster];
    if (chart !== undefined && list.length > 0)
      placeObjects(new Construct(chart, id), list, certificates);
  }
}

/** The cluster's name, when the mesh has it. @throws MeshError otherwise. */
export function requireCluster(mesh: Mesh, name: string): Mesh["clusters"][number] {
  const cluster = mesh.clusters.find((candidate) => candidate.name === name);
  if (cluster !== undefined) return cluster;
  throw new MeshError([
    {
      code: "unknown_cluster",
      path: ["cluster"],
      message: `the mesh has no cluster ${JSON.stringify(name)}`,
      hint: `its clusters are ${mesh.clusters.map((candidate) => candidate.name).join(", ")}`,
    },
  ]);
}
