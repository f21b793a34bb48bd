import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
// Before toLegacyObject: Node 20 loads a part of TLS for it that leaves the rest of this process without createSecureContext.
import "node:tls";
import { MeshError } from "../../src/core/issues";
import {
  createIntermediate,
  createRoot,
  verifyCertificates,
  type Authority,
  type KeyAlgorithm,
} from "../../src/pki";
import { x509 } from "../../src/pki/x509";
import { craft, days, encodings, keyPemOf, newKeys, now, setOf } from "./material";
import { inFolder, openssl, opensslText, opensslVerify } from "./openssl";

const { digitalSignature } = x509.KeyUsageFlags;

const issuesOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MeshError)) throw new Error("expected a MeshError", { cause: error });
  return error.issues.map(({ code, path }) => [code, path.join("/")]);
};

const options = { meshName: "shop", now };
const east = { ...options, cluster: "east" };

const algorithms: readonly (readonly [KeyAlgorithm, RegExp, RegExp])[] = [
  ["ecdsa-p256", /NIST CURVE: P-256/, /ecdsa-with-SHA256/],
  ["ecdsa-p384", /NIST CURVE: P-384/, /ecdsa-with-SHA384/],
  ["rsa-2048", /\(2048 bit\)/, /sha256WithRSAEncryption/],
  ["rsa-3072", /\(3072 bit\)/, /sha256WithRSAEncryption/],
];

describe.each(algorithms)("with %s keys", (algorithm, keyText, signatureText) => {
  let root: Authority;
  let intermediate: Authority;

  beforeAll(async () => {
    root = await createRoot({ ...options, algorithm });
    intermediate = await createIntermediate(root, { ...east, algorithm });
  }, 60_000);

  test("openssl accepts the root and the intermediate below it", () => {
    const chain = { root: root.certificatePem, at: now };
    expect(opensslVerify({ ...chain, certificate: root.certificatePem })).toContain("OK");
    expect(opensslVerify({ ...chain, certificate: intermediate.certificatePem })).toContain("OK");
  });

  test("keys and signatures are of the kind that was asked for", () => {
    for (const { certificatePem } of [root, intermediate]) {
      expect(opensslText(certificatePem)).toMatch(keyText);
      expect(opensslText(certificatePem)).toMatch(signatureText);
    }
  });

  test("private keys are PKCS#8 PEM and belong to their certificates", () => {
    for (const { certificatePem, keyPem } of [root, intermediate]) {
      expect(keyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
      const certificate = new X509Certificate(certificatePem);
      expect(certificate.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
    }
  });

  test("the set they make is without fault", () => {
    const files = {
      "ca-cert.pem": intermediate.certificatePem,
      "ca-key.pem": intermediate.keyPem,
      "root-cert.pem": root.certificatePem,
      "cert-chain.pem": intermediate.certificatePem + root.certificatePem,
    };
    expect(verifyCertificates(setOf(root.certificatePem, files), { now })).toEqual([]);
  });
});

test("RSA of 4096 bits, as in Istio's own tools, works too", async () => {
  const root = await createRoot({ ...options, algorithm: "rsa-4096" });
  const { certificatePem } = await createIntermediate(root, east);
  expect(opensslText(root.certificatePem)).toContain("(4096 bit)");
  expect(
    opensslVerify({ root: root.certificatePem, certificate: certificatePem, at: now }),
  ).toContain("OK");
}, 120_000);

describe("a root", () => {
  let text: string;
  let root: Authority;
  beforeAll(async () => {
    root = await createRoot(options);
    text = opensslText(root.certificatePem);
  });

  test("is a CA without a path length, critically", () => {
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE\n/);
    expect(text).not.toContain("pathlen");
  });

  test("signs certificates and CRLs and nothing else, critically", () =>
    expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/));

  test("has a subject key identifier and is its own issuer", () => {
    expect(text).toContain("X509v3 Subject Key Identifier");
    expect(text).toMatch(/Issuer: O = shop, CN = Root CA/);
    expect(text).toMatch(/Subject: O = shop, CN = Root CA/);
  });

  test("is valid from ten minutes before to 3650 days after", () => {
    expect(text).toContain("Not Before: Nov 20 11:50:00 2026 GMT");
    expect(text).toContain("Not After : Nov 17 12:00:00 2036 GMT");
  });

  test("may live past 2049, where X.509 changes its way to write dates", async () => {
    const { certificatePem } = await createRoot({ ...options, days: 36_500 });
    expect(opensslText(certificatePem)).toContain("Not After : Oct 27 12:00:00 2126 GMT");
    expect(opensslVerify({ root: certificatePem, certificate: certificatePem, at: now })).toContain(
      "OK",
    );
  });

  test.each(["#0c04", 'a"b', "a\\0ab", "café, O=x + CN=y"])(
    "writes the organisation %j just as it is",
    async (meshName) => {
      const { certificatePem } = await createRoot({ ...options, meshName });
      const subject = new X509Certificate(certificatePem).toLegacyObject().subject;
      expect(subject.O).toBe(meshName);
    },
  );
});

describe("an intermediate", () => {
  let text: string;
  let root: Authority;
  beforeAll(async () => {
    root = await createRoot(options);
    text = opensslText((await createIntermediate(root, east)).certificatePem);
  });

  test("is a CA with pathlen:0, critically", () =>
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0\n/));

  test("may sign data, certificates and CRLs, critically", () =>
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature, Certificate Sign, CRL Sign\n/));

  test("has the DNS name of istiod in the namespace that is asked for", async () => {
    expect(text).toMatch(/DNS:istiod\.istio-system\.svc\n/);
    const other = await createIntermediate(root, { ...east, rootNamespace: "mesh" });
    expect(opensslText(other.certificatePem)).toMatch(/DNS:istiod\.mesh\.svc\n/);
  });

  test("names its cluster, and its authority key is the root's subject key", () => {
    expect(text).toMatch(/Subject: O = shop, L = east, CN = Intermediate CA/);
    const id = (of: string, name: string) =>
      new RegExp(`${name} Key Identifier: *\\n *((?:[0-9A-F]{2}:?)+)`).exec(of)?.[1];
    expect(id(text, "Authority")).toBeDefined();
    expect(id(text, "Authority")).toBe(id(opensslText(root.certificatePem), "Subject"));
  });

  test("is valid for 730 days", () =>
    expect(text).toContain("Not After : Nov 19 12:00:00 2028 GMT"));

  test("never outlives its root", async () => {
    const short = await createRoot({ ...options, days: 30 });
    const { certificatePem } = await createIntermediate(short, east);
    const validTo = new X509Certificate(certificatePem).validTo;
    expect(validTo).toBe(new X509Certificate(short.certificatePem).validTo);
  });

  test("is refused when the root has less than seven days left", async () => {
    const later = { ...east, now: days(3645) };
    expect(await issuesOf(createIntermediate(root, later))).toEqual([
      ["certificate_lifetime", "root-cert.pem"],
    ]);
  });

  test.each(Object.entries(encodings()))(
    "may have an existing key in %s, which stays as it is",
    async (_, { key, pem }) => {
      const made = await createIntermediate(root, { ...east, keyPem: pem });
      expect(made.keyPem).toBe(pem);
      expect(new X509Certificate(made.certificatePem).checkPrivateKey(key)).toBe(true);
    },
  );
});

test("serial numbers are positive, of up to 128 bits, and never the same", async () => {
  const root = await createRoot(options);
  const made = await Promise.all(Array.from({ length: 64 }, () => createIntermediate(root, east)));
  const serials = made.map(
    ({ certificatePem }) => new X509Certificate(certificatePem).serialNumber,
  );
  expect(new Set(serials).size).toBe(64);
  for (const serial of serials) expect(serial).toMatch(/^[0-9A-F]{24,32}$/);
  for (const { certificatePem } of made.slice(0, 8)) {
    expect(opensslText(certificatePem)).not.toContain("(Negative)");
  }
});

describe("a root that was made elsewhere", () => {
  const extensions = [
    "-addext",
    "basicConstraints=critical,CA:TRUE",
    "-addext",
    "keyUsage=critical,keyCertSign",
  ];
  const foreign = (kind: readonly string[], more: readonly string[] = []): Authority =>
    inFolder((folder) => {
      openssl(
        [
          ...["req", "-x509", ...kind, "-nodes", "-keyout", "key.pem", "-out", "cert.pem"],
          ...["-days", "3650", "-subj", "/O=Istio/CN=Root CA été", "-utf8", ...extensions, ...more],
        ],
        folder,
      );
      const read = (name: string) => readFileSync(join(folder, name), "utf8");
      return { certificatePem: read("cert.pem"), keyPem: read("key.pem") };
    });

  test.each([
    ["RSA", ["-newkey", "rsa:2048"], []],
    ["P-384", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"], []],
    [
      "RSA with another key identifier",
      ["-newkey", "rsa:2048"],
      ["-addext", "subjectKeyIdentifier=01020304", "-addext", "authorityKeyIdentifier=none"],
    ],
    [
      "RSA without key identifiers",
      ["-newkey", "rsa:2048"],
      ["-addext", "subjectKeyIdentifier=none", "-addext", "authorityKeyIdentifier=none"],
    ],
  ])("signs, by openssl with %s", async (name, kind, more) => {
    const root = foreign(kind, more);
    // openssl has no option for the moment of issue, so this one test takes the clock's.
    const at = new Date();
    const { certificatePem } = await createIntermediate(root, { ...east, now: at });
    const strict = name !== "RSA without key identifiers";
    const parent = new X509Certificate(root.certificatePem);
    expect(new X509Certificate(certificatePem).checkIssued(parent)).toBe(true);
    expect(new X509Certificate(certificatePem).verify(parent.publicKey)).toBe(true);
    if (strict)
      expect(opensslVerify({ root: root.certificatePem, certificate: certificatePem })).toContain(
        "OK",
      );
  });

  test("signs with the one of several roots that the key belongs to", async () => {
    const [old, next] = [await createRoot(options), await createRoot(options)];
    const both = { certificatePem: old.certificatePem + next.certificatePem, keyPem: next.keyPem };
    const { certificatePem } = await createIntermediate(both, east);
    expect(
      opensslVerify({ root: next.certificatePem, certificate: certificatePem, at: now }),
    ).toContain("OK");
  });

  test.each([
    ["with pathlen:0", { pathLength: 0 }, "certificate_path_length"],
    ["that is no CA", { ca: false }, "certificate_not_ca"],
    ["that may not sign certificates", { usage: digitalSignature }, "certificate_key_usage"],
    ["that is expired", { notAfter: days(-0.5) }, "certificate_expired"],
    ["that is not valid yet", { notBefore: days(1) }, "certificate_not_yet_valid"],
  ])("is refused %s", async (_, crafted, code) => {
    const keys = await newKeys();
    const root = { certificatePem: await craft(keys, crafted), keyPem: await keyPemOf(keys) };
    expect(await issuesOf(createIntermediate(root, east))).toEqual([[code, "root-cert.pem"]]);
  });

  test("is refused with the key of another root", async () => {
    const [one, two] = [await createRoot(options), await createRoot(options)];
    const mixed = { certificatePem: one.certificatePem, keyPem: two.keyPem };
    expect(await issuesOf(createIntermediate(mixed, east))).toEqual([
      ["certificate_key_mismatch", "root-key.pem"],
    ]);
  });
});

test.each([
  ["no days", { days: 0 }, ["out_of_range", "days"]],
  ["half a day", { days: 10.5 }, ["out_of_range", "days"]],
  ["more than a hundred years", { days: 40_000 }, ["out_of_range", "days"]],
  ["no mesh name", { meshName: "" }, ["out_of_range", "meshName"]],
  ["a long common name", { commonName: "x".repeat(65) }, ["out_of_range", "commonName"]],
  [
    "an unknown algorithm",
    { algorithm: "ed25519" as KeyAlgorithm },
    ["unknown_value", "algorithm"],
  ],
])("a root with %s is refused", async (_, wrong, issue) => {
  expect(await issuesOf(createRoot({ ...options, ...wrong }))).toEqual([issue]);
});

test.each([
  ["cluster", { cluster: "../x" }],
  ["rootNamespace", { rootNamespace: "istio_system" }],
])("an intermediate whose %s is not a DNS label is refused", async (name, wrong) => {
  const root = await createRoot(options);
  expect(await issuesOf(createIntermediate(root, { ...east, ...wrong }))).toEqual([
    ["invalid_name", name],
  ]);
});
