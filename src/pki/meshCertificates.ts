/** The certificates of a mesh by its own settings: made, read and verified, whichever roots it trusts. */
import { join } from "node:path";
import { type Issue, IssueCollector, MeshError } from "../core/issues";
import type { Mesh } from "../core/mesh";
import { defaultRoot, rootCommonName, rootsOf } from "../core/rotation";
import { type CaFiles, certificatesPath, type CertificateSet, crlFileName } from "./caFiles";
import { ensureCertificates, type EnsuredCertificates, readCertificates } from "./directory";
import { withNewline } from "./pem";
import { completeRevocationLists, readListFile, verifyLists } from "./revocationFiles";
import { verifyCertificates } from "./verify";

/** When the certificates of a mesh are made, or looked at. */
export interface EnsureMeshOptions {
  /** The moment at which what is made is issued, and all has to be valid. @default the system's clock */
  readonly now?: Date | undefined;
}

/**
 * Folder of a root and the intermediates below it: `directory` itself for the root that is meant where none is
 * named, else `root.<name>` in it, which can't be a cluster's.
 */
export function rootFolder(root: string): string {
  return root === defaultRoot ? "" : `root.${root}`;
}

/**
 * Makes what is missing of a mesh's certificates below `directory`, as its `trust` and its istiod's
 * namespace say, and verifies all of it: `ensureCertificates` and then `verifyCertificates`, for each root that
 * the mesh trusts, and with `trust.crl` the revocation lists of all CAs. What it returns is what clusters get: the
 * intermediates of the root that signs, all roots and all lists.
 *
 * @throws MeshError with all faults: `trust_overlap` at `["trust", "issuer"]` when the issuer is not
 * `files`, and then nothing is written; those of `ensureCertificates` before anything of that root is written; those
 * of `verifyCertificates`, when what is missing has been made already.
 * @throws the system's error when the folder can't be written to.
 */
export async function ensureMeshCertificates(
  directory: string,
  mesh: Mesh,
  { now = new Date() }: EnsureMeshOptions = {},
): Promise<EnsuredCertificates> {
  const { algorithm, rootDays, intermediateDays } = mesh.trust;
  const created: string[] = [];
  const sets = await forEachRoot(mesh, async (root) => {
    const folder = join(directory, rootFolder(root));
    const set = await ensureCertificates(folder, {
      meshName: mesh.name,
      rootCommonName: rootCommonName(root),
      clusters: mesh.clusters.map(({ name }) => name),
      algorithm,
      rootDays,
      intermediateDays,
      rootNamespace: mesh.istio.namespace,
      now,
    });
    created.push(...set.created.map((path) => join(rootFolder(root), path)));
    if (!mesh.trust.crl) return set;
    const lists = await completeRevocationLists({ folder, set, now });
    if (lists.written) created.push(join(rootFolder(root), crlFileName));
    return withLists(set, lists.text);
  });
  return { ...(await verifiedTogether(mesh, sets, now)), created };
}

/**
 * Reads a mesh's certificates below `directory`, and writes nothing; it returns what clusters get.
 * @throws MeshError with all faults: `trust_overlap` as above, those of `readCertificates`. The contents are
 * `readVerifiedMeshCertificates`' question.
 */
export async function readMeshCertificates(directory: string, mesh: Mesh): Promise<CertificateSet> {
  return together(mesh, await readRoots(directory, mesh));
}

/**
 * The same, verified.
 * @throws MeshError with all faults, also those of `verifyCertificates` for each root.
 */
export async function readVerifiedMeshCertificates(
  directory: string,
  mesh: Mesh,
  { now = new Date() }: EnsureMeshOptions = {},
): Promise<CertificateSet> {
  return verifiedTogether(mesh, await readRoots(directory, mesh), now);
}

function readRoots(directory: string, mesh: Mesh): Promise<SetsByRoot> {
  const clusters = mesh.clusters.map(({ name }) => name);
  return forEachRoot(mesh, async (root) => {
    const folder = join(directory, rootFolder(root));
    const set = await readCertificates(folder, clusters);
    if (!mesh.trust.crl) return set;
    const issues = new IssueCollector([certificatesPath]);
    const text = await readListFile(folder, issues);
    issues.throwAny();
    return withLists(set, text);
  });
}

function withLists(set: CertificateSet, crlPem: string): CertificateSet {
  return { ...set, root: { ...set.root, crlPem } };
}

type SetsByRoot = ReadonlyMap<string, CertificateSet>;

async function forEachRoot<T>(
  { trust }: Mesh,
  run: (root: string) => Promise<T>,
): Promise<ReadonlyMap<string, T>> {
  const { issuer } = trust;
  if (issuer !== "files") {
    throw new MeshError([
      {
        code: "trust_overlap",
        path: ["trust", "issuer"],
        message: `issuer: ${issuer} leaves this mesh's certificates to others, so there are no files of them`,
        hint: "set issuer: files, or look at the secret cacerts in the clusters",
      },
    ]);
  }
  const results = new Map<string, T>();
  for (const root of rootsOf(trust).trusted) {
    try {
      results.set(root, await run(root));
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      throw new MeshError(error.issues.map((issue) => belowRoot(root, issue)));
    }
  }
  return results;
}

/** A fault of files gets the folder of their root in front. */
export function belowRoot(root: string, issue: Issue): Issue {
  const [first, ...rest] = issue.path;
  if (first !== certificatesPath || root === defaultRoot) return issue;
  return { ...issue, path: [certificatesPath, rootFolder(root), ...rest] };
}

async function verifiedTogether(mesh: Mesh, sets: SetsByRoot, now: Date): Promise<CertificateSet> {
  const faults: Issue[] = [];
  for (const [root, set] of sets) {
    const found = verifyCertificates(set, { now });
    const lists = found.length === 0 ? await verifyLists(set, { now }) : [];
    faults.push(...[...found, ...lists].map((issue) => belowRoot(root, issue)));
  }
  if (faults.length > 0) throw new MeshError(faults);
  const all = together(mesh, sets);
  const size = Buffer.byteLength(all.root.crlPem ?? "");
  if (size > maximumListBytes)
    throw new MeshError([
      {
        code: "crl_unusable",
        path: [certificatesPath, crlFileName],
        message: `all revocation lists have ${size} bytes together, and istiod hands out ${maximumListBytes} at most`,
        hint: "use ECDSA keys, whose lists are shorter, or revoke by replacing the root: meshspan certs rotate",
      },
    ]);
  return all;
}

/** A ConfigMap has 1 MiB at most, and needs some of it for itself. */
const maximumListBytes = 1_000_000;

/** What clusters get. The older root comes first and its bytes stay: versions of istiod compare them. */
function together(mesh: Mesh, sets: SetsByRoot): CertificateSet {
  const { signing } = rootsOf(mesh.trust);
  const signer = sets.get(signing);
  if (signer === undefined) throw new Error(`there are no certificates of the root ${signing}`);
  if (sets.size === 1 && !mesh.trust.crl) return signer;
  const all = [...sets.values()].map(({ root }) => root);
  const certificatePem =
    all.length === 1
      ? signer.root.certificatePem
      : all.map((root) => withNewline(root.certificatePem)).join("");
  const lists = mesh.trust.crl ? all.map(({ crlPem = "" }) => crlPem).join("") : undefined;
  const clusters = Object.entries(signer.clusters).map(([cluster, files]): [string, CaFiles] => [
    cluster,
    {
      ...files,
      "root-cert.pem": certificatePem,
      ...(lists === undefined ? {} : { [crlFileName]: lists }),
    },
  ]);
  return {
    root: { certificatePem, ...(lists === undefined ? {} : { crlPem: lists }) },
    clusters: Object.fromEntries(clusters),
  };
}
