/** The certificates of a mesh by its own settings, made and verified in one step. */
import { MeshError } from "../core/issues";
import type { Mesh } from "../core/mesh";
import { ensureCertificates, type EnsuredCertificates } from "./directory";
import { verifyCertificates } from "./verify";

/** When the certificates of a mesh are made. */
export interface EnsureMeshOptions {
  /** The moment of issue, at which the whole set has to be valid. @default the system's clock */
  readonly now?: Date | undefined;
}

/**
 * Makes what is missing of a mesh's certificates below `directory`, as its `trust` and its istiod's
 * namespace say, and verifies the whole set: `ensureCertificates` and then `verifyCertificates`.
 *
 * @throws MeshError with all faults: `trust_overlap` at `["trust", "issuer"]` when the issuer is not
 * `files`, and then nothing is written; those of `ensureCertificates` before anything is written; those
 * of `verifyCertificates`, when what is missing has been made already.
 * @throws the system's error when the folder can't be written to.
 */
export async function ensureMeshCertificates(
  directory: string,
  mesh: Mesh,
  { now = new Date() }: EnsureMeshOptions = {},
): Promise<EnsuredCertificates> {
  const { issuer, algorithm, rootDays, intermediateDays } = mesh.trust;
  if (issuer !== "files") {
    throw new MeshError([
      {
        code: "trust_overlap",
        path: ["trust", "issuer"],
        message: `issuer: ${issuer} leaves this mesh's certificates to others, so none are made from files`,
        hint: "set issuer: files, or don't have certificates made here",
      },
    ]);
  }
  const certificates = await ensureCertificates(directory, {
    meshName: mesh.name,
    clusters: mesh.clusters.map(({ name }) => name),
    algorithm,
    rootDays,
    intermediateDays,
    rootNamespace: mesh.istio.namespace,
    now,
  });
  const faults = verifyCertificates(certificates, { now });
  if (faults.length > 0) throw new MeshError(faults);
  return certificates;
}
