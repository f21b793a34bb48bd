/** Certificates as rules ask about them. Reading X.509 is no matter of the core: who has objects brings the reader. */
import type { Issue } from "../issues";
import type { CaFileName } from "../late";

/** What is wrong with a certificate, or with a set of them. */
export type CertificateFault = Pick<Issue, "message" | "hint">;

/** Reads PEM. */
export interface CertificateReader {
  /** SHA-256 fingerprints of the certificates of a text, or why it can't be read. */
  readonly fingerprints: (
    pem: string,
  ) =>
    | { readonly ok: true; readonly values: readonly string[] }
    | (CertificateFault & { readonly ok: false });
  /** What keeps istiod or proxies from working with a CA, by the file that is at fault. */
  readonly faultsOf: (
    files: Readonly<Record<CaFileName, string>>,
  ) => readonly (CertificateFault & { readonly file: CaFileName })[];
}
