import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App, YamlOutputType } from "cdk8s";
import { formatIssue, formatTrace, formatYaml, safeParseMeshYaml, tracePlan } from "meshspan";
import { Mesh } from "meshspan/cdk8s";
import { ensureCertificates } from "meshspan/pki";

/** Folders to write to; a test of Meshspan's passes others. */
export interface Folders {
  /** Committed; one file per cluster. */
  readonly manifests: string;
  /** Committed; values of Istio's Helm chart `istiod`, one file per cluster. */
  readonly helm: string;
  /** Not committed: the secrets with the clusters' CA keys. */
  readonly secrets: string;
  /** Not committed: the root and its key. */
  readonly certs: string;
}

export async function synth(description: string, folders: Folders): Promise<void> {
  const parsed = safeParseMeshYaml(readFileSync(description, "utf8"));
  if (!parsed.ok) {
    for (const issue of parsed.issues) {
      const { line, column } = parsed.positionOf(issue);
      console.error(`${description}:${line}:${column} ${formatIssue(issue)}`);
    }
    process.exitCode = 3;
    return;
  }

  // Made on the first run; later runs read what is there and never overwrite it.
  const certificates = await ensureCertificates(folders.certs, {
    meshName: parsed.mesh.name,
    clusters: parsed.mesh.clusters.map(({ name }) => name),
  });

  const manifests = new App({
    outdir: folders.manifests,
    yamlOutputType: YamlOutputType.FILE_PER_CHART,
  });
  const secrets = new App({
    outdir: folders.secrets,
    yamlOutputType: YamlOutputType.FILE_PER_CHART,
  });
  const mesh = new Mesh(manifests, "mesh", {
    mesh: parsed.mesh,
    certificates: certificates.clusters,
    trustScope: secrets,
  });
  manifests.synth();
  secrets.synth();

  mkdirSync(folders.helm, { recursive: true });
  for (const { name } of parsed.mesh.clusters) {
    writeFileSync(join(folders.helm, `${name}.yaml`), formatYaml([mesh.helmValues(name).istiod]));
  }

  // What a reviewer reads: every call across clusters, hop by hop.
  for (const trace of tracePlan(mesh.plan)) console.log(formatTrace(trace));
}

if (require.main === module) {
  void synth("mesh.yaml", {
    manifests: "manifests",
    helm: "helm",
    secrets: "secrets",
    certs: "certs",
  });
}
