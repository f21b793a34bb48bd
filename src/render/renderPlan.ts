/** A plan as files: for each cluster, manifests in the order in which they are applied, and Helm values. */
import { MeshError } from "../core/issues";
import { type CaFilesByCluster, distinctObjects, planIssues, toLiteral } from "../core/literals";
import { type PlannedObject, stages } from "../core/objects/manifest";
import type { Plan } from "../core/plan";
import { documentSeparator, formatYaml } from "../core/yaml";

/** A file to write. */
export interface RenderedFile {
  /** Relative, with `/`. */
  readonly path: string;
  /** Of `renderPlan`, it is put together each time that it is read: files of thousands of clusters take no memory. */
  readonly content: string;
  /** Whether it has key material, so that only its owner may read it. @default false */
  readonly secret?: boolean;
}

/**
 * `<cluster>/10-namespaces.yaml` and so on, one file per stage, which `kubectl apply -f <cluster>`
 * applies in the order of their names; Helm values are in a folder below, which it leaves alone. What only live clusters know
 * is in none: `meshspan remote-secrets` brings it.
 * @throws MeshError with everything that files need and the description lacks.
 */
export function renderPlan(plan: Plan, certificates?: CaFilesByCluster): readonly RenderedFile[] {
  const issues = planIssues(plan, certificates);
  if (issues.length > 0) throw new MeshError(issues);
  // Clusters that see the same share the same objects: each is turned into YAML once. What can't be written is an error
  // now, and not when a file is.
  const documents = new Map<PlannedObject, string>();
  for (const object of distinctObjects(plan))
    if (!object.live) documents.set(object, formatYaml([toLiteral(object.manifest, certificates)]));
  return plan.clusters.flatMap(({ cluster, objects, helm }) => [
    ...stages.flatMap((stage, index) => {
      const own = objects.filter((object) => object.stage === stage && !object.live);
      if (own.length === 0) return [];
      const path = `${cluster.name}/${(index + 1) * 10}-${stage}.yaml`;
      return [fileOf(path, own, documents)];
    }),
    { path: `${cluster.name}/helm/base.yaml`, content: formatYaml([helm.base]) },
    { path: `${cluster.name}/helm/istiod.yaml`, content: formatYaml([helm.istiod]) },
    ...(helm.gateways === undefined
      ? []
      : [
          {
            path: `${cluster.name}/helm/istiod-gateways.yaml`,
            content: formatYaml([helm.gateways]),
          },
        ]),
  ]);
}

function fileOf(
  path: string,
  objects: readonly PlannedObject[],
  documents: ReadonlyMap<PlannedObject, string>,
): RenderedFile {
  return {
    path,
    get content() {
      return objects.map((object) => documents.get(object) ?? "").join(documentSeparator);
    },
    // One without data is filled by Kubernetes.
    secret: objects.some(({ manifest }) => manifest.kind === "Secret" && "data" in manifest),
  };
}
