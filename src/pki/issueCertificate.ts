/** The one way in which certificates are issued. No public declaration leads here: it names types of `@peculiar/x509`. */
import { createPublicKey, randomBytes, type KeyObject } from "node:crypto";
import type { SigningKey } from "./keys";
import { type Certificate, withNewline } from "./pem";
import { backdatedMinutes, type Signer } from "./signer";
import { x509 } from "./x509";

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
  const publicKey = publicKeyOf(createPublicKey(statement.key));
  const subject = nameOf(statement.subject);
  const identifiers: x509.Extension[] = [
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
  if (parent !== undefined) identifiers.push(await authorityKeyIdentifierOf(parent));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(16).toString("hex"),
    subject,
    issuer: parent === undefined ? subject : new x509.Name(Buffer.from(parent.subject, "base64")),
    notBefore: new Date(statement.now.getTime() - backdatedMinutes * 60_000),
    notAfter: statement.notAfter,
    publicKey,
    signingKey: key,
    signingAlgorithm: algorithm,
    extensions: [...statement.extensions, ...identifiers],
  });
  return withNewline(certificate.toString("pem"));
}

/** Names an authority by its key. Another tool may have made its identifier in another way: it is copied, not computed. */
export async function authorityKeyIdentifierOf({
  subjectKeyId,
  node,
}: Certificate): Promise<x509.AuthorityKeyIdentifierExtension> {
  return subjectKeyId === undefined
    ? x509.AuthorityKeyIdentifierExtension.create(publicKeyOf(node.publicKey))
    : new x509.AuthorityKeyIdentifierExtension(subjectKeyId);
}

/** A key as `@peculiar/x509` takes it. */
export function publicKeyOf(key: KeyObject): x509.PublicKey {
  return new x509.PublicKey(new Uint8Array(key.export({ type: "spki", format: "der" })));
}

/** UTF8String values: a plain string would be unescaped, and "#…" would be read as hexadecimal. */
function nameOf(attributes: Statement["subject"]): x509.Name {
  return new x509.Name(attributes.map(({ type, value }) => ({ [type]: [{ utf8String: value }] })));
}

/** The earlier of two dates. */
export function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
