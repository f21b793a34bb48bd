/** PEM (RFC 7468) as istiod reads it: blocks that start at the start of a line and are whole. */
import { X509Certificate } from "node:crypto";
import type { IssueCollector } from "../core/issues";
import { x509 } from "./x509";

/** One block between `-----BEGIN …-----` and `-----END …-----`. */
export interface PemBlock {
  readonly label: string;
  /** True when the body is encrypted with a passphrase, in either of the two customary ways. */
  readonly encrypted: boolean;
  readonly der: Buffer;
}

/** What the rules of this library look at in a certificate. */
export interface Certificate {
  /** The certificate alone, as it is written: one block with a newline behind it. */
  readonly pem: string;
  readonly der: Buffer;
  /** For signatures and keys. */
  readonly node: X509Certificate;
  /** DER of the names in base64: issuer and subject of a chain are equal byte for byte (RFC 5280 §7.1). */
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isAuthority: boolean;
  /** How many further authorities may stand below. `undefined`: any number. */
  readonly pathLength: number | undefined;
  /** Bits of `x509.KeyUsageFlags`. `undefined`: the extension is not there, nothing is restricted. */
  readonly keyUsage: number | undefined;
  /** Object identifiers. `undefined`: the extension is not there, nothing is restricted. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly subjectKeyId: string | undefined;
  readonly authorityKeyId: string | undefined;
  /** URIs among the subject's alternative names: SPIFFE IDs in a workload's certificate. */
  readonly uris: readonly string[];
  /** Hash of the signature ("SHA-256"). `undefined` where the algorithm has none of its own. */
  readonly signatureHash: string | undefined;
}

/** Labels that may be shown. Anything else could be key material in the wrong place. */
const knownLabels: ReadonlySet<string> = new Set([
  "CERTIFICATE",
  "CERTIFICATE REQUEST",
  "DH PARAMETERS",
  "EC PARAMETERS",
  "EC PRIVATE KEY",
  "ENCRYPTED PRIVATE KEY",
  "OPENSSH PRIVATE KEY",
  "PRIVATE KEY",
  "PUBLIC KEY",
  "RSA PRIVATE KEY",
  "TRUSTED CERTIFICATE",
  "X509 CRL",
]);

/** `a "PRIVATE KEY" block`: a label in a message, never one that is not known. */
export function describeLabel(label: string): string {
  return knownLabels.has(label) ? `a "${label}" block` : "a PEM block of an unknown kind";
}

/** The text with a newline at its end, so that a block can follow. */
export function withNewline(pem: string): string {
  return pem.endsWith("\n") ? pem : `${pem}\n`;
}

/**
 * All blocks of a file. Adds `certificate_unreadable` and returns `undefined` when there are none
 * or one of them is torn, as an interrupted copy leaves it.
 */
export function readPem(text: string, issues: IssueCollector): readonly PemBlock[] | undefined {
  if (text.trim() === "") {
    issues.add(
      "certificate_unreadable",
      "the file is empty",
      "put the PEM text in, or remove the file",
    );
    return undefined;
  }
  // Go's pem.Decode sees a block only at the start of a line: not behind a byte order mark or an indent.
  const begun = text.match(/(?:^|\n)-----BEGIN /g)?.length ?? 0;
  if (begun === 0) {
    issues.add(
      "certificate_unreadable",
      'the file is not PEM: no line starts with "-----BEGIN"',
      "convert DER with openssl x509 -inform der (keys: openssl pkcs8 -topk8 -nocrypt -inform der)",
    );
    return undefined;
  }
  const blocks = decodeBlocks(text);
  if (blocks?.length !== begun) {
    issues.add(
      "certificate_unreadable",
      "a PEM block of the file is torn or is not base64",
      "copy the file again from where it was made",
    );
    return undefined;
  }
  return blocks;
}

function decodeBlocks(text: string): readonly PemBlock[] | undefined {
  try {
    return x509.PemConverter.decodeWithHeaders(text).map(({ type, headers, rawData }) => ({
      label: type,
      encrypted:
        type === "ENCRYPTED PRIVATE KEY" ||
        headers.some(({ key, value }) => key === "Proc-Type" && value.includes("ENCRYPTED")),
      der: Buffer.from(rawData),
    }));
  } catch {
    return undefined;
  }
}

/**
 * All certificates of a file, at least one. Adds `certificate_unreadable` and returns `undefined`
 * when a block is something else, or is not a certificate that can be read.
 */
export function readCertificateFile(
  text: string,
  issues: IssueCollector,
): readonly [Certificate, ...Certificate[]] | undefined {
  const certificates: Certificate[] = [];
  for (const block of readPem(text, issues) ?? []) {
    const certificate = block.label === "CERTIFICATE" ? parseCertificate(block.der) : undefined;
    if (certificate === undefined) {
      issues.add(
        "certificate_unreadable",
        block.label === "CERTIFICATE"
          ? 'a "CERTIFICATE" block holds no X.509 certificate'
          : `the file holds ${describeLabel(block.label)}, and only certificates belong there`,
        'keep only "CERTIFICATE" blocks in the file; openssl x509 -text -in FILE reads each of them',
      );
      return undefined;
    }
    certificates.push(certificate);
  }
  const [first, ...others] = certificates;
  return first === undefined ? undefined : [first, ...others];
}

function parseCertificate(der: Buffer): Certificate | undefined {
  try {
    const node = new X509Certificate(der);
    const parsed = new x509.X509Certificate(new Uint8Array(der));
    const constraints = parsed.getExtension(x509.BasicConstraintsExtension);
    const hash = (parsed.signatureAlgorithm as { readonly hash?: { readonly name: string } }).hash;
    return {
      pem: withNewline(node.toString()),
      der,
      node,
      subject: Buffer.from(parsed.subjectName.toArrayBuffer()).toString("base64"),
      issuer: Buffer.from(parsed.issuerName.toArrayBuffer()).toString("base64"),
      notBefore: parsed.notBefore,
      notAfter: parsed.notAfter,
      isAuthority: constraints?.ca ?? false,
      pathLength: constraints?.pathLength,
      keyUsage: parsed.getExtension(x509.KeyUsagesExtension)?.usages,
      extendedKeyUsage: parsed.getExtension(x509.ExtendedKeyUsageExtension)?.usages.map(String),
      subjectKeyId: parsed.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId.toLowerCase(),
      authorityKeyId: parsed
        .getExtension(x509.AuthorityKeyIdentifierExtension)
        ?.keyId?.toLowerCase(),
      uris: (parsed.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [])
        .filter(({ type }) => type === "url")
        .map(({ value }) => value),
      signatureHash: hash?.name,
    };
  } catch {
    return undefined;
  }
}
