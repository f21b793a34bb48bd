/** CA material against a real istiod: what is good signs a leaf that verifies; what is bad is refused here, also where istiod takes it. */
import { X509Certificate } from "node:crypto";
import { type CaFiles, verifyCertificates } from "../../../src/pki";
import { x509 } from "../../../src/pki/x509";
import { newKeys } from "../../pki/material";
import { opensslVerify } from "../../pki/openssl";
import { startCluster, type TestCluster } from "../cluster";
import { Istiod } from "./istiod";
import { type AllMaterial, allMaterial } from "./material";

jest.setTimeout(120_000);

const identity = "spiffe://cluster.local/ns/default/sa/caller";

let all: AllMaterial;
let cluster: TestCluster;
let istiod: Istiod;
let csr: string;

/** With all roots: istiod takes a change of them only where one set has the other. */
const withRoots = (files: CaFiles): CaFiles => ({ ...files, "root-cert.pem": all.roots });
const verify = (files: CaFiles) =>
  verifyCertificates(
    { root: { certificatePem: files["root-cert.pem"] }, clusters: { east: files } },
    { now: new Date() },
  );

beforeAll(async () => {
  [all, cluster] = await Promise.all([allMaterial(), startCluster("authorities", { crds: true })]);
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "caller" } };
  await cluster.api.post("/api/v1/namespaces/default/serviceaccounts", account);
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "istio-system" } };
  await cluster.api.post("/api/v1/namespaces", namespace);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys: await newKeys(),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "url", value: identity }])],
  });
  csr = request.toString("pem");
  istiod = await Istiod.start(cluster, withRoots(all.good[0]!.files));
});
afterAll(async () => {
  await istiod.stop();
  await cluster.stop();
});

test("24 kinds of good material load in istiod and sign a leaf that verifies", async () => {
  expect(all.good).toHaveLength(24);
  // The first is loaded already.
  for (const { what, files } of [...all.good.slice(1), all.good[0]!]) {
    expect([what, verify(files)]).toEqual([what, []]);
    expect([what, await istiod.takeUp(withRoots(files))]).toEqual([what, undefined]);
    const [leaf = "", ...others] = await istiod.sign(csr);
    const signer = new X509Certificate(files["ca-cert.pem"]);
    const certificate = new X509Certificate(leaf);
    expect([what, certificate.verify(signer.publicKey)]).toEqual([what, true]);
    expect(certificate.subjectAltName).toBe(`URI:${identity}`);
    const chain = { root: files["root-cert.pem"], untrusted: others.join("\n"), certificate: leaf };
    for (const purpose of ["sslserver", "sslclient"] as const)
      opensslVerify({ ...chain, purpose, strict: false });
  }
});

test("28 kinds of bad material are refused with the cause named, among them what istiod takes", async () => {
  expect(all.bad).toHaveLength(28);
  expect(all.bad.filter((one) => one.istiod === "takes it").length).toBeGreaterThanOrEqual(10);
  const found: unknown[] = [];
  for (const { what, files } of all.bad) {
    const refusal = await istiod.takeUp(withRoots(files));
    const [issue] = verify(files);
    found.push([
      what,
      issue?.code,
      issue?.path.at(-1),
      refusal === undefined ? "takes it" : "refuses it",
    ]);
  }
  expect(found).toEqual(
    all.bad.map(({ what, code, at, istiod: judge }) => [what, code, at, judge]),
  );
});
