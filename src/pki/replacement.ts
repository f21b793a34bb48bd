/**
 * How a cluster's intermediate is taken back, in three stages, so that no proxy is left without a certificate that its
 * peers accept: another intermediate with another key is made ready; it takes the place of the old one; and the old
 * one's serial number gets on the root's revocation list. Each stage is in the files:
 *
 *     east/next/ca-cert.pem  east/next/ca-key.pem    what is ready
 *     east/former/<serial number>.pem                what was renewed, for the key that east has
 *     east/replaced/<serial number>.pem              what is to be revoked: all of one key
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { IssueCollector, MeshError } from "../core/issues";
import type { Mesh } from "../core/mesh";
import { rootsOf } from "../core/rotation";
import { readCertificates } from "./directory";
import { makeFolderIn, publish, readText, replace } from "./files";
import {
  firstCertificate,
  keepCertificate,
  keptCertificates,
  keptSerials,
} from "./keptCertificates";
import { generateKeyPem } from "./keys";
import { belowRoot, readVerifiedMeshCertificates, rootFolder } from "./meshCertificates";
import { MeshIssuer } from "./meshIssuer";
import { serialOf } from "./revocation";
import { completeRevocationLists } from "./revocationFiles";

/** Where a cluster's intermediate is on its way out. */
export type ReplacementStage =
  /** It stays. */
  | { readonly stage: "none" }
  /** Another one is ready. */
  | {
      readonly stage: "prepared";
      /** Its certificate, PEM. */
      readonly nextPem: string;
    }
  /** A run that was putting it in its place was interrupted: `replaceIntermediate` goes on. */
  | {
      readonly stage: "replacing";
      /** The certificate of the one that comes, PEM. */
      readonly nextPem: string;
    }
  /** Another one is in its place; these are to be revoked. */
  | {
      readonly stage: "replaced";
      /**
       * Serial numbers, lower-case hexadecimal without zeros in front, sorted: all certificates of
       * the old key.
       */
      readonly serials: readonly string[];
    };

/**
 * How far each cluster's replacement is, by cluster, in the order of the mesh.
 * @throws the system's error where a folder can't be read
 */
export async function replacementStages(
  directory: string,
  mesh: Mesh,
): Promise<ReadonlyMap<string, ReplacementStage>> {
  const folder = join(directory, rootFolder(rootsOf(mesh.trust).signing));
  const stages = new Map<string, ReplacementStage>();
  for (const { name } of mesh.clusters) stages.set(name, await stageOf(join(folder, name)));
  return stages;
}

async function stageOf(folder: string): Promise<ReplacementStage> {
  const unread = new IssueCollector();
  const nextPem = await readText(join(folder, "next", "ca-cert.pem"), unread);
  const serials = await keptSerials(join(folder, "replaced"));
  if (nextPem !== undefined && nextPem !== "")
    return { stage: serials.length > 0 ? "replacing" : "prepared", nextPem };
  return serials.length > 0 ? { stage: "replaced", serials } : { stage: "none" };
}

/** Which cluster's intermediate is replaced, and when. */
export interface ReplacementOptions {
  /** Name of the cluster of the mesh whose intermediate is replaced. @throws MeshError with `unknown_cluster` for another one */
  readonly cluster: string;
  /** The moment of issue, and of the revocation. @default the system's clock */
  readonly now?: Date | undefined;
}

/**
 * Makes another intermediate ready, with a key of its own; where the mesh has revocation lists, the new CA's is among them
 * from now on. A run that was interrupted is completed.
 * @throws MeshError with all faults: those of `readVerifiedMeshCertificates`, `certificate_missing` for the root's key.
 * @throws the system's error when the folder can't be written to.
 */
export async function prepareReplacement(
  directory: string,
  mesh: Mesh,
  { cluster, now = new Date() }: ReplacementOptions,
): Promise<void> {
  await readVerifiedMeshCertificates(directory, mesh, { now });
  const issuer = await MeshIssuer.open(directory, mesh, [cluster]);
  const next = join(issuer.folder, cluster, "next");
  await makeFolderIn(next, 0o700);
  const key = await generateKeyPem(mesh.trust.algorithm);
  // What an earlier run wrote counts.
  const { text: keyPem } = await publish(join(next, "ca-key.pem"), key, 0o600);
  const made = await issuer.issue(cluster, keyPem, now);
  const { text: certificatePem } = await publish(
    join(next, "ca-cert.pem"),
    made.certificatePem,
    0o644,
  );
  if (mesh.trust.crl)
    await completeLists(mesh, issuer, { upcoming: [{ certificatePem, keyPem }], now });
}

/**
 * Puts the intermediate that is ready in the place of the other one, whose certificate is kept for `revokeReplaced`.
 * @throws MeshError with `certificate_missing` where none is ready.
 * @throws the system's error when the folder can't be written to.
 */
export async function replaceIntermediate(
  directory: string,
  mesh: Mesh,
  { cluster, now = new Date() }: ReplacementOptions,
): Promise<void> {
  const issuer = await MeshIssuer.open(directory, mesh, [cluster]);
  const folder = join(issuer.folder, cluster);
  const [before = "", certificatePem = "", keyPem = ""] = await issuer.read([
    [cluster, "ca-cert.pem"],
    [cluster, "next/ca-cert.pem"],
    [cluster, "next/ca-key.pem"],
  ]);
  // A run that was interrupted after the last file has nothing more to keep.
  if (before !== certificatePem) {
    await keepCertificate(join(folder, "replaced"), before);
    for (const pem of await keptCertificates(join(folder, "former")))
      await keepCertificate(join(folder, "replaced"), pem);
  }
  const chainPem = certificatePem + issuer.authority.certificatePem;
  await replace(join(folder, "ca-key.pem"), keyPem, 0o600);
  await replace(join(folder, "cert-chain.pem"), chainPem, 0o644);
  await replace(join(folder, "ca-cert.pem"), certificatePem, 0o644);
  await rm(join(folder, "former"), { recursive: true, force: true });
  await rm(join(folder, "next"), { recursive: true });
  await readVerifiedMeshCertificates(directory, mesh, { now });
}

/** What becomes of a revocation once it's on the list. */
export interface RevokeReplacedOptions extends ReplacementOptions {
  /**
   * Called when the lists are written, before the stage is over: where it fails, another run goes on from there.
   * @default nothing more is to be done
   */
  readonly onListed?: (() => Promise<void>) | undefined;
}

/**
 * Puts what was replaced on the root's revocation list, and completes the lists: `trust.crl` then has them handed out. The
 * list that its key signed goes.
 * @returns the serial numbers
 * @throws MeshError with all faults of `completeRevocationLists`.
 * @throws the system's error when the folder can't be written to.
 */
export async function revokeReplaced(
  directory: string,
  mesh: Mesh,
  { cluster, now = new Date(), onListed }: RevokeReplacedOptions,
): Promise<readonly string[]> {
  const issuer = await MeshIssuer.open(directory, mesh, [cluster]);
  const replaced = join(issuer.folder, cluster, "replaced");
  const revoke = (await keptCertificates(replaced)).map(firstCertificate);
  await completeLists(mesh, issuer, { revoke, now });
  await onListed?.();
  await rm(replaced, { recursive: true });
  return revoke.map(serialOf);
}

type ListChange = Pick<
  Parameters<typeof completeRevocationLists>[0],
  "upcoming" | "revoke" | "now"
>;

async function completeLists(
  mesh: Mesh,
  { folder, root }: MeshIssuer,
  change: ListChange,
): Promise<void> {
  const set = await readCertificates(
    folder,
    mesh.clusters.map(({ name }) => name),
  );
  try {
    await completeRevocationLists({ folder, set, ...change });
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    throw new MeshError(error.issues.map((one) => belowRoot(root, one)));
  }
}
