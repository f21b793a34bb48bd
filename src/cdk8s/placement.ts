/** Puts planned objects into charts. Nothing about Istio or Kubernetes is decided here. */
import { ApiObject, type Chart } from "cdk8s";
import { Construct } from "constructs";
import { type Issue, MeshError } from "../core/issues";
import { type CaFilesByCluster, literalIssues, toLiteral } from "../core/literals";
import type { GlobalService, Mesh } from "../core/mesh";
import type { PlannedObject } from "../core/objects/manifest";
import { addTo, once } from "../core/once";

/**
 * A chart for each cluster, by the cluster's name. In it, objects of a component are below a
 * construct with the component's ID, so components that share charts need IDs of their own.
 */
export type ClusterCharts = Readonly<Record<string, Chart>>;

/**
 * Adds an ApiObject per planned object, below a construct with this ID in each cluster's chart. What an
 * object needs comes before it in its chart, whichever construct makes either, and in whatever order.
 * @throws MeshError with everything that files need and the description lacks, before anything is added.
 */
export function placeObjects(
  charts: ClusterCharts,
  id: string,
  objects: ReadonlyMap<string, readonly PlannedObject[]>,
  certificates?: CaFilesByCluster,
): void {
  const issues = [...objects].flatMap(([cluster, list]): readonly Issue[] =>
    Object.hasOwn(charts, cluster)
      ? literalIssues(list, certificates)
      : [
          {
            code: "unknown_cluster",
            path: ["charts", cluster],
            message: `there is no chart for cluster ${JSON.stringify(cluster)}`,
            hint: `add one: charts: { ${cluster}: new Chart(app, "${cluster}"), … }`,
          },
        ],
  );
  if (issues.length > 0) throw new MeshError(issues);
  for (const [cluster, list] of objects) {
    const chart = charts[cluster];
    if (chart === undefined || list.length === 0) continue;
    const scope = new Construct(chart, id);
    for (const object of list.filter(({ live }) => !live))
      placeObject(chart, scope, object, certificates);
  }
}

/** What constructs have put into a chart. */
interface Placed {
  /** Objects by key. */
  readonly objects: Map<string, ApiObject>;
  /** Those that wait for a key that isn't placed yet. */
  readonly waiting: Map<string, ApiObject[]>;
  /** Global services by their addresses, and the mesh that each is of. */
  readonly services: Map<string, { readonly mesh: Mesh; readonly service: GlobalService }>;
}

/** Constructs find here what others have put into the same chart. */
export const placedIn = once((_chart: Chart): Placed => ({
  objects: new Map(),
  waiting: new Map(),
  services: new Map(),
}));

function placeObject(
  chart: Chart,
  scope: Construct,
  { key, dependsOn, manifest }: PlannedObject,
  certificates: CaFilesByCluster | undefined,
): void {
  const placed = placedIn(chart);
  const object = new ApiObject(scope, key.replaceAll("/", "."), toLiteral(manifest, certificates));
  placed.objects.set(key, object);
  for (const waiting of placed.waiting.get(key) ?? []) waiting.addDependency(object);
  for (const needed of dependsOn) {
    const dependency = placed.objects.get(needed);
    if (dependency !== undefined) object.addDependency(dependency);
    else addTo(placed.waiting, needed, object);
  }
}
