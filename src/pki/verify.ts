/**
 * Whether a set of certificates carries a mesh. istiod checks that the intermediate chains to the
 * root, is valid now, is a CA and fits its key, and refuses to start otherwise. The rest of what is
 * checked here it takes, and then every workload's certificate is refused by its peers.
 */
import { IssueCollector, type Issue } from "../core/issues";
import { checkAuthority } from "./authorityRules";
import {
  caFileNames,
  certificatesPath,
  type CaFileName,
  type CaFiles,
  type CertificateSet,
} from "./caFiles";
import { type Certificates, chainTo } from "./chain";
import { checkKeyKind, readPrivateKey } from "./keys";
import { readCertificateFile, type Certificate } from "./pem";

/** The moment at which certificates have to be valid. */
export interface VerifyOptions {
  /** Usually the present; a later one tells what is going to fail by then. */
  readonly now: Date;
}

/**
 * Every fault of a set, with paths like `["certs", "east", "ca-cert.pem"]`; none when the set is
 * good. The codes are `certificate_*`. No fault has a part of a key in it.
 *
 * Of a root file with several roots, as during a rotation, those count that a cluster's chain ends
 * at; all have to be readable.
 */
export function verifyCertificates(set: CertificateSet, { now }: VerifyOptions): readonly Issue[] {
  const issues = new IssueCollector();
  const certs = issues.at(certificatesPath);
  const rootAt = certs.at("root-cert.pem");
  const roots = readCertificateFile(set.root.certificatePem, rootAt);
  /** How many authorities stand below each root that a chain ends at. */
  const below = new Map<string, number>();
  for (const [cluster, files] of Object.entries(set.clusters)) {
    const common = { pem: set.root.certificatePem, isReadable: roots !== undefined };
    const chain = verifyCluster(files, common, now, certs.at(cluster));
    const top = chain?.at(-1)?.node.fingerprint256;
    if (chain === undefined || top === undefined) continue;
    below.set(top, Math.max(below.get(top) ?? 0, chain.length - 1));
  }
  for (const root of roots ?? []) {
    const authoritiesBelow =
      below.get(root.node.fingerprint256) ?? (roots?.length === 1 ? 1 : undefined);
    if (authoritiesBelow !== undefined) checkAuthority(root, { now, authoritiesBelow }, rootAt);
  }
  return issues.issues;
}

/** The mesh's root-cert.pem. */
interface CommonRoot {
  readonly pem: string;
  readonly isReadable: boolean;
}

/** Checks one cluster's files; the chain from the intermediate to the root, where there is one. */
function verifyCluster(
  files: CaFiles,
  common: CommonRoot,
  now: Date,
  issues: IssueCollector,
): Certificates | undefined {
  const texts = presentTexts(files, issues);
  const read = (name: CaFileName) => {
    const text = texts.get(name);
    return text === undefined ? undefined : readCertificateFile(text, issues.at(name));
  };
  const ownRootPem = texts.get("root-cert.pem");
  const sameRoot = ownRootPem === common.pem;
  // Nobody is told to copy a root that can't be read over one that may be whole.
  if (ownRootPem !== undefined && common.isReadable && !sameRoot) {
    issues
      .at("root-cert.pem")
      .add(
        "certificate_root_differs",
        "the file is not the same as the root-cert.pem of the mesh, byte for byte",
        "copy the mesh's root-cert.pem over it; all clusters trust the same roots",
      );
  }
  const authority = read("ca-cert.pem")?.[0];
  const presented = read("cert-chain.pem");
  // The faults of the common root are shown once, and not again for every cluster.
  const roots = readCertificateFile(
    ownRootPem ?? common.pem,
    sameRoot || ownRootPem === undefined ? new IssueCollector() : issues.at("root-cert.pem"),
  );
  verifyKey(texts.get("ca-key.pem"), authority, issues.at("ca-key.pem"));
  if (authority === undefined) return undefined;
  checkAuthority(authority, { now, authoritiesBelow: 0 }, issues.at("ca-cert.pem"));
  if (presented !== undefined && !presented[0].der.equals(authority.der)) {
    issues
      .at("cert-chain.pem")
      .add(
        "certificate_chain",
        "the first block is not the certificate of ca-cert.pem, so workloads present the wrong chain",
        "put ca-cert.pem first and then what leads up to the root",
      );
  }
  if (roots === undefined) return undefined;
  const chain = chainTo(roots, [authority], presented ?? [], now);
  if (chain === undefined) {
    issues
      .at("ca-cert.pem")
      .add(
        "certificate_chain",
        "the certificate does not chain to a root of root-cert.pem by names, key identifiers and signatures",
        "use the intermediate that this root signed, and the root that signed this intermediate",
      );
    return undefined;
  }
  verifyAbove(chain, sameRoot, now, issues);
  return chain;
}

/** Checks the signatures of a chain below its root, and what stands above its first certificate. */
function verifyAbove(
  chain: Certificates,
  sameRoot: boolean,
  now: Date,
  issues: IssueCollector,
): void {
  for (const [height, certificate] of chain.entries()) {
    const parent = chain[height + 1];
    const below = issues.at(height === 0 ? "ca-cert.pem" : "cert-chain.pem");
    if (parent !== undefined) checkSignatureHash(certificate, parent, below);
    // The first is checked already, and the common root once for all clusters.
    if (height === 0 || (parent === undefined && sameRoot)) continue;
    const at = parent === undefined ? issues.at("root-cert.pem") : below;
    checkAuthority(certificate, { now, authoritiesBelow: height }, at);
  }
}

/** Adds a fault for MD5 and SHA-1, which Go no longer verifies. */
function checkSignatureHash(child: Certificate, parent: Certificate, issues: IssueCollector): void {
  const hash = child.signatureHash ?? "a hash that is not known";
  // Other kinds of keys have no hash of their own; they are refused as such.
  const hashed = ["rsa", "ec"].includes(parent.node.publicKey.asymmetricKeyType ?? "");
  if (!hashed || ["SHA-256", "SHA-384", "SHA-512"].includes(hash)) return;
  issues.add(
    "certificate_chain",
    `the certificate is signed with ${hash}, which istiod refuses`,
    "issue it again with SHA-256",
  );
}

function verifyKey(
  text: string | undefined,
  authority: Certificate | undefined,
  issues: IssueCollector,
): void {
  const key = text === undefined ? undefined : readPrivateKey(text, issues);
  if (key === undefined) return;
  if (authority === undefined) {
    checkKeyKind(key, issues);
  } else if (!authority.node.checkPrivateKey(key)) {
    checkKeyKind(key, issues);
    issues.add(
      "certificate_key_mismatch",
      "the private key does not belong to the certificate of ca-cert.pem",
      "put the key and the certificate side by side that were made together",
    );
  }
}

/** The texts that are there. A set from plain JavaScript may lack some. */
function presentTexts(files: CaFiles, issues: IssueCollector): ReadonlyMap<CaFileName, string> {
  const texts = new Map<CaFileName, string>();
  for (const name of caFileNames) {
    const text: unknown = files[name];
    if (typeof text === "string") texts.set(name, text);
    else {
      issues
        .at(name)
        .add(
          "certificate_missing",
          "the file is not there, and istiod needs all four",
          `give the PEM text of ${name}`,
        );
    }
  }
  return texts;
}
