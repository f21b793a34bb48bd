/** What a certificate must be to sign for a mesh, whether istiod looks at it or not. */
import type { IssueCollector } from "../core/issues";
import { checkKeyKind } from "./keys";
import type { Certificate } from "./pem";
import { x509 } from "./x509";

/** Milliseconds of an hour. */
export const hour = 3_600_000;

/** Milliseconds of a day. */
export const day = 24 * hour;

/** Hours that a workload certificate lives: istiod's DEFAULT_WORKLOAD_CERT_TTL. */
export const leafHours = 24;

/** Where and when an authority signs. */
export interface AuthorityPlace {
  readonly now: Date;
  /** How many authorities stand between this one and a workload's certificate. */
  readonly authoritiesBelow: number;
}

const neededUsages = [
  { oid: "1.3.6.1.5.5.7.3.1", name: "serverAuth" },
  { oid: "1.3.6.1.5.5.7.3.2", name: "clientAuth" },
] as const;

/** Adds a fault for everything that keeps `certificate` from signing at its place in a chain. */
export function checkAuthority(
  certificate: Certificate,
  place: AuthorityPlace,
  issues: IssueCollector,
): void {
  checkValidity(certificate, place.now, issues);
  if (place.now < certificate.notAfter) checkRest(certificate, place.now, issues);
  checkKeyKind(certificate.node.publicKey, issues);
  if (!certificate.isAuthority) {
    issues.add(
      "certificate_not_ca",
      "the certificate is not a CA: basic constraints do not say CA:true",
      "issue it with basicConstraints=critical,CA:true",
    );
  }
  // istiod verifies the intermediate alone, where pathlen:0 of a root is still kept; a workload's chain breaks it.
  if (certificate.pathLength !== undefined && certificate.pathLength < place.authoritiesBelow) {
    issues.add(
      "certificate_path_length",
      `pathlen:${certificate.pathLength} allows fewer CAs below it than the ${place.authoritiesBelow} there ` +
        "are, so every workload certificate is refused though istiod starts",
      "issue the certificate again without a path length",
    );
  }
  checkUsages(certificate, issues);
}

/** Adds a fault where a certificate is not valid at `now`. */
export function checkValidity(
  { notBefore, notAfter }: Pick<Certificate, "notBefore" | "notAfter">,
  now: Date,
  issues: IssueCollector,
): void {
  if (notBefore > now) {
    issues.add(
      "certificate_not_yet_valid",
      `the certificate is valid only from ${notBefore.toISOString()}, and it is ${now.toISOString()}`,
      "set the clocks right, or issue it with notBefore some minutes in the past",
    );
  }
  if (notAfter <= now) {
    issues.add(
      "certificate_expired",
      `the certificate expired at ${notAfter.toISOString()}`,
      "issue a new one; for a root, add the new one beside the old before the old is removed",
    );
  }
}

/** Adds a fault where the certificate doesn't outlive what is issued below it now. */
function checkRest({ notAfter }: Certificate, now: Date, issues: IssueCollector): void {
  if (notAfter.getTime() - now.getTime() >= leafHours * hour) return;
  issues.add(
    "certificate_lifetime",
    `the certificate expires at ${notAfter.toISOString()}, before the workload certificates of ` +
      `${leafHours} h that are issued below it now`,
    "issue a new one before it expires",
  );
}

function checkUsages({ keyUsage, extendedKeyUsage }: Certificate, issues: IssueCollector): void {
  if (keyUsage !== undefined && (keyUsage & x509.KeyUsageFlags.keyCertSign) === 0) {
    issues.add(
      "certificate_key_usage",
      "key usage lacks keyCertSign, so every certificate below it is refused",
      "issue it with keyUsage=critical,digitalSignature,keyCertSign,cRLSign",
    );
  }
  // Workloads are servers and clients, and an extended key usage of a CA restricts what is below it
  // (Go's nested check, BoringSSL's purpose check; the latter does not count anyExtendedKeyUsage).
  const lacking = neededUsages.filter(({ oid }) => extendedKeyUsage?.includes(oid) === false);
  if (lacking.length > 0) {
    issues.add(
      "certificate_key_usage",
      `extended key usage lacks ${lacking.map(({ name }) => name).join(" and ")}, so workload certificates below it are refused`,
      "issue it without an extended key usage, or with serverAuth and clientAuth",
    );
  }
}

/**
 * True when `child` names `parent` as its issuer and has a signature by its key. Whether `parent`
 * may sign is another question: `checkAuthority`.
 */
export function isIssuedBy(child: Certificate, parent: Certificate): boolean {
  if (child.issuer !== parent.subject) return false;
  const { authorityKeyId } = child;
  if (authorityKeyId !== undefined && parent.subjectKeyId !== undefined) {
    // Go does not mind, BoringSSL in Envoy does (X509_V_ERR_AKID_SKID_MISMATCH).
    if (authorityKeyId !== parent.subjectKeyId) return false;
  }
  return child.node.verify(parent.node.publicKey);
}
