/** Intermediates that are issued anew, with the keys that they have. */
import { join } from "node:path";
import { IssueCollector, MeshError } from "../core/issues";
import type { Mesh } from "../core/mesh";
import { rootsOf } from "../core/rotation";
import { certificatesPath } from "./caFiles";
import { createIntermediate } from "./certificateAuthority";
import { readText, replace } from "./files";
import { belowRoot, readVerifiedMeshCertificates, rootFolder } from "./meshCertificates";
import { withNewline } from "./pem";
import { addMissingRootKey } from "./presentFiles";

/** Which intermediates, and when. */
export interface RenewOptions {
  /** Names of clusters. @default every cluster of the mesh */
  readonly clusters?: readonly string[] | undefined;
  /** The moment of issue. @default the system's clock */
  readonly now?: Date | undefined;
}

/**
 * Issues intermediates of the root that signs anew, each for the key that it has: certificates that workloads have
 * stay good, and istiod takes the new one up while it runs. All are made before any file is written.
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
  const root = rootsOf(mesh.trust).signing;
  const folder = join(directory, rootFolder(root));
  const issues = new IssueCollector([certificatesPath]);
  const needed = async (...path: readonly string[]): Promise<string> => {
    const at = issues.at(...path);
    const text = await readText(join(folder, ...path), at);
    if (text !== undefined) return text;
    if (path.at(-1) === "root-key.pem") addMissingRootKey(at, clusters);
    else
      at.add("certificate_missing", "the file is not there", "have it made: meshspan certs init");
    return "";
  };
  const authority = {
    certificatePem: await needed("root-cert.pem"),
    keyPem: await needed("root-key.pem"),
  };
  const keys = new Map<string, string>();
  for (const cluster of clusters) keys.set(cluster, await needed(cluster, "ca-key.pem"));
  if (issues.issues.length > 0)
    throw new MeshError(issues.issues.map((one) => belowRoot(root, one)));
  const files: (readonly [path: string, text: string])[] = [];
  for (const [cluster, keyPem] of keys) {
    const { certificatePem } = await createIntermediate(authority, {
      meshName: mesh.name,
      cluster,
      rootNamespace: mesh.istio.namespace,
      days: mesh.trust.intermediateDays,
      now,
      keyPem,
    }).catch((error: unknown) => {
      if (!(error instanceof MeshError)) throw error;
      throw new MeshError(
        error.issues.map((one) =>
          belowRoot(root, { ...one, path: [certificatesPath, ...one.path] }),
        ),
      );
    });
    const chain = withNewline(certificatePem) + withNewline(authority.certificatePem);
    files.push([`${cluster}/cert-chain.pem`, chain], [`${cluster}/ca-cert.pem`, certificatePem]);
  }
  for (const [path, text] of files) await replace(join(folder, path), text, 0o644);
  await readVerifiedMeshCertificates(directory, mesh, { now });
  return files.map(([path]) => join(rootFolder(root), path));
}
