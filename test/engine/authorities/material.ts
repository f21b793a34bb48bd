/** CA material: every kind that istiod reads, and kinds that carry no mesh. Roots are made once, since istiod exchanges none. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import {
  type Authority,
  type CaFileName,
  type CaFiles,
  createIntermediate,
  createRoot,
} from "../../../src/pki";
import { x509 } from "../../../src/pki/x509";
import { craft, type Crafted, type KeyKind, keyPemOf, newKeys } from "../../pki/material";

const now = new Date();
const hours = (count: number): Date => new Date(now.getTime() + count * 3_600_000);
/** What is crafted is valid now, unless it says otherwise. */
const valid = { notBefore: hours(-24), notAfter: hours(24 * 365) };

const kinds = [
  ["RSA 2048", "rsa", 2048],
  ["RSA 3072", "rsa", 3072],
  ["RSA 4096", "rsa", 4096],
  ["P-256", "ec", "P-256"],
  ["P-384", "ec", "P-384"],
] as const;

/** In which forms a key may come, and what is in `cert-chain.pem` behind the intermediate. */
const encodingsOf = { rsa: ["pkcs1", "pkcs8"], ec: ["sec1", "pkcs8"] } as const;
const names = { pkcs1: "PKCS#1", sec1: "SEC1", pkcs8: "PKCS#8" } as const;

function newKey([, type, size]: (typeof kinds)[number]): KeyObject {
  return type === "rsa"
    ? generateKeyPairSync("rsa", { modulusLength: size }).privateKey
    : generateKeyPairSync("ec", { namedCurve: size }).privateKey;
}

/** A CA, and the roots that have to be trusted for it. */
export interface Material {
  readonly what: string;
  readonly files: CaFiles;
}

/** Material that is refused. */
export interface BadMaterial extends Material {
  readonly code: string;
  /** The file that the fault is at; of the root, the common one. */
  readonly at: CaFileName;
  /** Whether istiod takes it up all the same. */
  readonly istiod: "refuses it" | "takes it";
}

export interface AllMaterial {
  readonly good: readonly Material[];
  readonly bad: readonly BadMaterial[];
  /** Every root, PEM. */
  readonly roots: string;
}

const meshName = "shop";

async function goodOfKind(kind: (typeof kinds)[number]): Promise<readonly Material[]> {
  const pem = (key: KeyObject, type: "pkcs1" | "sec1" | "pkcs8") =>
    key.export({ type, format: "pem" }).toString();
  const root = await createRoot({
    meshName,
    now,
    commonName: kind[0],
    keyPem: pem(newKey(kind), "pkcs8"),
  });
  const key = newKey(kind);
  const made = async (type: "pkcs1" | "sec1" | "pkcs8") => {
    const keyPem = pem(key, type);
    const ca = await createIntermediate(root, { meshName, cluster: "east", now, keyPem });
    const files = {
      "ca-cert.pem": ca.certificatePem,
      "ca-key.pem": keyPem,
      "root-cert.pem": root.certificatePem,
      "cert-chain.pem": ca.certificatePem,
    };
    const whole = ca.certificatePem + root.certificatePem;
    return [
      { what: `${kind[0]} in ${names[type]}, the chain without the root`, files },
      {
        what: `${kind[0]} in ${names[type]}, the chain to the root`,
        files: { ...files, "cert-chain.pem": whole },
      },
    ];
  };
  return (await Promise.all(encodingsOf[kind[1]].map(made))).flat();
}

type Keys = Awaited<ReturnType<typeof newKeys>>;

/** Below a CA of a region, which is below the root: the chain has all of them. */
async function belowRegion(kind: KeyKind, what: string): Promise<Material> {
  const [top, region, own] = [await newKeys(kind), await newKeys(kind), await newKeys(kind)];
  const name = `Root of ${what}`;
  const root = await craft(top, { ...valid, name });
  const regional = await craft(region, { ...valid, name: "Region" }, { name, keys: top });
  const ca = await craft(own, { ...valid, name: "East" }, { name: "Region", keys: region });
  return {
    what,
    files: {
      "ca-cert.pem": ca,
      "ca-key.pem": await keyPemOf(own),
      "root-cert.pem": root,
      "cert-chain.pem": ca + regional + root,
    },
  };
}

interface Parts {
  readonly root?: Crafted;
  readonly intermediate?: Crafted;
  readonly rootKind?: KeyKind;
  readonly kind?: KeyKind;
}

let rootsMade = 0;

async function crafted(parts: Parts = {}): Promise<CaFiles> {
  const name = `Root ${rootsMade++}`;
  const top = await newKeys(parts.rootKind);
  const own: Keys = await newKeys(parts.kind);
  const root = await craft(top, { ...valid, name, ...parts.root });
  const ca = await craft(
    own,
    { ...valid, name: "East", ...parts.intermediate },
    { name, keys: top },
  );
  return {
    "ca-cert.pem": ca,
    "ca-key.pem": await keyPemOf(own),
    "root-cert.pem": root,
    "cert-chain.pem": ca + root,
  };
}

const serverAuth = "1.3.6.1.5.5.7.3.1";
const clientAuth = "1.3.6.1.5.5.7.3.2";
const { digitalSignature } = x509.KeyUsageFlags;

async function allBad(): Promise<readonly BadMaterial[]> {
  const good = await crafted();
  const other = await crafted();
  const ecKey = createPrivateKey(good["ca-key.pem"]);
  const encrypted = (type: "pkcs8" | "sec1") =>
    ecKey.export({ type, format: "pem", cipher: "aes-256-cbc", passphrase: "secret" }).toString();
  const stray = await strayIntermediate(good);
  const parameters =
    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  const torn = (text: string) => text.slice(0, text.length * 0.4);
  const row = (
    what: string,
    files: CaFiles,
    [at, code]: readonly [CaFileName, string],
    istiod: BadMaterial["istiod"],
  ): BadMaterial => ({ what, files, at, code: `certificate_${code}`, istiod });
  const refused = (what: string, files: Partial<CaFiles>, fault: readonly [CaFileName, string]) =>
    row(what, { ...good, ...files }, fault, "refuses it");
  const unnoticed = async (what: string, parts: Parts, fault: readonly [CaFileName, string]) =>
    row(what, await crafted(parts), fault, "takes it");
  return [
    refused("a key of another certificate", { "ca-key.pem": other["ca-key.pem"] }, [
      "ca-key.pem",
      "key_mismatch",
    ]),
    refused("a key in PKCS#8 with a password", { "ca-key.pem": encrypted("pkcs8") }, [
      "ca-key.pem",
      "key_unsupported",
    ]),
    refused("a key in SEC1 with a password", { "ca-key.pem": encrypted("sec1") }, [
      "ca-key.pem",
      "key_unsupported",
    ]),
    refused("a key behind EC PARAMETERS", { "ca-key.pem": parameters + good["ca-key.pem"] }, [
      "ca-key.pem",
      "key_unsupported",
    ]),
    refused("a torn key", { "ca-key.pem": torn(good["ca-key.pem"]) }, ["ca-key.pem", "unreadable"]),
    refused("an empty key", { "ca-key.pem": "" }, ["ca-key.pem", "unreadable"]),
    refused("a certificate for a key", { "ca-key.pem": good["ca-cert.pem"] }, [
      "ca-key.pem",
      "unreadable",
    ]),
    refused("a torn certificate", { "ca-cert.pem": torn(good["ca-cert.pem"]) }, [
      "ca-cert.pem",
      "unreadable",
    ]),
    refused("a key for a certificate", { "ca-cert.pem": good["ca-key.pem"] }, [
      "ca-cert.pem",
      "unreadable",
    ]),
    refused(
      "DER for a certificate",
      {
        "ca-cert.pem": Buffer.from(good["ca-cert.pem"].split("\n")[1] ?? "", "base64").toString(
          "latin1",
        ),
      },
      ["ca-cert.pem", "unreadable"],
    ),
    refused("a certificate below another root", { "ca-cert.pem": stray, "cert-chain.pem": stray }, [
      "ca-cert.pem",
      "chain",
    ]),
    row(
      "an intermediate that is no CA",
      await crafted({ intermediate: { ca: false } }),
      ["ca-cert.pem", "not_ca"],
      "takes it",
    ),
    row(
      "an intermediate that has ended",
      await crafted({ intermediate: { notAfter: hours(-1) } }),
      ["ca-cert.pem", "expired"],
      "refuses it",
    ),
    row(
      "an intermediate of tomorrow",
      await crafted({ intermediate: { notBefore: hours(24) } }),
      ["ca-cert.pem", "not_yet_valid"],
      "refuses it",
    ),
    row(
      "a root that has ended",
      await crafted({ root: { notAfter: hours(-1) } }),
      ["root-cert.pem", "expired"],
      "refuses it",
    ),
    await unnoticed("a root with pathlen:0", { root: { pathLength: 0 } }, [
      "root-cert.pem",
      "path_length",
    ]),
    await unnoticed(
      "an intermediate without keyCertSign",
      { intermediate: { usage: digitalSignature } },
      ["ca-cert.pem", "key_usage"],
    ),
    row(
      "an extended key usage without servers",
      await crafted({ intermediate: { extendedUsage: [clientAuth] } }),
      ["ca-cert.pem", "key_usage"],
      "refuses it",
    ),
    await unnoticed(
      "an extended key usage without clients",
      { intermediate: { extendedUsage: [serverAuth] } },
      ["ca-cert.pem", "key_usage"],
    ),
    await unnoticed(
      "an intermediate that ends before its leaves",
      { intermediate: { notAfter: hours(23) } },
      ["ca-cert.pem", "lifetime"],
    ),
    await unnoticed("a root that ends before its leaves", { root: { notAfter: hours(23) } }, [
      "root-cert.pem",
      "lifetime",
    ]),
    await unnoticed(
      "key identifiers that don't fit",
      { root: { subjectKeyId: "01" }, intermediate: { authorityKeyId: "02" } },
      ["ca-cert.pem", "chain"],
    ),
    await unnoticed("a key of RSA 1024", { kind: "rsa1024" }, ["ca-cert.pem", "key_unsupported"]),
    await unnoticed("a key of P-521", { kind: "p521" }, ["ca-cert.pem", "key_unsupported"]),
    await unnoticed("a key of Ed25519", { kind: "ed25519" }, ["ca-cert.pem", "key_unsupported"]),
    row(
      "a chain that begins with the root",
      { ...good, "cert-chain.pem": good["root-cert.pem"] + good["ca-cert.pem"] },
      ["cert-chain.pem", "chain"],
      "takes it",
    ),
    row(
      "a chain without the intermediate",
      { ...good, "cert-chain.pem": good["root-cert.pem"] },
      ["cert-chain.pem", "chain"],
      "takes it",
    ),
    row(
      "a chain with a torn end",
      { ...good, "cert-chain.pem": good["cert-chain.pem"] + torn(good["ca-cert.pem"]) },
      ["cert-chain.pem", "unreadable"],
      "takes it",
    ),
  ];
}

/** For the key of `files`, below a root that nobody has. */
async function strayIntermediate(files: CaFiles): Promise<string> {
  const stray: Authority = await createRoot({ meshName, now });
  const keyPem = files["ca-key.pem"];
  return (await createIntermediate(stray, { meshName, cluster: "east", now, keyPem }))
    .certificatePem;
}

/** Made once for a test file. */
export async function allMaterial(): Promise<AllMaterial> {
  const good = [
    ...(await Promise.all(kinds.map(goodOfKind))).flat(),
    await belowRegion("p256", "P-256 below a region's CA"),
    await belowRegion("p384", "P-384 below a region's CA"),
    await belowRegion("rsa2048", "RSA 2048 below a region's CA"),
    await belowRegion("rsa3072", "RSA 3072 below a region's CA"),
  ];
  const bad = await allBad();
  const roots = new Set([...good, ...bad].map(({ files }) => files["root-cert.pem"]));
  return { good, bad, roots: [...roots].join("") };
}
