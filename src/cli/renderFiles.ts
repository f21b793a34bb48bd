/** Manifests as files: per cluster, for kubectl, kustomize or Argo CD. */
import { join, resolve } from "node:path";
import { MeshError } from "../core/issues";
import { fileIssues } from "../core/literals";
import type { Plan } from "../core/plan";
import { type RenderedFile, renderPlan, writeFiles, type WriteResult } from "../render";
import { counted } from "../core/words";
import { makeFolder } from "./files";
import { applicationSet, type ArgoCdOptions, kustomizations } from "./gitOpsFiles";
import { located, type MeshSource } from "./input";
import { coloured, type Report } from "./output";
import type { RenderData } from "./schemas";

/** Where files go, and what is written beside manifests. */
export interface WriteOptions extends ArgoCdOptions {
  readonly out: string;
  readonly certs: string;
  /** May be the same folder as `out`. */
  readonly secrets: string;
  readonly kustomize?: boolean;
  readonly argoCd?: boolean;
}

/**
 * Writes the files, after certificates that are missing.
 * @throws Failure with everything that files need and the description lacks, before anything is written.
 */
export async function writeManifests(
  source: MeshSource,
  plan: Plan,
  options: WriteOptions,
): Promise<RenderData> {
  const { out, certs } = options;
  const certificates = await located(
    source,
    async () => {
      const faults = fileIssues(plan);
      if (faults.length > 0) throw new MeshError(faults);
      if (source.mesh.trust.issuer !== "files") return undefined;
      const { ensureMeshCertificates } = await import("../pki/index.js");
      await makeFolder(certs, 0o700);
      return ensureMeshCertificates(certs, source.mesh);
    },
    certs,
  );
  const rendered = await located(source, () => renderPlan(plan, certificates?.clusters), certs);
  const withKeys = rendered.filter(({ secret }) => secret === true);
  const apart = resolve(options.secrets) !== resolve(out);
  const manifests = apart ? rendered.filter(({ secret }) => secret !== true) : rendered;
  await makeFolder(out);
  const result = await writeFiles(out, [
    ...manifests,
    ...(options.kustomize === true ? kustomizations(plan, manifests) : []),
    ...(options.argoCd === true ? [applicationSet(plan, out, options)] : []),
  ]);
  if (apart) await writeSecrets(options.secrets, withKeys);
  return {
    mesh: plan.mesh.name,
    directory: out,
    ...result,
    secrets: {
      directory: apart ? options.secrets : out,
      files: withKeys.map(({ path }) => path),
    },
    ...(certificates === undefined
      ? {}
      : { certificates: { directory: certs, created: certificates.created } }),
  };
}

/** No folder is made for nothing; one of an earlier run is emptied. */
async function writeSecrets(
  directory: string,
  files: readonly RenderedFile[],
): Promise<WriteResult | undefined> {
  const { existsSync } = await import("node:fs");
  if (files.length === 0 && !existsSync(directory)) return undefined;
  await makeFolder(directory, 0o700);
  return writeFiles(directory, files);
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
