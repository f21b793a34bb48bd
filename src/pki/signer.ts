/** An authority's certificate and key, ready to sign. */
import type { KeyObject } from "node:crypto";
import type { IssueCollector } from "../core/issues";
import { checkAuthority, type AuthorityPlace } from "./authorityRules";
import { checkKeyKind, readPrivateKey, toSigningKey, type SigningKey } from "./keys";
import { readCertificateFile, type Certificate } from "./pem";

/**
 * Minutes by which every certificate's notBefore lies before `now`, so that a machine whose clock
 * is behind accepts it at once. At least 5 are customary; istiod itself takes 2 for leaves.
 */
export const backdatedMinutes = 10;

/** A certificate and its private key, both PEM. Never log it. */
export interface Authority {
  /**
   * The certificate; a root's may hold several roots, of which the one that `keyPem` belongs to
   * signs.
   */
  readonly certificatePem: string;
  /** PKCS#8, SEC1 or PKCS#1, in clear. */
  readonly keyPem: string;
}

/** An authority that may sign at its place. */
export interface Signer {
  readonly certificate: Certificate;
  readonly signingKey: SigningKey;
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
