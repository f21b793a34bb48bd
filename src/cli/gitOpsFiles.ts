/** Files beside the manifests for the tools that apply them: kustomize and Argo CD. */
import { isAbsolute, normalize } from "node:path";
import type { Plan } from "../core/plan";
import { formatYaml } from "../core/yaml";
import type { RenderedFile } from "../render";

/** Where Argo CD finds the files. */
export interface ArgoCdOptions {
  readonly repoUrl: string;
  readonly repoRevision: string;
  /** The folder in the repository. @default as the folder is written to */
  readonly repoPath?: string;
  readonly argoCdNamespace: string;
  readonly argoCdProject: string;
}

/** `<cluster>/kustomization.yaml` for each cluster that has manifests, listing them in their order. */
export function kustomizations(
  plan: Plan,
  manifests: readonly RenderedFile[],
): readonly RenderedFile[] {
  return plan.clusters.map(({ cluster: { name } }) => ({
    path: `${name}/kustomization.yaml`,
    content: formatYaml([
      {
        apiVersion: "kustomize.config.k8s.io/v1beta1",
        kind: "Kustomization",
        resources: manifests
          .map(({ path }) => path.split("/"))
          .filter(([cluster, , ...below]) => cluster === name && below.length === 0)
          .map(([, file = ""]) => file),
      },
    ]),
  }));
}

/**
 * An Application for each cluster, which Argo CD has to know by the cluster's name. Manifests are applied
 * server-side, since Meshspan's objects are merged with what others own; Helm values lie in a folder below,
 * which Argo CD leaves alone.
 */
export function applicationSet(plan: Plan, out: string, options: ArgoCdOptions): RenderedFile {
  const { mesh } = plan;
  const folder = options.repoPath ?? (isAbsolute(out) ? "." : normalize(out));
  const root = folder.replace(/^(?:\.?\/)+|\/+$/g, "");
  const content = formatYaml([
    {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "ApplicationSet",
      metadata: {
        name: mesh.name,
        namespace: options.argoCdNamespace,
        labels: {
          "app.kubernetes.io/managed-by": "meshspan",
          "app.kubernetes.io/part-of": mesh.name,
        },
      },
      spec: {
        goTemplate: true,
        goTemplateOptions: ["missingkey=error"],
        generators: [
          { list: { elements: plan.clusters.map(({ cluster }) => ({ cluster: cluster.name })) } },
        ],
        template: {
          metadata: { name: `${mesh.name}-{{.cluster}}` },
          spec: {
            project: options.argoCdProject,
            source: {
              repoURL: options.repoUrl,
              targetRevision: options.repoRevision,
              path: root === "" || root === "." ? "{{.cluster}}" : `${root}/{{.cluster}}`,
            },
            destination: { name: "{{.cluster}}", namespace: mesh.istio.namespace },
            syncPolicy: { syncOptions: ["ServerSideApply=true"] },
          },
        },
      },
    },
  ]);
  const header = `# One Application per cluster, by the name under which Argo CD knows it. Before the first sync, each cluster
# needs its CA's secret and Istio's charts, with the values in <cluster>/helm.
`;
  return { path: "argocd-applicationset.yaml", content: header + content };
}
