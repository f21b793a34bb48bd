import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App, YamlOutputType } from "cdk8s";
import {
  fileIssues,
  formatIssue,
  formatTrace,
  formatYaml,
  MeshError,
  planMesh,
  safeParseMeshYaml,
  tracePlan,
} from "meshspan";
import { Mesh } from "meshspan/cdk8s";
import { ensureMeshCertificates } from "meshspan/pki";

/** Folders to write to; a test of Meshspan's passes others. */
export interface Folders {
  /** Committed; one file per cluster. */
  readonly manifests: string;
  /** Committed; values of Istio's Helm chart `istiod`, one file per cluster. */
  readonly helm: string;
  /** Not committed: the secrets with the clusters' CA keys. */
  readonly secrets: string;
  /** Not committed: the root, the intermediates and their keys. */
  readonly certs: string;
}

/** Writes everything that is made of the description; exit code 3 when it has faults. */
export async function synth(description: string, folders: Folders): Promise<void> {
  const parsed = safeParseMeshYaml(readFileSync(description, "utf8"));
  try {
    if (!parsed.ok) throw new MeshError(parsed.issues);
    await write(parsed.mesh, folders);
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    for (const issue of error.issues) {
      const { line, column } = parsed.positionOf(issue);
      // Certificates are in files of their own, which a fault's path names.
      const place = issue.path[0] === "certs" ? "" : `${description}:${line}:${column} `;
      console.error(`${place}${formatIssue(issue)} [${issue.code}]`);
    }
    process.exitCode = 3;
  }
}

async function write(mesh: Mesh["mesh"], folders: Folders): Promise<void> {
  const faults = fileIssues(planMesh(mesh));
  if (faults.length > 0) throw new MeshError(faults);

  const manifests = appIn(folders.manifests);
  const secrets = appIn(folders.secrets);

  // Made on the first run; later runs read and check what is there, and never overwrite it.
  const certificates =
    mesh.trust.issuer === "files" ? await ensureMeshCertificates(folders.certs, mesh) : undefined;
  for (const file of certificates?.created ?? [])
    console.error(`made ${join(folders.certs, file)}`);

  const construct = new Mesh(manifests, "mesh", {
    mesh,
    ...(certificates === undefined ? {} : { certificates: certificates.clusters }),
    trustScope: certificates === undefined ? manifests : secrets,
  });

  // What an earlier run made of clusters that are gone goes too.
  for (const folder of [folders.manifests, folders.secrets, folders.helm]) {
    rmSync(folder, { recursive: true, force: true });
  }
  manifests.synth();
  if (certificates !== undefined) {
    mkdirSync(folders.secrets, { recursive: true, mode: 0o700 });
    secrets.synth();
    for (const file of readdirSync(folders.secrets)) chmodSync(join(folders.secrets, file), 0o600);
  }
  mkdirSync(folders.helm, { recursive: true });
  for (const { name } of mesh.clusters) {
    writeFileSync(
      join(folders.helm, `${name}.yaml`),
      formatYaml([construct.helmValues(name).istiod]),
    );
  }

  // What a reviewer reads: every call across clusters.
  for (const trace of tracePlan(construct.plan)) console.log(formatTrace(trace));
}

function appIn(outdir: string): App {
  return new App({ outdir, yamlOutputType: YamlOutputType.FILE_PER_CHART });
}

if (require.main === module) {
  void synth("mesh.yaml", {
    manifests: "manifests",
    helm: "helm",
    secrets: "secrets",
    certs: "certs",
  });
}
