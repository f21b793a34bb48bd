/** An authority's certificate and key, ready to sign, and the one way in which certificates are issued. */
import { createPublicKey, randomBytes, type KeyObject } from "node:crypto";
import type { IssueCollector } from "../core/issues";
import { checkAuthority, type AuthorityPlace } from "./authorityRules";
import { checkKeyKind, readPrivateKey, toSigningKey, type SigningKey } from "./keys";
import { readCertificateFile, withNewline, type Certificate } from "./pem";
import { x509 } from "./x509";

/**
 * Minutes by which every certificate's notBefore lies before `now`, so that a machine whose clock
 * is behind accepts it at once. At least 5 are customary; istiod itself takes 2 for leaves.
 */
export const backdatedMinutes = 10;

/** A certificate and its private key, both PEM. Never log it. */
export interface Authority {
  readonly certificatePem: string;
  /** PKCS#8, SEC1 or PKCS#1, in clear. */
  readonly keyPem: string;
}

/** An authority that may sign at its place. */
export interface Signer {
  readonly certificate: Certificate;
  readonly signingKey: SigningKey;
}

/** What is said in a certificate; everything else is the same in all of them. */
export interface Statement {
  /** Attributes of the subject in order. None: an empty subject. */
  readonly subject: readonly { readonly type: "O" | "L" | "CN"; readonly value: string }[];
  /** Whose certificate it is. */
  readonly key: KeyObject;
  readonly now: Date;
  readonly notAfter: Date;
  /** Without the key identifiers, which are added. */
  readonly extensions: readonly x509.Extension[];
}

/**
 * Reads an authority and checks that it may sign. A root certificate file may hold several roots,
 * as during a rotation: the one that the key belongs to signs. Faults are added at `certificateAt`
 * and `keyAt`, and `undefined` is returned for any.
 */
export async function readSigner(
  authority: Authority,
  place: AuthorityPlace,
  certificateAt: IssueCollector,
  keyAt: IssueCollector,
): Promise<Signer | undefined> {
  const certificates = readCertificateFile(authority.certificatePem, certificateAt);
  const key = readPrivateKey(authority.keyPem, keyAt);
  if (certificates === undefined || key === undefined) return undefined;
  const certificate = certificates.find(({ node }) => node.checkPrivateKey(key));
  if (certificate === undefined) {
    keyAt.add(
      "certificate_key_mismatch",
      "the private key belongs to another certificate",
      "put the certificate and the key side by side that were made together",
    );
    return undefined;
  }
  const before = certificateAt.issues.length;
  checkAuthority(certificate, place, certificateAt);
  if (certificateAt.issues.length > before) return undefined;
  const signingKey = await toSigningKey(key);
  return signingKey && { certificate, signingKey };
}

/**
 * The private key for a certificate that is to be issued. `undefined`, and an issue, when it is
 * none that istiod can use.
 */
export function readSubjectKey(keyPem: string, issues: IssueCollector): KeyObject | undefined {
  const key = readPrivateKey(keyPem, issues);
  if (key === undefined) return undefined;
  const before = issues.issues.length;
  checkKeyKind(key, issues);
  return issues.issues.length > before ? undefined : key;
}

/**
 * Issues a certificate: X.509 v3, a random positive serial number of 128 bits, valid from
 * `backdatedMinutes` before `now`, key identifiers by SHA-1 of the key (RFC 5280 §4.2.1.2).
 * `signer` is an authority, or the key of `statement` itself for a certificate that signs itself.
 */
export async function issueCertificate(
  statement: Statement,
  signer: Signer | SigningKey,
): Promise<string> {
  const parent = "certificate" in signer ? signer.certificate : undefined;
  const { key, algorithm } = "certificate" in signer ? signer.signingKey : signer;
  const spki = createPublicKey(statement.key).export({ type: "spki", format: "der" });
  const publicKey = new x509.PublicKey(new Uint8Array(spki));
  const subject = nameOf(statement.subject);
  const identifiers: x509.Extension[] = [
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
  if (parent !== undefined) {
    // Another tool may have made the root's identifier in another way: it is copied, not computed.
    identifiers.push(
      parent.subjectKeyId === undefined
        ? await x509.AuthorityKeyIdentifierExtension.create(parent.publicKey)
        : new x509.AuthorityKeyIdentifierExtension(parent.subjectKeyId),
    );
  }
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(16).toString("hex"),
    subject,
    issuer: parent?.subjectName ?? subject,
    notBefore: new Date(statement.now.getTime() - backdatedMinutes * 60_000),
    notAfter: statement.notAfter,
    publicKey,
    signingKey: key,
    signingAlgorithm: algorithm,
    extensions: [...statement.extensions, ...identifiers],
  });
  return withNewline(certificate.toString("pem"));
}

/** UTF8String values: a plain string would be unescaped, and "#…" would be read as hexadecimal. */
function nameOf(attributes: Statement["subject"]): x509.Name {
  return new x509.Name(attributes.map(({ type, value }) => ({ [type]: [{ utf8String: value }] })));
}

/** The earlier of two dates. */
export function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
