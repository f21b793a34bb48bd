/** Intermediates that are issued anew, with the keys that they have. */
import { join } from "node:path";
import { IssueCollector } from "../core/issues";
import type { Mesh } from "../core/mesh";
import { readText, replace } from "./files";
import { keepWhileValid } from "./keptCertificates";
import { readVerifiedMeshCertificates, rootFolder } from "./meshCertificates";
import { MeshIssuer } from "./meshIssuer";
import { readCertificateFile } from "./pem";

/** Which intermediates are renewed, and when. */
export interface RenewOptions {
  /** Names of clusters. @default every cluster of the mesh */
  readonly clusters?: readonly string[] | undefined;
  /** The moment of issue. @default the system's clock */
  readonly now?: Date | undefined;
}

/**
 * Issues intermediates of the root that signs anew, each for the key that it has: certificates that workloads have
 * stay good, and istiod takes the new one up while it runs. All are made before any file is written. What was there is kept
 * in `<cluster>/former` until it ends, since whoever takes the key back has to take back all of its certificates.
 *
 * @returns paths of the files that were written, below `directory`
 * @throws MeshError with all faults and before anything is written: those of `readVerifiedMeshCertificates`, save that an
 * intermediate to renew may have expired or be cut off from its chain; `certificate_missing` for the root's key.
 * @throws the system's error when the folder can't be written to.
 */
export async function renewIntermediates(
  directory: string,
  mesh: Mesh,
  { clusters = mesh.clusters.map(({ name }) => name), now = new Date() }: RenewOptions = {},
): Promise<readonly string[]> {
  const issuer = await MeshIssuer.open(directory, mesh, clusters);
  const keys = await issuer.read(clusters.map((cluster) => [cluster, "ca-key.pem"] as const));
  const files: (readonly [path: string, text: string])[] = [];
  for (const [index, cluster] of clusters.entries()) {
    const { certificatePem, chainPem } = await issuer.issue(cluster, keys[index] ?? "", now);
    files.push([`${cluster}/cert-chain.pem`, chainPem], [`${cluster}/ca-cert.pem`, certificatePem]);
  }
  for (const cluster of clusters) await keepFormer(join(issuer.folder, cluster), now);
  for (const [path, text] of files) await replace(join(issuer.folder, path), text, 0o644);
  await readVerifiedMeshCertificates(directory, mesh, { now });
  return files.map(([path]) => join(rootFolder(issuer.root), path));
}

/** A certificate that can't be read is none that could be used. */
async function keepFormer(folder: string, now: Date): Promise<void> {
  const unread = new IssueCollector();
  const pem = (await readText(join(folder, "ca-cert.pem"), unread)) ?? "";
  if (pem !== "" && readCertificateFile(pem, unread) !== undefined)
    await keepWhileValid(join(folder, "former"), pem, now);
}
