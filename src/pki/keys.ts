/** Private keys that istiod can use: RSA from 2048 bits, P-256 and P-384. */
import { createPrivateKey, KeyObject, webcrypto } from "node:crypto";
import type { KeyAlgorithm } from "../core/description";
import { IssueCollector, show } from "../core/issues";
import { describeLabel, readPem } from "./pem";

export type { KeyAlgorithm };

/** The key algorithm when none is asked for. */
export const defaultKeyAlgorithm: KeyAlgorithm = "ecdsa-p256";

type SigningAlgorithm =
  | { readonly name: "ECDSA"; readonly namedCurve: string; readonly hash: string }
  | { readonly name: "RSASSA-PKCS1-v1_5"; readonly hash: string };

type GenerateAlgorithm = webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams;

const p256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const p384 = { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" } as const;
const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;
const rsaOf = (modulusLength: number): GenerateAlgorithm => ({
  ...rsa,
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
});

const algorithms: Readonly<Record<KeyAlgorithm, GenerateAlgorithm>> = {
  "ecdsa-p256": p256,
  "ecdsa-p384": p384,
  "rsa-2048": rsaOf(2048),
  "rsa-3072": rsaOf(3072),
  "rsa-4096": rsaOf(4096),
};

/** A key that signs, with what a signature by it looks like. */
export interface SigningKey {
  readonly key: webcrypto.CryptoKey;
  readonly algorithm: SigningAlgorithm;
}

/** Adds `unknown_value` when `algorithm` is not one of the five. */
export function checkKeyAlgorithm(algorithm: KeyAlgorithm, issues: IssueCollector): void {
  if (Object.hasOwn(algorithms, algorithm)) return;
  const known = Object.keys(algorithms).join(", ");
  issues.add("unknown_value", `${show(algorithm)} is not a key algorithm`, `use one of ${known}`);
}

/**
 * A new private key as PKCS#8 PEM.
 *
 * @throws MeshError with `unknown_value` at `algorithm` when there is no such algorithm.
 */
export async function generateKeyPem(algorithm: KeyAlgorithm): Promise<string> {
  const issues = new IssueCollector();
  checkKeyAlgorithm(algorithm, issues.at("algorithm"));
  issues.throwAny();
  const pair = await webcrypto.subtle.generateKey(algorithms[algorithm], true, ["sign", "verify"]);
  return KeyObject.from(pair.privateKey).export({ type: "pkcs8", format: "pem" }).toString();
}

/** How a key signs, or `undefined` when neither istiod nor Envoy can be given such a key. */
function signingAlgorithmOf(key: KeyObject): SigningAlgorithm | undefined {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "rsa") return (modulusLength ?? 0) >= 2048 ? rsa : undefined;
  if (key.asymmetricKeyType !== "ec") return undefined;
  if (namedCurve === "prime256v1") return p256;
  return namedCurve === "secp384r1" ? p384 : undefined;
}

/** Adds `certificate_key_unsupported` when a public or private key is of a kind that istiod refuses. */
export function checkKeyKind(key: KeyObject, issues: IssueCollector): void {
  if (signingAlgorithmOf(key) !== undefined) return;
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const size = modulusLength === undefined ? "" : ` of ${modulusLength} bits`;
  issues.add(
    "certificate_key_unsupported",
    `the key is ${namedCurve ?? key.asymmetricKeyType ?? "of an unknown kind"}${size}`,
    "make a new key and certificate with ECDSA P-256, ECDSA P-384 or RSA of at least 2048 bits",
  );
}

/**
 * The private key of a file, as istiod reads it: from the first block, which is PKCS#8, SEC1 or
 * PKCS#1 in clear. Adds `certificate_unreadable` or `certificate_key_unsupported` and returns
 * `undefined` for anything else. What it adds never has a part of the file in it.
 */
export function readPrivateKey(text: string, issues: IssueCollector): KeyObject | undefined {
  const block = readPem(text, issues)?.[0];
  if (block === undefined) return undefined;
  if (block.encrypted) {
    issues.add(
      "certificate_key_unsupported",
      "the key is encrypted, and istiod has no passphrase",
      "decrypt it: openssl pkey -in FILE -out NEW",
    );
    return undefined;
  }
  if (!isKeyLabel(block.label)) {
    issues.add(
      block.label === "EC PARAMETERS" ? "certificate_key_unsupported" : "certificate_unreadable",
      `the file starts with ${describeLabel(block.label)}, and istiod reads only the first block`,
      block.label === "EC PARAMETERS"
        ? "remove that block: openssl pkey -in FILE -out NEW"
        : "put the private key first, as PKCS#8, SEC1 or PKCS#1",
    );
    return undefined;
  }
  const key = parseKey(block.label, block.der);
  if (key === undefined) {
    issues.add(
      "certificate_unreadable",
      "the first block holds no private key that can be read",
      "copy the file again from where it was made, or make a new key and certificate",
    );
  }
  return key;
}

/** How each kind of block says what it holds: the tag of the second element, after the version. */
const encodings = {
  "PRIVATE KEY": { type: "pkcs8", secondTag: 0x30 },
  "RSA PRIVATE KEY": { type: "pkcs1", secondTag: 0x02 },
  "EC PRIVATE KEY": { type: "sec1", secondTag: 0x04 },
} as const;

type KeyLabel = keyof typeof encodings;

function isKeyLabel(label: string): label is KeyLabel {
  return Object.hasOwn(encodings, label);
}

/** Go, and so istiod, holds a block to its label. Node from 22 on takes any key that it recognises, so the label is checked here. */
function parseKey(label: KeyLabel, der: Buffer): KeyObject | undefined {
  const { type, secondTag } = encodings[label];
  const length = der[1] ?? 0;
  const version = length < 0x80 ? 2 : 2 + (length & 0x7f);
  const afterVersion = version + 2 + (der[version + 1] ?? 0);
  if (der[afterVersion] !== secondTag) return undefined;
  try {
    return createPrivateKey({ key: der, format: "der", type });
  } catch {
    // The reason is OpenSSL's and says nothing to a user; it is dropped so that nothing of the key can be in it.
    return undefined;
  }
}

/** Makes a key ready to sign. `undefined` when its kind is refused; `checkKeyKind` says why. */
export async function toSigningKey(key: KeyObject): Promise<SigningKey | undefined> {
  const algorithm = signingAlgorithmOf(key);
  if (algorithm === undefined) return undefined;
  const der = key.export({ type: "pkcs8", format: "der" });
  return {
    key: await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]),
    algorithm,
  };
}
