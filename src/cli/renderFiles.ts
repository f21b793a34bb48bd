/** Manifests as files: per cluster, for kubectl, kustomize or Argo CD. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { MeshError } from "../core/issues";
import { fileIssues } from "../core/literals";
import type { Mesh } from "../core/mesh";
import { type Plan, planMesh } from "../core/plan";
import { counted } from "../core/words";
import type { EnsuredCertificates } from "../pki";
import { digestOf, type RenderedFile, renderPlan, writeFiles, type WriteOptions } from "../render";
import { makeFolder } from "./files";
import { applicationSet, type ArgoCdOptions, kustomizations } from "./gitOpsFiles";
import { located, type MeshSource } from "./input";
import { coloured, type Report } from "./output";
import type { RenderData } from "./schemas";

/** Where files go, and what is written beside manifests. */
export interface WriteManifestsOptions extends ArgoCdOptions {
  readonly out: string;
  readonly certs: string;
  /** May be the same folder as `out`. */
  readonly secrets: string;
  readonly kustomize?: boolean;
  readonly argoCd?: boolean;
}

/**
 * Writes the files, after certificates that are missing. Where the description, the certificates and the options are those of the
 * last run, and so are the files, nothing is planned.
 * @throws Failure with everything that files need and the description lacks, before anything is written.
 */
export async function writeManifests(
  source: MeshSource,
  options: WriteManifestsOptions,
  running: Pick<WriteOptions, "signal" | "progress"> = {},
): Promise<RenderData> {
  const { mesh, text } = source;
  const { out, certs, secrets } = options;
  const planned = lazily(() => planMesh(mesh));
  const certificates = await located(source, () => ensureFor(mesh, certs, planned), certs);
  const rendered = lazily(() => renderPlan(planned(), certificates?.clusters));
  const apart = resolve(secrets) !== resolve(out);
  const { kustomize = false, argoCd = false } = options;
  // The mesh is made of the text alone, and is several times as large.
  const madeOf = digestOf(text, certificates?.clusters ?? null, [
    ...[apart, kustomize],
    argoCd ? argoCdChoices(options) : null,
  ]);
  const write = (folder: string, mode: number, files: () => readonly RenderedFile[]) => {
    const make = async () => {
      const made = files();
      await makeFolder(folder, mode);
      return made;
    };
    return located(source, () => writeFiles(folder, make, { ...running, madeOf }), certs);
  };

  const { secrets: kept, ...result } = await write(out, 0o777, () => {
    const manifests = rendered().filter(({ secret }) => !apart || secret !== true);
    return [
      ...manifests,
      ...(kustomize ? kustomizations(planned(), manifests) : []),
      ...(argoCd ? [applicationSet(planned(), out, options)] : []),
    ];
  });
  // No folder is made for nothing; one of an earlier run is emptied.
  const hasSecrets = apart && (certificates !== undefined || existsSync(secrets));
  const { secrets: moved = [] } = hasSecrets
    ? await write(secrets, 0o700, () => rendered().filter(({ secret }) => secret === true))
    : {};
  return {
    mesh: mesh.name,
    directory: out,
    ...result,
    secrets: { directory: apart ? secrets : out, files: apart ? moved : kept },
    ...(certificates === undefined
      ? {}
      : { certificates: { directory: certs, created: certificates.created } }),
  };
}

/** The certificates of a mesh that has files of them. None is made for a description that files can't be made of. */
async function ensureFor(
  mesh: Mesh,
  certs: string,
  planned: () => Plan,
): Promise<EnsuredCertificates | undefined> {
  if (mesh.trust.issuer !== "files") return undefined;
  const { ensureMeshCertificates, readMeshCertificates } = await import("../pki/index.js");
  const areThere = await readMeshCertificates(certs, mesh).then(
    () => true,
    () => false,
  );
  if (!areThere) {
    const faults = fileIssues(planned());
    if (faults.length > 0) throw new MeshError(faults);
    await makeFolder(certs, 0o700);
  }
  return ensureMeshCertificates(certs, mesh);
}

/** What the ApplicationSet says. */
function argoCdChoices(options: WriteManifestsOptions): readonly (string | undefined)[] {
  const { out, repoUrl, repoRevision, repoPath, argoCdNamespace, argoCdProject } = options;
  return [out, repoUrl, repoRevision, repoPath, argoCdNamespace, argoCdProject];
}

function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

export function renderReport(data: RenderData): Report {
  const { directory, written, unchanged, removed, certificates } = data;
  const counts = `${written.length} written, ${unchanged.length} unchanged, ${removed.length} removed`;
  const lines = [
    ...(certificates?.created ?? []).map(
      (file) => `made ${join(certificates?.directory ?? "", file)}`,
    ),
    ...written.map((file) => `wrote ${join(directory, file)}`),
    ...removed.map((file) => `removed ${join(directory, file)}`),
    `${directory}: ${coloured("green", "ok")}, ${counted(written.length + unchanged.length, "file")} (${counts})`,
  ];
  return { data, text: () => `${lines.join("\n")}\n` };
}
