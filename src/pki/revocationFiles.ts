/**
 * The revocation lists of a root and of the CAs below it, in one file beside the root: `ca-crl.pem`. It is also the only
 * record of what was revoked.
 */
import { join } from "node:path";
import { type Issue, IssueCollector } from "../core/issues";
import { certificatesPath, type CertificateSet, crlFileName } from "./caFiles";
import { type Certificates, chainTo } from "./chain";
import { readText, replace } from "./files";
import { type Certificate, readCertificateFile } from "./pem";
import { extendLists, readRevocationLists, serialOf, verifyRevocationLists } from "./revocation";
import { readSigner } from "./signer";
import type { VerifyOptions } from "./verify";

/** The CAs of a set, each once, from the root down. */
export function authoritiesOf(set: CertificateSet, now: Date): readonly Certificate[] {
  const unread = new IssueCollector();
  const read = (text: string) => readCertificateFile(text, unread);
  const roots = read(set.root.certificatePem);
  const found = new Map<string, Certificate>();
  for (const files of Object.values(set.clusters)) {
    const [intermediate] = read(files["ca-cert.pem"]) ?? [];
    const others = read(files["cert-chain.pem"]) ?? [];
    if (roots === undefined || intermediate === undefined) continue;
    const chain: Certificates = chainTo(roots, [intermediate], others, now) ?? [intermediate];
    for (const authority of chain.toReversed()) found.set(authority.node.fingerprint256, authority);
  }
  return [...found.values()];
}

/**
 * Every fault of a set's revocation lists, at `["certs", "ca-crl.pem"]`; none where the set has no lists. The codes are
 * `crl_missing`, `crl_unusable` and `certificate_revoked`.
 */
export async function verifyLists(
  set: CertificateSet,
  { now }: VerifyOptions,
): Promise<readonly Issue[]> {
  const issues = new IssueCollector([certificatesPath, crlFileName]);
  const { crlPem } = set.root;
  if (crlPem !== undefined)
    await verifyRevocationLists(crlPem, authoritiesOf(set, now), now, issues);
  return issues.issues;
}

/** The lists of a folder. Adds `crl_missing` or `crl_unusable`, and returns "", where there are none to be had. */
export async function readListFile(folder: string, issues: IssueCollector): Promise<string> {
  const at = issues.at(crlFileName);
  const text = await readText(join(folder, crlFileName), at);
  if (text === undefined)
    at.add(
      "crl_missing",
      "trust.crl is set, and there are no revocation lists",
      "have them made: meshspan certs init",
    );
  return text ?? "";
}

/** What lists are made of. */
export interface ListSource {
  /** Folder of the root, with its key where it's at hand. */
  readonly folder: string;
  /** What is in it. */
  readonly set: CertificateSet;
  readonly now: Date;
  /** CAs that are to be used later, with their keys, PEM. @default none */
  readonly upcoming?: readonly { readonly certificatePem: string; readonly keyPem: string }[];
  /** Intermediates that the root takes back from now on, with their keys. @default none */
  readonly revoke?: readonly Certificate[];
}

/**
 * Completes the lists of a folder: one of each CA that has none, and the root's anew where something is added to it. The
 * others stay as they are, also those of CAs that aren't there any more, but for a key that is taken back. They last as long as the root: when
 * one ends, proxies refuse everybody.
 * @returns all of them, and whether anything was written
 * @throws MeshError with all faults, below `["certs"]`, and before anything is written: `certificate_missing` for a key
 * that is kept elsewhere, `crl_unusable` for lists that are there and can't be read.
 * @throws the system's error when the folder can't be written to.
 */
export async function completeRevocationLists(
  source: ListSource,
): Promise<{ readonly text: string; readonly written: boolean }> {
  const { folder, set, now, upcoming = [], revoke = [] } = source;
  const issues = new IssueCollector([certificatesPath]);
  const at = issues.at(crlFileName);
  const path = join(folder, crlFileName);
  const before = (await readText(path, at)) ?? "";
  const lists = before === "" ? [] : readRevocationLists(before, at);
  const later = upcoming.flatMap(({ certificatePem, keyPem }) => {
    const [certificate] = readCertificateFile(certificatePem, at) ?? [];
    return certificate === undefined ? [] : [{ certificate, keyPem }];
  });
  issues.throwAny();
  const authorities = [...authoritiesOf(set, now), ...later.map(({ certificate }) => certificate)];
  const keys = new Keys(source, later, issues);
  const [root] = authorities;
  const text = await extendLists(lists ?? [], {
    ...{ authorities, revoke: revoke.map(serialOf), lostKeys: revoke, now },
    nextUpdate: root?.notAfter ?? now,
    signerOf: (authority) => keys.signerOf(authority),
  });
  issues.throwAny();
  if (text === undefined) return { text: before, written: false };
  await replace(path, text, 0o644);
  return { text, written: true };
}

/** A key, and where its faults are. */
interface AuthorityKey {
  readonly keyPem: string;
  readonly at: IssueCollector;
  readonly isRoot: boolean;
}

/** The keys that lists are signed with. */
class Keys {
  readonly #source: ListSource;
  readonly #issues: IssueCollector;
  /** Of intermediates, by the fingerprints of their certificates. */
  readonly #known = new Map<string, AuthorityKey>();

  constructor(
    source: ListSource,
    later: readonly { readonly certificate: Certificate; readonly keyPem: string }[],
    issues: IssueCollector,
  ) {
    this.#source = source;
    this.#issues = issues;
    const unread = new IssueCollector();
    for (const [cluster, files] of Object.entries(source.set.clusters)) {
      const [own] = readCertificateFile(files["ca-cert.pem"], unread) ?? [];
      const at = issues.at(cluster, "ca-key.pem");
      const key = { keyPem: files["ca-key.pem"], at, isRoot: false };
      if (own !== undefined) this.#known.set(own.node.fingerprint256, key);
    }
    for (const { certificate, keyPem } of later)
      this.#known.set(certificate.node.fingerprint256, {
        keyPem,
        at: issues.at(crlFileName),
        isRoot: false,
      });
  }

  /** Adds a fault, and returns `undefined`, where the key isn't there or may not sign. */
  async signerOf(authority: Certificate) {
    const found = await this.#keyOf(authority);
    if (found === undefined) return undefined;
    const place = { now: this.#source.now, authoritiesBelow: found.isRoot ? 1 : 0 };
    const pair = { certificatePem: authority.pem, keyPem: found.keyPem };
    return readSigner(pair, place, this.#issues.at(crlFileName), found.at);
  }

  async #keyOf(authority: Certificate): Promise<AuthorityKey | undefined> {
    const known = this.#known.get(authority.node.fingerprint256);
    if (known !== undefined) return known;
    const at = this.#issues.at("root-key.pem");
    if (authority.subject !== authority.issuer) {
      this.#issues
        .at(crlFileName)
        .add(
          "crl_missing",
          `there is no revocation list of ${authority.node.subject.replaceAll("\n", ", ")}, and its key isn't here`,
          `have its holder sign one, and append it to ${crlFileName}`,
        );
      return undefined;
    }
    const keyPem = await readText(join(this.#source.folder, "root-key.pem"), at);
    if (keyPem === undefined)
      at.add(
        "certificate_missing",
        "the root's private key is not there to sign its revocation list",
        `put the key there, or have its holder sign the list, and append it to ${crlFileName}`,
      );
    return keyPem === undefined || keyPem === "" ? undefined : { keyPem, at, isRoot: true };
  }
}
