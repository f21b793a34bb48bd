/** A plan as files: for each cluster, manifests in the order in which they are applied, and Helm values. */
import { MeshError } from "../core/issues";
import { type CaFilesByCluster, literalIssues, toLiteral } from "../core/literals";
import { type Manifest, stages } from "../core/objects/manifest";
import { once } from "../core/once";
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
 * applies in the order of their names; Helm values are in a folder below, which it leaves alone.
 * @throws MeshError with everything that files need and the description lacks.
 */
export function renderPlan(plan: Plan, certificates?: CaFilesByCluster): readonly RenderedFile[] {
  const issues = literalIssues(
    new Set(plan.clusters.flatMap(({ objects }) => objects)),
    certificates,
  );
  if (issues.length > 0) throw new MeshError(issues);
  // Clusters that see the same share the same objects: each is turned into YAML once.
  const yamlOf = once((manifest: Manifest) => formatYaml([toLiteral(manifest, certificates)]));
  return plan.clusters.flatMap(({ cluster, objects, helm }) => [
    ...stages.flatMap((stage, index): readonly RenderedFile[] => {
      const manifests = objects
        .filter((object) => object.stage === stage)
        .map(({ manifest }) => manifest);
      if (manifests.length === 0) return [];
      // What can't be written is an error now, and not when a file is.
      const documents = manifests.map(yamlOf);
      return [
        {
          path: `${cluster.name}/${(index + 1) * 10}-${stage}.yaml`,
          get content() {
            return documents.join(documentSeparator);
          },
          secret: manifests.some(({ kind }) => kind === "Secret"),
        },
      ];
    }),
    { path: `${cluster.name}/helm/base.yaml`, content: formatYaml([helm.base]) },
    { path: `${cluster.name}/helm/istiod.yaml`, content: formatYaml([helm.istiod]) },
  ]);
}
