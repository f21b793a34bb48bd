import { createPrivateKey, X509Certificate } from "node:crypto";
import { MeshError } from "../../src/core/issues";
import {
  createIntermediate,
  createRoot,
  issueLeaf,
  type CaFiles,
  type KeyAlgorithm,
} from "../../src/pki";
import { days, hours, now } from "./material";
import { opensslText, opensslVerify } from "./openssl";

const spiffeId = "spiffe://cluster.local/ns/default/sa/redis-cart";

async function filesOf(algorithm: KeyAlgorithm = "ecdsa-p256", at = now): Promise<CaFiles> {
  const root = await createRoot({ meshName: "shop", algorithm, now: at });
  const ca = await createIntermediate(root, {
    meshName: "shop",
    cluster: "east",
    algorithm,
    now: at,
  });
  return {
    "ca-cert.pem": ca.certificatePem,
    "ca-key.pem": ca.keyPem,
    "root-cert.pem": root.certificatePem,
    "cert-chain.pem": ca.certificatePem + root.certificatePem,
  };
}

test.each<KeyAlgorithm>(["ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072"])(
  "a leaf below an intermediate with %s verifies against the root, for openssl as server and client and for node",
  async (algorithm) => {
    const files = await filesOf(algorithm);
    const leaf = await issueLeaf(files, { spiffeId, dnsNames: ["redis-cart.default.svc"], now });
    const [root, ca, certificate] = [
      files["root-cert.pem"],
      files["ca-cert.pem"],
      leaf.certificatePem,
    ];
    for (const purpose of ["sslserver", "sslclient"] as const) {
      for (const untrusted of [ca, leaf.chainPem]) {
        expect(opensslVerify({ root, untrusted, certificate, purpose, at: now })).toContain("OK");
      }
    }
    const parent = new X509Certificate(ca);
    const parsed = new X509Certificate(certificate);
    expect(parsed.checkIssued(parent)).toBe(true);
    expect(parsed.verify(parent.publicKey)).toBe(true);
    expect(parent.verify(new X509Certificate(root).publicKey)).toBe(true);
    expect(parsed.checkPrivateKey(createPrivateKey(leaf.keyPem))).toBe(true);
  },
  60_000,
);

test("a leaf does not verify without its intermediate, nor against the root of another mesh", async () => {
  const [files, other] = [await filesOf(), await filesOf()];
  const { certificatePem: certificate } = await issueLeaf(files, { spiffeId, now });
  expect(() => opensslVerify({ root: files["root-cert.pem"], certificate, at: now })).toThrow(
    /unable to get local issuer/,
  );
  const chain = { untrusted: files["ca-cert.pem"], certificate, at: now };
  expect(() => opensslVerify({ root: other["root-cert.pem"], ...chain })).toThrow(
    /verification failed/,
  );
});

test("a leaf carries its SPIFFE ID in a critical name, and is no CA", async () => {
  const leaf = await issueLeaf(await filesOf(), {
    spiffeId,
    dnsNames: ["*.default.svc", "redis-cart.default.svc"],
    now,
  });
  const text = opensslText(leaf.certificatePem);
  expect(text).toMatch(
    new RegExp(
      `Alternative Name: critical\\s+URI:${spiffeId}, DNS:\\*\\.default\\.svc, DNS:redis-cart\\.default\\.svc\\n`,
    ),
  );
  expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE\n/);
  expect(text).toMatch(/Key Usage: critical\s+Digital Signature, Key Encipherment\n/);
  expect(text).toMatch(/TLS Web Server Authentication, TLS Web Client Authentication\n/);
});

test("a leaf lives for 24 hours, or for as long as is asked for, and never longer than its CA", async () => {
  const files = await filesOf();
  const endOf = async (options: { hours?: number; now: Date }) =>
    new Date(
      new X509Certificate((await issueLeaf(files, { spiffeId, ...options })).certificatePem)
        .validTo,
    );
  expect(await endOf({ now })).toEqual(hours(24));
  expect(await endOf({ now, hours: 1 })).toEqual(hours(1));
  expect(await endOf({ now: days(728), hours: 8760 })).toEqual(days(730));
});

const codeAndPath = (work: Promise<unknown>) =>
  work.then(
    () => [],
    (error: unknown) => (error as MeshError).issues.map(({ code, path }) => [code, path.join("/")]),
  );

test.each([
  [
    "a SPIFFE ID of another scheme",
    { spiffeId: "https://cluster.local/x" },
    ["invalid_name", "spiffeId"],
  ],
  [
    "a SPIFFE ID without a path",
    { spiffeId: "spiffe://cluster.local" },
    ["invalid_name", "spiffeId"],
  ],
  ["a faulty DNS name", { dnsNames: ["a", "a b"] }, ["invalid_host", "dnsNames/1"]],
  ["no life", { hours: 0 }, ["out_of_range", "hours"]],
  [
    "a kind of key that there is not",
    { algorithm: "dsa" as KeyAlgorithm },
    ["unknown_value", "algorithm"],
  ],
])("a leaf with %s is refused", async (_, wrong, issue) => {
  const work = issueLeaf(await filesOf(), { spiffeId, now, ...wrong });
  expect(await codeAndPath(work)).toEqual([issue]);
});

test("an expired intermediate, or one without its key, issues nothing", async () => {
  const [files, other] = [await filesOf(), await filesOf()];
  expect(await codeAndPath(issueLeaf(files, { spiffeId, now: days(731) }))).toEqual([
    ["certificate_expired", "ca-cert.pem"],
  ]);
  const mixed = { ...files, "ca-key.pem": other["ca-key.pem"] };
  expect(await codeAndPath(issueLeaf(mixed, { spiffeId, now }))).toEqual([
    ["certificate_key_mismatch", "ca-key.pem"],
  ]);
});
