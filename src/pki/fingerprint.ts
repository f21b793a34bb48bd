/** What is shown of a certificate. */
import { IssueCollector, MeshError } from "../core/issues";
import { day } from "./authorityRules";
import { readCertificateFile, type Certificate } from "./pem";

/**
 * SHA-256 of the first certificate of a PEM text, as `openssl x509 -fingerprint -sha256` shows it:
 * "AB:CD:…".
 *
 * @throws MeshError with `certificate_unreadable`.
 */
export function fingerprintOf(pem: string): string {
  return firstCertificate(pem).node.fingerprint256;
}

/**
 * Whole days until the first certificate of a PEM text expires, rounded down: 0 on its last day,
 * negative afterwards.
 *
 * @throws MeshError with `certificate_unreadable`.
 */
export function daysLeft(pem: string, now: Date): number {
  return Math.floor((firstCertificate(pem).notAfter.getTime() - now.getTime()) / day);
}

function firstCertificate(pem: string): Certificate {
  const issues = new IssueCollector();
  const certificates = readCertificateFile(pem, issues);
  if (certificates === undefined) throw new MeshError(issues.issues);
  return certificates[0];
}
