/** Keys as Terraform's TLS provider makes and writes them. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { Failure } from "./service";
import type { Properties } from "./values";

const curves: Record<string, string> = {
  P224: "secp224r1",
  P256: "prime256v1",
  P384: "secp384r1",
  P521: "secp521r1",
};

/** Key type and curve in OpenSSH's names, by Node's name of the curve. */
const sshCurves: Record<string, string> = {
  prime256v1: "nistp256",
  secp384r1: "nistp384",
  secp521r1: "nistp521",
};

export function makeKey({ algorithm, rsaBits, ecdsaCurve }: Properties): KeyObject {
  switch (algorithm) {
    case "RSA":
      return generateKeyPairSync("rsa", { modulusLength: Number(rsaBits ?? 2048) }).privateKey;
    case "ECDSA": {
      const namedCurve = curves[String(ecdsaCurve ?? "P224")];
      if (namedCurve === undefined)
        throw new Failure(
          "invalid ECDSA curve; supported values are: [P224 P256 P384 P521]",
          "curve",
        );
      return generateKeyPairSync("ec", { namedCurve }).privateKey;
    }
    case "ED25519":
      return generateKeyPairSync("ed25519").privateKey;
    default:
      throw new Failure(
        "invalid algorithm; supported values are: [RSA ECDSA ED25519]",
        "algorithm",
      );
  }
}

/** What the resource PrivateKey has beside its inputs. */
export function describeKey(key: KeyObject): { id: string; outputs: Properties } {
  const pkcs8 = String(key.export({ type: "pkcs8", format: "pem" }));
  const publicKey = createPublicKey(key);
  const der = publicKey.export({ type: "spki", format: "der" });
  const blob = sshBlob(key);
  const digest = (name: string): Buffer => createHash(name).update(blob).digest();
  return {
    id: createHash("sha1").update(der).digest("hex"),
    outputs: {
      privateKeyPem: privateKeyPem(key),
      privateKeyPemPkcs8: pkcs8,
      privateKeyOpenssh: blob.length === 0 ? "" : sshPrivateKey(key, blob),
      publicKeyPem: publicKey.export({ type: "spki", format: "pem" }),
      publicKeyOpenssh: blob.length === 0 ? "" : `${sshType(key)} ${blob.toString("base64")}\n`,
      publicKeyFingerprintMd5:
        blob.length === 0 ? "" : (digest("md5").toString("hex").match(/../g) ?? []).join(":"),
      publicKeyFingerprintSha256:
        blob.length === 0 ? "" : `SHA256:${digest("sha256").toString("base64").replace(/=+$/, "")}`,
    },
  };
}

/** PKCS#1 for RSA, SEC 1 for ECDSA, PKCS#8 for Ed25519. */
function privateKeyPem(key: KeyObject): string {
  const type =
    key.asymmetricKeyType === "rsa" ? "pkcs1" : key.asymmetricKeyType === "ec" ? "sec1" : "pkcs8";
  return String(key.export({ type, format: "pem" }));
}

export function readKey(pem: unknown): KeyObject {
  try {
    return createPrivateKey(String(pem));
  } catch {
    throw new Failure("Failed to parse private key PEM: failed to decode PEM block", "private key");
  }
}

/** `RSA`, `ECDSA` or `ED25519`. */
export function algorithmOf(key: KeyObject): string {
  return key.asymmetricKeyType === "ec" ? "ECDSA" : String(key.asymmetricKeyType).toUpperCase();
}

function sshType(key: KeyObject): string {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return "ssh-rsa";
    case "ec":
      return `ecdsa-sha2-${sshCurve(key)}`;
    default:
      return "ssh-ed25519";
  }
}

function sshCurve(key: KeyObject): string | undefined {
  return sshCurves[key.asymmetricKeyDetails?.namedCurve ?? ""];
}

/** The public key in OpenSSH's wire format; empty for P224, which OpenSSH hasn't. */
function sshBlob(key: KeyObject): Buffer {
  const jwk = createPublicKey(key).export({ format: "jwk" });
  switch (key.asymmetricKeyType) {
    case "rsa":
      return Buffer.concat([field("ssh-rsa"), integer(jwk.e), integer(jwk.n)]);
    case "ec": {
      const curve = sshCurve(key);
      if (curve === undefined) return Buffer.alloc(0);
      return Buffer.concat([field(sshType(key)), field(curve), field(point(jwk))]);
    }
    default:
      return Buffer.concat([field("ssh-ed25519"), field(bytes(jwk.x))]);
  }
}

function sshPrivateKey(key: KeyObject, blob: Buffer): string {
  const jwk = key.export({ format: "jwk" });
  const secret =
    key.asymmetricKeyType === "rsa"
      ? [jwk.n, jwk.e, jwk.d, jwk.qi, jwk.p, jwk.q].map(integer)
      : key.asymmetricKeyType === "ec"
        ? [field(sshCurve(key) ?? ""), field(point(jwk)), integer(jwk.d)]
        : [field(bytes(jwk.x)), field(Buffer.concat([bytes(jwk.d), bytes(jwk.x)]))];
  const check = createHash("sha256").update(blob).digest().subarray(0, 4);
  const section = Buffer.concat([check, check, field(sshType(key)), ...secret, field("")]);
  const padding = Buffer.from(Array.from({ length: -section.length & 7 }, (_, index) => index + 1));
  const one = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    one,
    field(blob),
    field(Buffer.concat([section, padding])),
  ]);
  const lines = whole.toString("base64").match(/.{1,70}/g) ?? [];
  return [
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    ...lines,
    "-----END OPENSSH PRIVATE KEY-----",
    "",
  ].join("\n");
}

function field(value: string | Buffer): Buffer {
  const content = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

function integer(value: string | undefined): Buffer {
  const content = bytes(value);
  return field((content[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), content]) : content);
}

function point(jwk: { x?: string; y?: string }): Buffer {
  return Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)]);
}

function bytes(value: string | undefined): Buffer {
  return Buffer.from(value ?? "", "base64url");
}
