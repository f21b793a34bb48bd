/** Certificates and requests as Terraform's TLS provider makes them. */
import "reflect-metadata";
import { createHash, createPublicKey, randomBytes, webcrypto, type KeyObject } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { Failure } from "./service";
import { algorithmOf, readKey } from "./tlsKeys";
import type { Properties } from "./values";

x509.cryptoProvider.set(webcrypto);

const keyUsages: Record<string, x509.KeyUsageFlags> = {
  digital_signature: x509.KeyUsageFlags.digitalSignature,
  content_commitment: x509.KeyUsageFlags.nonRepudiation,
  key_encipherment: x509.KeyUsageFlags.keyEncipherment,
  data_encipherment: x509.KeyUsageFlags.dataEncipherment,
  key_agreement: x509.KeyUsageFlags.keyAgreement,
  cert_signing: x509.KeyUsageFlags.keyCertSign,
  crl_signing: x509.KeyUsageFlags.cRLSign,
  encipher_only: x509.KeyUsageFlags.encipherOnly,
  decipher_only: x509.KeyUsageFlags.decipherOnly,
};

const extendedKeyUsages: Record<string, string> = {
  any_extended: "2.5.29.37.0",
  server_auth: "1.3.6.1.5.5.7.3.1",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  ipsec_end_system: "1.3.6.1.5.5.7.3.5",
  ipsec_tunnel: "1.3.6.1.5.5.7.3.6",
  ipsec_user: "1.3.6.1.5.5.7.3.7",
  timestamping: "1.3.6.1.5.5.7.3.8",
  ocsp_signing: "1.3.6.1.5.5.7.3.9",
  microsoft_server_gated_crypto: "1.3.6.1.4.1.311.10.3.3",
  netscape_server_gated_crypto: "2.16.840.1.113730.4.1",
  microsoft_commercial_code_signing: "1.3.6.1.4.1.311.2.1.22",
  microsoft_kernel_code_signing: "1.3.6.1.4.1.311.61.1.1",
};

export interface Certificate {
  readonly id: string;
  readonly outputs: Properties;
}

export async function selfSigned(inputs: Properties): Promise<Certificate> {
  const key = readKey(inputs.privateKeyPem ?? inputs.privateKeyPemWo);
  const made = await certificate(inputs, {
    subject: subjectName(inputs.subject),
    issuer: undefined,
    alternativeNames: alternativeNames(inputs),
    subjectKey: createPublicKey(key),
    signingKey: key,
  });
  const outputs = {
    setAuthorityKeyId: inputs.setAuthorityKeyId ?? false,
    keyAlgorithm: algorithmOf(key),
    ...made.outputs,
  };
  return { id: made.id, outputs };
}

export async function locallySigned(inputs: Properties): Promise<Certificate> {
  const request = parsed(
    "certificate request",
    () => new x509.Pkcs10CertificateRequest(String(inputs.certRequestPem)),
  );
  const authority = parsed(
    "CA certificate",
    () => new x509.X509Certificate(String(inputs.caCertPem)),
  );
  const key = readKey(inputs.caPrivateKeyPem ?? inputs.caPrivateKeyPemWo);
  const made = await certificate(inputs, {
    subject: request.subjectName,
    issuer: authority,
    alternativeNames: request.extensions.find(
      (extension) => extension instanceof x509.SubjectAlternativeNameExtension,
    ),
    subjectKey: createPublicKey({
      key: Buffer.from(request.publicKey.rawData),
      format: "der",
      type: "spki",
    }),
    signingKey: key,
  });
  return { id: made.id, outputs: { caKeyAlgorithm: algorithmOf(key), ...made.outputs } };
}

export async function certificateRequest(inputs: Properties): Promise<Certificate> {
  const key = readKey(inputs.privateKeyPem ?? inputs.privateKeyPemWo);
  const names = alternativeNames(inputs);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subjectName(inputs.subject),
    keys: { privateKey: await signer(key), publicKey: await verifier(createPublicKey(key), key) },
    signingAlgorithm: algorithm(key),
    extensions: names === undefined ? [] : [names],
  });
  const pem = `${request.toString("pem").trim()}\n`;
  return {
    id: createHash("sha1").update(pem).digest("hex"),
    outputs: { keyAlgorithm: algorithmOf(key), certRequestPem: pem },
  };
}

/** Whether the certificate has come to its early renewal. */
export function isReadyForRenewal(outputs: Properties, earlyRenewalHours: unknown): boolean {
  const end = Date.parse(String(outputs.validityEndTime));
  return end - Number(earlyRenewalHours ?? 0) * 3_600_000 <= Date.now();
}

interface Issue {
  readonly subject: x509.Name;
  /** Without, the certificate is self-signed. */
  readonly issuer: x509.X509Certificate | undefined;
  readonly alternativeNames: x509.Extension | undefined;
  readonly subjectKey: KeyObject;
  readonly signingKey: KeyObject;
}

async function certificate(inputs: Properties, issue: Issue): Promise<Certificate> {
  const isCa = inputs.isCaCertificate === true;
  if (isCa && issue.subject.toString() === "")
    throw new Failure(
      "Invalid Certificate Subject: Must contain at least one Distinguished Name when creating Certificate Authority (CA)",
      "subject",
    );
  const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000);
  const notAfter = new Date(notBefore.getTime() + Number(inputs.validityPeriodHours) * 3_600_000);
  const pathLength =
    isCa && Number(inputs.maxPathLength ?? -1) >= 0 ? Number(inputs.maxPathLength) : undefined;
  const identifier = keyIdentifier(issue.subjectKey);
  const hasIdentifier = isCa || inputs.setSubjectKeyId === true;
  if (inputs.setAuthorityKeyId === true && !hasIdentifier)
    throw new Failure(
      "Invalid Certificate Authority: Could not determine Authority Key Identifier",
      "authority key",
    );
  const authorityIdentifier =
    issue.issuer === undefined
      ? inputs.setAuthorityKeyId === true
        ? identifier
        : undefined
      : issue.issuer.extensions.find(
          (extension) => extension instanceof x509.SubjectKeyIdentifierExtension,
        )?.keyId;
  // The first bit is left clear, so that the number is positive and as long in every reading.
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: serial.toString("hex"),
    subject: issue.subject,
    issuer: issue.issuer?.subjectName ?? issue.subject,
    notBefore,
    notAfter,
    publicKey: await verifier(issue.subjectKey, issue.subjectKey),
    signingKey: await signer(issue.signingKey),
    signingAlgorithm: algorithm(issue.signingKey),
    extensions: [
      ...usages((inputs.allowedUses ?? []) as string[]),
      new x509.BasicConstraintsExtension(isCa, pathLength, true),
      ...(hasIdentifier ? [new x509.SubjectKeyIdentifierExtension(identifier)] : []),
      ...(authorityIdentifier === undefined
        ? []
        : [new x509.AuthorityKeyIdentifierExtension(authorityIdentifier)]),
      ...(issue.alternativeNames === undefined ? [] : [issue.alternativeNames]),
    ],
  });
  return {
    id: BigInt(`0x${serial.toString("hex")}`).toString(),
    outputs: {
      earlyRenewalHours: inputs.earlyRenewalHours ?? 0,
      isCaCertificate: isCa,
      maxPathLength: inputs.maxPathLength ?? -1,
      setSubjectKeyId: inputs.setSubjectKeyId ?? false,
      certPem: `${made.toString("pem").trim()}\n`,
      readyForRenewal: false,
      validityStartTime: notBefore.toISOString().replace(".000Z", "Z"),
      validityEndTime: notAfter.toISOString().replace(".000Z", "Z"),
    },
  };
}

function usages(allowed: string[]): x509.Extension[] {
  const wrong = allowed.find((use) => !(use in keyUsages) && !(use in extendedKeyUsages));
  if (wrong !== undefined)
    throw new Failure(
      `expected allowed_uses to be one of [${[...Object.keys(keyUsages), ...Object.keys(extendedKeyUsages)].sort().join(" ")}], got ${wrong}`,
      "allowed uses",
    );
  const flags = allowed.flatMap((use) => keyUsages[use] ?? []);
  const extended = allowed.flatMap((use) => extendedKeyUsages[use] ?? []);
  return [
    ...(flags.length === 0
      ? []
      : [
          new x509.KeyUsagesExtension(
            flags.reduce((sum, flag) => sum | flag),
            true,
          ),
        ]),
    ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extended)]),
  ];
}

function alternativeNames(inputs: Properties): x509.Extension | undefined {
  const named = (type: x509.GeneralNameType, values: unknown): x509.JsonGeneralName[] =>
    ((values ?? []) as string[]).map((value) => ({ type, value }));
  const names = [
    ...named("dns", inputs.dnsNames),
    ...named("ip", inputs.ipAddresses),
    ...named("url", inputs.uris),
  ];
  return names.length === 0 ? undefined : new x509.SubjectAlternativeNameExtension(names);
}

/** Go's order of the attributes. */
function subjectName(subject: Properties | undefined): x509.Name {
  const attributes: [string, unknown][] = [
    ["2.5.4.6", subject?.country],
    ["2.5.4.10", subject?.organization],
    ["2.5.4.11", subject?.organizationalUnit],
    ["2.5.4.7", subject?.locality],
    ["2.5.4.8", subject?.province],
    ...((subject?.streetAddresses ?? []) as string[]).map((street): [string, string] => [
      "2.5.4.9",
      street,
    ]),
    ["2.5.4.17", subject?.postalCode],
    ["2.5.4.3", subject?.commonName],
    ["2.5.4.5", subject?.serialNumber],
    ["1.2.840.113549.1.9.1", subject?.emailAddress],
  ];
  return new x509.Name(
    attributes
      .filter(([, value]) => value !== undefined)
      .map(([oid, value]) => ({ [oid]: [String(value)] })),
  );
}

/** SHA-1 of the public key's bits. */
function keyIdentifier(key: KeyObject): string {
  const der = key.export({ type: "spki", format: "der" });
  const spki = new x509.PublicKey(der);
  const bits = Buffer.from(spki.rawData);
  // The bit string is the last element of the structure; its content follows tag, length and the count of unused bits.
  const content =
    key.asymmetricKeyType === "rsa"
      ? key.export({ type: "pkcs1", format: "der" })
      : bits.subarray(bits.length - (key.asymmetricKeyType === "ed25519" ? 32 : pointLength(key)));
  return createHash("sha1").update(content).digest("hex");
}

function pointLength(key: KeyObject): number {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  return 1 + Buffer.from(x, "base64url").length + Buffer.from(y, "base64url").length;
}

function parsed<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Failure(
      `Failed to parse ${what} PEM: ${error instanceof Error ? error.message : String(error)}`,
      what,
    );
  }
}

type Algorithm = webcrypto.EcKeyImportParams & { hash: string };

/** Signs with the digest that Go takes for the key. */
function algorithm(key: KeyObject): Algorithm | { name: string; hash: string } {
  if (key.asymmetricKeyType === "rsa") return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  if (key.asymmetricKeyType === "ed25519") return { name: "Ed25519", hash: "SHA-512" };
  switch (key.asymmetricKeyDetails?.namedCurve) {
    case "secp384r1":
      return { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" };
    case "secp521r1":
      return { name: "ECDSA", namedCurve: "P-521", hash: "SHA-512" };
    default:
      return { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  }
}

function signer(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = key.export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", der, algorithm(key), false, ["sign"]);
}

function verifier(publicKey: KeyObject, like: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = publicKey.export({ type: "spki", format: "der" });
  return webcrypto.subtle.importKey("spki", der, algorithm(like), true, ["verify"]);
}
