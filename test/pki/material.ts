/** Certificates that this library would not make, made with the X.509 library beneath it. */
import { createPrivateKey, generateKeyPairSync, webcrypto, type KeyObject } from "node:crypto";
import type { CaFiles, CertificateSet } from "../../src/pki";
import { x509 } from "../../src/pki/x509";

export const now = new Date("2026-11-20T12:00:00.000Z");

export const hours = (count: number): Date => new Date(now.getTime() + count * 3_600_000);
export const days = (count: number): Date => hours(24 * count);

type Keys = webcrypto.CryptoKeyPair;

const algorithms = {
  p256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  p384: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  p521: { name: "ECDSA", namedCurve: "P-521", hash: "SHA-512" },
  rsa1024: {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 1024,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  rsa2048: {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  rsa3072: {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 3072,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  rsaSha1: {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-1",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  ed25519: { name: "Ed25519" },
} as const;

export type KeyKind = keyof typeof algorithms;

export async function newKeys(kind: KeyKind = "p256"): Promise<Keys> {
  return (await webcrypto.subtle.generateKey(algorithms[kind], true, ["sign", "verify"])) as Keys;
}

export async function keyPemOf({ privateKey }: Keys): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", privateKey));
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" })
    .export({ type: "pkcs8", format: "pem" })
    .toString();
}

export interface Crafted {
  readonly name?: string;
  readonly ca?: boolean | undefined;
  readonly pathLength?: number | undefined;
  readonly usage?: x509.KeyUsageFlags | "none" | undefined;
  readonly extendedUsage?: readonly string[] | undefined;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly hash?: string;
  readonly subjectKeyId?: string;
  readonly authorityKeyId?: string;
}

const signsAll: x509.KeyUsageFlags = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign;

/** A certificate with just what is asked for; `issuer` is itself by default. */
export async function craft(
  keys: Keys,
  { name = "Root", ca = true, usage = signsAll, ...crafted }: Crafted = {},
  issuer: { readonly name: string; readonly keys: Keys } = { name, keys },
): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: `CN=${issuer.name}`,
    notBefore: crafted.notBefore ?? days(-1),
    notAfter: crafted.notAfter ?? days(365),
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: { name: "ECDSA", hash: crafted.hash ?? "SHA-256" },
    extensions: [
      new x509.BasicConstraintsExtension(ca, crafted.pathLength, true),
      ...(usage === "none" ? [] : [new x509.KeyUsagesExtension(usage, true)]),
      ...(crafted.extendedUsage === undefined
        ? []
        : [new x509.ExtendedKeyUsageExtension([...crafted.extendedUsage])]),
      ...(crafted.subjectKeyId === undefined
        ? []
        : [new x509.SubjectKeyIdentifierExtension(crafted.subjectKeyId)]),
      ...(crafted.authorityKeyId === undefined
        ? []
        : [new x509.AuthorityKeyIdentifierExtension(crafted.authorityKeyId)]),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

export interface CraftedSet {
  readonly root?: Crafted;
  readonly intermediate?: Crafted;
  readonly rootKind?: KeyKind;
  readonly intermediateKind?: KeyKind;
}

/** A set of one cluster, `east`, good but for what is asked for. */
export async function craftSet(crafted: CraftedSet = {}): Promise<CertificateSet> {
  const rootKeys = await newKeys(crafted.rootKind);
  const keys = await newKeys(crafted.intermediateKind);
  const root = await craft(rootKeys, { name: "Root", ...crafted.root });
  const certificate = await craft(
    keys,
    { name: "East", ...crafted.intermediate },
    { name: "Root", keys: rootKeys },
  );
  return setOf(root, {
    "ca-cert.pem": certificate,
    "ca-key.pem": await keyPemOf(keys),
    "root-cert.pem": root,
    "cert-chain.pem": certificate + root,
  });
}

export function setOf(certificatePem: string, east: CaFiles): CertificateSet {
  return { root: { certificatePem }, clusters: { east } };
}

/** The set with some of the files of `east` replaced. */
export function withFiles(set: CertificateSet, files: Partial<CaFiles>): CertificateSet {
  return setOf(set.root.certificatePem, { ...set.clusters.east!, ...files });
}

/** A key pair's private half in the encodings in which it may come. */
export function encodings(): Readonly<Record<string, { key: KeyObject; pem: string }>> {
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const pem = (key: KeyObject, type: "pkcs1" | "sec1" | "pkcs8") =>
    key.export({ type, format: "pem" }).toString();
  return {
    "PKCS#8": { key: ec, pem: pem(ec, "pkcs8") },
    SEC1: { key: ec, pem: pem(ec, "sec1") },
    "PKCS#1": { key: rsa, pem: pem(rsa, "pkcs1") },
  };
}

/** Runs of a private key's text that are long enough to be no coincidence. */
export function fragmentsOf(keyPem: string): readonly string[] {
  const body = keyPem.replace(/-----[^-]+-----/g, "").replace(/\s/g, "");
  return (
    Array.from({ length: Math.floor(body.length / 12) }, (_, i) => body.slice(12 * i, 12 * i + 12))
      // The first runs are the same in every key of a kind: they say which kind it is.
      .slice(6)
  );
}
