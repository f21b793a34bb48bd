/** One look at the clusters of a description, prepared once and made as often as it's asked for. */
import { existsSync } from "node:fs";
import { fileIssues } from "../core/literals";
import type { Mesh } from "../core/mesh";
import { planMesh } from "../core/plan";
import { suggest } from "../core/shape";
import { shellWord } from "../core/shell";
import type { Check } from "../live/status/finding";
import { lookAtMesh } from "../live/status/lookAtMesh";
import type { Remedy } from "../live/status/objects";
import type { CertificateSet } from "../pki";
import { defaultCerts } from "./options";
import { type ContextOptions, reachMesh } from "./contextOptions";
import { usageFailure } from "./failure";
import { loadMesh, located, type MeshSource } from "./input";
import { statusData } from "./statusReport";
import type { StatusData } from "./statusSchema";

export interface StatusLookOptions extends ContextOptions {
  readonly cluster?: readonly string[];
  readonly check?: readonly Check[];
  readonly certs?: string;
}

/** @throws Failure for a faulty description, for a cluster without a context, and for certificates that can't be read */
export async function look(
  file: string,
  options: StatusLookOptions,
): Promise<() => Promise<StatusData>> {
  const source = await loadMesh(file);
  const { mesh } = source;
  const names = chosenClusters(mesh, options.cluster);
  const clusters = await reachMesh(mesh, options, names);
  const files = await certificateFiles(source, options.certs);
  const remedy = await remedyFor(source, file);
  return async () => {
    const checks = options.check === undefined ? {} : { checks: options.check };
    return statusData(await lookAtMesh(mesh, clusters, { ...checks, files, remedy }), clusters);
  };
}

function chosenClusters(
  { clusters }: Mesh,
  wanted: readonly string[] | undefined,
): readonly string[] {
  const names = clusters.map(({ name }) => name);
  for (const name of wanted ?? []) {
    if (names.includes(name)) continue;
    const message = `--cluster names ${name}, which the mesh doesn't have`;
    throw usageFailure(message, suggest(name, names), "unknown_name");
  }
  return names.filter((name) => wanted?.includes(name) ?? true);
}

/** The folder that was named has to be whole; the one that `certs init` makes is used where it is. */
async function certificateFiles(
  source: MeshSource,
  certs: string | undefined,
): Promise<CertificateSet | undefined> {
  const { mesh } = source;
  const directory = certs ?? defaultCerts;
  if (mesh.trust.issuer !== "files" || (certs === undefined && !existsSync(directory)))
    return undefined;
  const { readMeshCertificates } = await import("../pki/index.js");
  try {
    return await located(source, () => readMeshCertificates(directory, mesh), directory);
  } catch (error) {
    if (certs !== undefined) throw error;
    process.stderr.write(
      `· ${directory} isn't whole, so clusters' certificates aren't held against it\n`,
    );
    return undefined;
  }
}

/** Files can be rendered where nothing is late; else it was Pulumi that filled things in. */
async function remedyFor(source: MeshSource, file: string): Promise<Remedy> {
  const plan = await located(source, () => planMesh(source.mesh));
  const isRendered = fileIssues(plan).length === 0;
  return {
    hint: "apply the plan again: pulumi up, or kubectl apply of what meshspan render writes",
    fix: (cluster) =>
      isRendered
        ? `meshspan render ${shellWord(file)} --cluster ${shellWord(cluster)} | kubectl apply --server-side --force-conflicts -f -`
        : "pulumi up",
  };
}
