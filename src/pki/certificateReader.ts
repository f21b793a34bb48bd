/** Certificates for the core's policies, which leave X.509 to whoever has objects. */
import { IssueCollector } from "../core/issues";
import { type CaFileName, caFileNames } from "../core/late";
import type { CertificateReader } from "../core/policy/certificates";
import { readCertificateFile } from "./pem";
import { verifyCertificates } from "./verify";

/**
 * Reads certificates, which have to be valid at the moment when they are looked at.
 * @param now @default the system's clock
 */
export function certificateReader(now = (): Date => new Date()): CertificateReader {
  return {
    fingerprints: (pem) => {
      const issues = new IssueCollector();
      const certificates = readCertificateFile(pem, issues);
      if (certificates !== undefined)
        return { ok: true, values: certificates.map(({ node }) => node.fingerprint256) };
      const [fault] = issues.issues;
      return {
        ok: false,
        message: fault?.message ?? "it can't be read",
        hint: fault?.hint ?? "write certificates as PEM",
      };
    },
    faultsOf: (files) => {
      const root = { certificatePem: files["root-cert.pem"] };
      const issues = verifyCertificates({ root, clusters: { own: files } }, { now: now() });
      return issues.flatMap(({ path, message, hint }) => {
        const file = path.at(-1);
        return isCaFile(file) ? [{ file, message, hint }] : [];
      });
    },
  };
}

function isCaFile(name: unknown): name is CaFileName {
  return caFileNames.some((known) => known === name);
}
