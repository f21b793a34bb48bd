/** Manifests as one stream of YAML, for a pipe. */
import type { Plan } from "../core/plan";
import { checkClusterNames } from "../core/rules/names";
import { IssueCollector } from "../core/issues";
import { renderPlan } from "../render/renderPlan";
import { exitCodes, Failure, type Fault } from "./failure";
import { located, type MeshSource } from "./input";

/** Which clusters are printed, and whether their CA's secrets are. */
export interface PrintOptions {
  /** Names. @default all */
  readonly cluster?: readonly string[];
  /** The folder of certificates; secrets are left out where there is none. */
  readonly certs?: string;
}

/**
 * The manifests, without Helm values. Writes nothing: certificates are read and verified, not made.
 * @throws Failure when there is no such cluster, or certificates are faulty.
 */
export async function printedManifests(
  source: MeshSource,
  plan: Plan,
  { cluster: names = [], certs }: PrintOptions,
): Promise<{ readonly text: string; readonly secretsLeftOut: boolean }> {
  const issues = new IssueCollector();
  const known = new Set(plan.clusters.map(({ cluster }) => cluster.name));
  checkClusterNames(issues, names, known);
  if (issues.issues.length > 0) {
    const faults = issues.issues.map(({ message, hint }): Fault => ({
      code: "unknown_name",
      path: [],
      message,
      hint,
    }));
    throw new Failure(faults, exitCodes.usage);
  }
  const hasKeys = source.mesh.trust.issuer === "files";
  const clusters = plan.clusters
    .filter(({ cluster }) => names.length === 0 || names.includes(cluster.name))
    .map((one) =>
      hasKeys && certs === undefined
        ? { ...one, objects: one.objects.filter(({ stage }) => stage !== "trust") }
        : one,
    );
  const files = await located(
    source,
    async () => {
      const certificates =
        hasKeys && certs !== undefined ? await readSet(certs, source) : undefined;
      return renderPlan({ ...plan, clusters }, certificates?.clusters);
    },
    certs,
  );
  return {
    text: files
      .filter(({ path }) => !path.includes("/helm/"))
      .map(({ path, content }) => `# ${path}\n${content}`)
      .join("---\n"),
    secretsLeftOut: hasKeys && certs === undefined,
  };
}

async function readSet(certs: string, { mesh }: MeshSource) {
  const { readVerifiedMeshCertificates } = await import("../pki/index.js");
  return readVerifiedMeshCertificates(certs, mesh);
}
