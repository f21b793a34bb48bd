import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { formatIssue } from "../../src/core/issues";
import {
  createIntermediate,
  createRoot,
  issueLeaf,
  verifyCertificates,
  type CaFileName,
  type CaFiles,
  type CertificateSet,
} from "../../src/pki";
import { x509 } from "../../src/pki/x509";
import {
  craft,
  craftSet,
  days,
  encodings,
  fragmentsOf,
  hours,
  keyPemOf,
  newKeys,
  now,
  setOf,
  withFiles,
} from "./material";
import { opensslVerify } from "./openssl";

const { digitalSignature } = x509.KeyUsageFlags;

const found = (set: CertificateSet, at = now) =>
  verifyCertificates(set, { now: at }).map(({ code, path }) => `${path.join("/")} ${code}`);

const east = (file: CaFileName, code: string) => `certs/east/${file} certificate_${code}`;
const root = (code: string) => `certs/root-cert.pem certificate_${code}`;

const serverAuth = "1.3.6.1.5.5.7.3.1";
const clientAuth = "1.3.6.1.5.5.7.3.2";
const anyUsage = "2.5.29.37.0";
const codeSigning = "1.3.6.1.5.5.7.3.3";

let good: CertificateSet;
beforeAll(async () => {
  good = await craftSet();
});

describe("accepts", () => {
  test("a good set, from the start of its life to a day before its end", () => {
    expect(found(good)).toEqual([]);
    expect(found(good, days(-1))).toEqual([]);
    expect(found(good, days(364))).toEqual([]);
  });

  test.each([
    ["an extended key usage with server and client", { extendedUsage: [serverAuth, clientAuth] }],
    ["no key usage at all", { usage: "none" as const }],
    ["no CRL signing, as by Istio's own tools", { usage: x509.KeyUsageFlags.keyCertSign }],
    ["no path length", {}],
    ["a path length of zero", { pathLength: 0 }],
  ])("an intermediate with %s", async (_, intermediate) => {
    expect(found(await craftSet({ intermediate }))).toEqual([]);
  });

  test("a root with a path length of one", async () => {
    expect(found(await craftSet({ root: { pathLength: 1 } }))).toEqual([]);
  });

  test.each(Object.entries(encodings()))("a key in %s", async (_, { key, pem }) => {
    const made = await createRoot({ meshName: "shop", now });
    const ca = await createIntermediate(made, {
      meshName: "shop",
      cluster: "east",
      keyPem: pem,
      now,
    });
    expect(key.asymmetricKeyType).toBeDefined();
    const files = {
      "ca-cert.pem": ca.certificatePem,
      "ca-key.pem": pem,
      "root-cert.pem": made.certificatePem,
      "cert-chain.pem": ca.certificatePem + made.certificatePem,
    };
    expect(found(setOf(made.certificatePem, files))).toEqual([]);
  });

  test("Windows line ends, text before the blocks and a missing newline at the end", () => {
    const text = good.clusters.east!["ca-cert.pem"];
    expect(found(withFiles(good, { "ca-cert.pem": text.replace(/\n/g, "\r\n") }))).toEqual([]);
    expect(found(withFiles(good, { "ca-cert.pem": `Subject: East\n${text.trimEnd()}` }))).toEqual(
      [],
    );
  });

  test("an intermediate of an intermediate, when the chain leads to the root", async () => {
    const [rootKeys, regionKeys, eastKeys] = [await newKeys(), await newKeys(), await newKeys()];
    const top = await craft(rootKeys, { name: "Root" });
    const region = await craft(
      regionKeys,
      { name: "Region", pathLength: 1 },
      { name: "Root", keys: rootKeys },
    );
    const ca = await craft(eastKeys, { name: "East" }, { name: "Region", keys: regionKeys });
    const files = {
      "ca-cert.pem": ca,
      "ca-key.pem": await keyPemOf(eastKeys),
      "root-cert.pem": top,
      "cert-chain.pem": ca + region + top,
    };
    expect(found(setOf(top, files))).toEqual([]);
    expect(found(setOf(top, { ...files, "cert-chain.pem": ca + top }))).toEqual([
      east("ca-cert.pem", "chain"),
    ]);
  });

  test("two roots side by side, as during a rotation, whichever of them signed", async () => {
    const next = await craftSet();
    const roots = good.root.certificatePem + next.root.certificatePem;
    const cluster = ({ clusters }: CertificateSet): CaFiles => ({
      ...clusters.east!,
      "root-cert.pem": roots,
    });
    const set = {
      root: { certificatePem: roots },
      clusters: { east: cluster(good), west: cluster(next) },
    };
    expect(found(set)).toEqual([]);
  });

  test("an expired root that no cluster uses any more, beside the one that they use", async () => {
    const old = await craft(await newKeys(), { name: "Old", notAfter: days(-0.5) });
    const roots = old + good.root.certificatePem;
    const set = setOf(roots, { ...good.clusters.east!, "root-cert.pem": roots });
    expect(found(set)).toEqual([]);
  });

  test("a root that was renewed with the same key, the expired one first", async () => {
    const [rootKeys, keys] = [await newKeys(), await newKeys()];
    const old = await craft(rootKeys, { name: "Root", notAfter: days(-0.5) });
    const renewed = await craft(rootKeys, { name: "Root" });
    const ca = await craft(keys, { name: "East" }, { name: "Root", keys: rootKeys });
    const files = {
      "ca-cert.pem": ca,
      "ca-key.pem": await keyPemOf(keys),
      "root-cert.pem": old + renewed,
      "cert-chain.pem": ca + renewed,
    };
    expect(found(setOf(old + renewed, files))).toEqual([]);
  });
});

describe("refuses what istiod refuses", () => {
  test("an intermediate below another root of the same name", async () => {
    const other = (await craftSet()).root.certificatePem;
    const set = setOf(other, {
      ...good.clusters.east!,
      "root-cert.pem": other,
      "cert-chain.pem": good.clusters.east!["ca-cert.pem"] + other,
    });
    expect(found(set)).toEqual([east("ca-cert.pem", "chain")]);
  });

  test("a key of another certificate", async () => {
    const other = (await craftSet()).clusters.east!["ca-key.pem"];
    expect(found(withFiles(good, { "ca-key.pem": other }))).toEqual([
      east("ca-key.pem", "key_mismatch"),
    ]);
  });

  test("an intermediate that is no CA", async () => {
    expect(found(await craftSet({ intermediate: { ca: false } }))).toEqual([
      east("ca-cert.pem", "not_ca"),
    ]);
  });

  test("what is expired or not valid yet", async () => {
    expect(found(good, days(366))).toEqual([east("ca-cert.pem", "expired"), root("expired")]);
    expect(found(good, days(-2))).toEqual([
      east("ca-cert.pem", "not_yet_valid"),
      root("not_yet_valid"),
    ]);
    const set = await craftSet({ intermediate: { notAfter: hours(-1) } });
    expect(found(set)).toEqual([east("ca-cert.pem", "expired")]);
  });

  test("a signature with SHA-1", async () => {
    const [rootKeys, keys] = [await newKeys("rsaSha1"), await newKeys()];
    const top = await craft(rootKeys);
    const ca = await craft(keys, { name: "East" }, { name: "Root", keys: rootKeys });
    const files = {
      "ca-cert.pem": ca,
      "ca-key.pem": await keyPemOf(keys),
      "root-cert.pem": top,
      "cert-chain.pem": ca + top,
    };
    expect(found(setOf(top, files))).toEqual([east("ca-cert.pem", "chain")]);
  });
});

describe("refuses what istiod takes and no workload can use", () => {
  test.each([
    ["a root with pathlen:0", { root: { pathLength: 0 } }, root("path_length")],
    ["a root that is no CA", { root: { ca: false } }, root("not_ca")],
    ["a root without keyCertSign", { root: { usage: digitalSignature } }, root("key_usage")],
    [
      "an intermediate without keyCertSign",
      { intermediate: { usage: digitalSignature } },
      east("ca-cert.pem", "key_usage"),
    ],
    [
      "an extended key usage without serverAuth",
      { intermediate: { extendedUsage: [clientAuth] } },
      east("ca-cert.pem", "key_usage"),
    ],
    [
      "an extended key usage without clientAuth",
      { intermediate: { extendedUsage: [serverAuth] } },
      east("ca-cert.pem", "key_usage"),
    ],
    [
      "an extended key usage of just any",
      { intermediate: { extendedUsage: [anyUsage] } },
      east("ca-cert.pem", "key_usage"),
    ],
    [
      "a root with an extended key usage for code",
      { root: { extendedUsage: [codeSigning] } },
      root("key_usage"),
    ],
    [
      "an authority key identifier that is not the root's",
      { root: { subjectKeyId: "01" }, intermediate: { authorityKeyId: "02" } },
      east("ca-cert.pem", "chain"),
    ],
  ])("%s", async (_, crafted, issue) => {
    const set = await craftSet(crafted);
    expect(found(set)).toEqual([issue]);
    // The rule is not of this library's making: openssl refuses a workload's chain as well.
    const files = set.clusters.east!;
    const leafKeys = await newKeys();
    const keys = createPrivateKey(files["ca-key.pem"]);
    const signingKey = await crypto.subtle.importKey(
      "pkcs8",
      new Uint8Array(keys.export({ type: "pkcs8", format: "der" })),
      { name: "ECDSA", namedCurve: "P-256" },
      false,
      ["sign"],
    );
    const certificate = await craft(
      leafKeys,
      { name: "leaf", ca: false, usage: digitalSignature, extendedUsage: [serverAuth, clientAuth] },
      { name: "East", keys: { ...leafKeys, privateKey: signingKey } },
    );
    const refusals = (["sslserver", "sslclient"] as const).filter((purpose) => {
      try {
        opensslVerify({
          root: set.root.certificatePem,
          untrusted: files["ca-cert.pem"],
          certificate,
          purpose,
          at: now,
          strict: false,
        });
        return false;
      } catch {
        return true;
      }
    });
    expect(refusals).not.toEqual([]);
  });

  test("a chain whose first block is not the signing intermediate", () => {
    const files = good.clusters.east!;
    for (const chain of [files["root-cert.pem"], files["root-cert.pem"] + files["ca-cert.pem"]]) {
      expect(found(withFiles(good, { "cert-chain.pem": chain }))).toEqual([
        east("cert-chain.pem", "chain"),
      ]);
    }
  });

  test.each([
    ["an intermediate", { intermediate: { notAfter: hours(23) } }, east("ca-cert.pem", "lifetime")],
    ["a root", { root: { notAfter: hours(23) } }, root("lifetime")],
  ])("%s that expires before the leaves of 24 hours that it issues", async (_, crafted, issue) => {
    expect(found(await craftSet(crafted))).toEqual([issue]);
  });

  test("a cluster whose root is another file, even if only a byte differs", () => {
    const text = good.clusters.east!["root-cert.pem"];
    expect(found(withFiles(good, { "root-cert.pem": `${text}\n` }))).toEqual([
      east("root-cert.pem", "root_differs"),
    ]);
  });

  test("a common root that can't be read, and no cluster's is to be replaced by it", () => {
    const set = { ...good, root: { ...good.root, certificatePem: "garbage" } };
    expect(found(set)).toEqual([root("unreadable")]);
  });

  test("clusters that are fine by themselves, but have different roots", async () => {
    const west = (await craftSet()).clusters.east!;
    const set = { root: good.root, clusters: { east: good.clusters.east!, west } };
    expect(found(set)).toEqual(["certs/west/root-cert.pem certificate_root_differs"]);
  });
});

describe("refuses keys that istiod or Envoy can't use", () => {
  test.each(["ed25519", "p521", "rsa1024"] as const)(
    "%s, in an intermediate and in a root",
    async (kind) => {
      expect(found(await craftSet({ intermediateKind: kind }))).toEqual([
        east("ca-cert.pem", "key_unsupported"),
      ]);
      expect(found(await craftSet({ rootKind: kind }))).toEqual([root("key_unsupported")]);
    },
  );

  const ecKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const encrypted = { cipher: "aes-256-cbc", passphrase: "secret", format: "pem" } as const;

  test.each([
    [
      "PKCS#8",
      ecKey()
        .export({ type: "pkcs8", ...encrypted })
        .toString(),
    ],
    [
      "SEC1",
      ecKey()
        .export({ type: "sec1", ...encrypted })
        .toString(),
    ],
  ])("an encrypted key in %s", (_, pem) => {
    const [issue] = verifyCertificates(withFiles(good, { "ca-key.pem": pem }), { now });
    expect(issue).toMatchObject({
      code: "certificate_key_unsupported",
      path: ["certs", "east", "ca-key.pem"],
    });
    expect(issue?.message).toContain("encrypted");
  });

  test("a leading EC PARAMETERS block, as openssl ecparam writes it", () => {
    const parameters =
      "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    const [issue] = verifyCertificates(
      withFiles(good, { "ca-key.pem": parameters + good.clusters.east!["ca-key.pem"] }),
      { now },
    );
    expect(issue?.code).toBe("certificate_key_unsupported");
    expect(formatIssue(issue!)).toBe(
      'certs.east["ca-key.pem"]: the file starts with a "EC PARAMETERS" block, and istiod reads only the ' +
        "first block: remove that block: openssl pkey -in FILE -out NEW",
    );
  });
});

describe("refuses what is no PEM", () => {
  const files: readonly CaFileName[] = [
    "ca-cert.pem",
    "ca-key.pem",
    "root-cert.pem",
    "cert-chain.pem",
  ];
  const torn = (text: string) => text.slice(0, text.length * 0.4);

  test.each(
    files.flatMap((file) => [
      [file, "an empty file", () => ""] as const,
      [file, "blanks", () => " \n\n"] as const,
      [file, "other text", () => "hello\n"] as const,
      [
        file,
        "DER",
        (text: string) => Buffer.from(text.split("\n")[1] ?? "", "base64").toString("latin1"),
      ] as const,
      [file, "a torn block", torn] as const,
      [file, "a torn block behind a whole one", (text: string) => text + torn(text)] as const,
      [file, "a block behind a byte order mark", (text: string) => `\uFEFF${text}`] as const,
      [
        file,
        "a block with nothing in it that makes sense",
        (text: string) => text.replace(/\n[\s\S]+?\n-----END/g, "\nAAAA\n-----END"),
      ] as const,
      [
        file,
        "the other kind of file",
        () => good.clusters.east![file === "ca-key.pem" ? "ca-cert.pem" : "ca-key.pem"],
      ] as const,
    ]),
  )("%s: %s", (file, _, damage) => {
    const set = withFiles(good, { [file]: damage(good.clusters.east![file]) });
    expect(found(set)).toContain(east(file, "unreadable"));
  });

  test("a file that is not there at all", () => {
    const { "ca-key.pem": _key, ...others } = good.clusters.east!;
    expect(found(setOf(good.root.certificatePem, others as CaFiles))).toEqual([
      east("ca-key.pem", "missing"),
    ]);
  });

  test("a root of the mesh that can't be read, once for all clusters", () => {
    const set = setOf("hello", { ...good.clusters.east!, "root-cert.pem": "hello" });
    expect(found(set).filter((text) => text.startsWith("certs/root-cert.pem"))).toEqual([
      root("unreadable"),
    ]);
  });
});

test("no fault shows any of a private key, wherever the key was put", async () => {
  const key = good.clusters.east!["ca-key.pem"];
  const secrets = fragmentsOf(key);
  expect(secrets.length).toBeGreaterThan(5);
  const body = key.split("\n").slice(1, -2).join("");
  const wrong: readonly Partial<CaFiles>[] = [
    { "ca-cert.pem": key, "cert-chain.pem": key, "root-cert.pem": key },
    { "ca-key.pem": key.slice(0, -30), "ca-cert.pem": body },
    { "ca-key.pem": body },
    { "ca-key.pem": key.replace("PRIVATE KEY", body.slice(40, 80).toUpperCase()) },
    {
      "ca-key.pem": key.replace(
        /-----(BEGIN|END) PRIVATE KEY/g,
        `-----$1 ${body.replace(/[^A-Z]/g, "")}`,
      ),
    },
    {
      "ca-key.pem": key.replace(
        "PRIVATE KEY-----\n",
        `PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nX: ${body}\n\n`,
      ),
    },
    { "ca-key.pem": key.replaceAll("PRIVATE KEY", "RSA PRIVATE KEY") },
    { "ca-key.pem": (await craftSet()).clusters.east!["ca-key.pem"] },
  ];
  for (const files of wrong) {
    const issues = verifyCertificates(withFiles(good, files), { now });
    expect(issues).not.toEqual([]);
    const text = JSON.stringify(issues);
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(text).not.toContain(body.replace(/[^A-Z]/g, "").slice(0, 12));
    const leaf = { spiffeId: "spiffe://cluster.local/ns/a/sa/b", now };
    const error: unknown = await issueLeaf({ ...good.clusters.east!, ...files }, leaf).catch(
      (e: unknown) => e,
    );
    const shown = error instanceof Error ? `${error.message}${error.stack ?? ""}` : "";
    for (const secret of secrets) expect(shown).not.toContain(secret);
  }
});

test("every fault says how to mend it, without a full stop", async () => {
  const sets = [
    withFiles(good, {
      "ca-cert.pem": "",
      "ca-key.pem": "",
      "root-cert.pem": "",
      "cert-chain.pem": "",
    }),
    await craftSet({
      root: { pathLength: 0, usage: digitalSignature, ca: false, notAfter: hours(1) },
    }),
    await craftSet({
      intermediate: { usage: digitalSignature, ca: false, extendedUsage: [], notBefore: hours(1) },
    }),
    await craftSet({ intermediateKind: "ed25519" }),
  ];
  for (const issue of sets.flatMap((set) => verifyCertificates(set, { now }))) {
    expect(issue.message).toMatch(/[^.]$/);
    expect(issue.hint).toMatch(/.{12}[^.]$/);
  }
});
