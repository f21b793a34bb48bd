import { X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MeshDescription } from "../../src/core/description";
import { MeshError } from "../../src/core/issues";
import { parseMesh } from "../../src/core/parse";
import { ensureMeshCertificates, verifyCertificates } from "../../src/pki";
import { days, now } from "./material";

let parent: string;
let directory: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "meshspan-mesh-"));
  directory = join(parent, "certs");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const meshOf = (changes: Partial<MeshDescription> = {}) =>
  parseMesh({ name: "shop", clusters: { east: {}, west: {} }, ...changes });

const issuesOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (!(error instanceof MeshError)) throw new Error("expected a MeshError", { cause: error });
  return error.issues;
};

describe("the certificates of a mesh", () => {
  it("are made as the mesh says", async () => {
    const mesh = meshOf({
      istio: { namespace: "mesh-system" },
      trust: { algorithm: "ecdsa-p384", rootDays: 100, intermediateDays: 20 },
    });
    const set = await ensureMeshCertificates(directory, mesh, { now });
    expect(set.created).toHaveLength(10);
    expect(Object.keys(set.clusters)).toEqual(["east", "west"]);
    const root = new X509Certificate(set.root.certificatePem);
    expect(root.subject).toContain("O=shop");
    expect(root.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "secp384r1" });
    expect(new Date(root.validTo)).toEqual(days(100));
    const east = new X509Certificate(set.clusters.east!["ca-cert.pem"]);
    expect(east.subjectAltName).toBe("DNS:istiod.mesh-system.svc");
    expect(new Date(east.validTo)).toEqual(days(20));
  });

  it("are made with every default, by the clock", async () => {
    const set = await ensureMeshCertificates(directory, meshOf());
    expect(verifyCertificates(set, { now: new Date() })).toEqual([]);
    expect((await ensureMeshCertificates(directory, meshOf())).created).toEqual([]);
  });

  it("are verified: all faults of a complete set are thrown", async () => {
    const mesh = meshOf();
    await ensureMeshCertificates(directory, mesh, { now });
    const keys = ["east", "west"].map((cluster) => join(directory, cluster, "ca-key.pem"));
    const [east, west] = keys.map((path) => readFileSync(path));
    writeFileSync(keys[0]!, west!);
    writeFileSync(keys[1]!, east!);
    const issues = await issuesOf(ensureMeshCertificates(directory, mesh, { now }));
    expect(issues.map(({ code, path }) => `${path.join("/")} ${code}`)).toEqual([
      "certs/east/ca-key.pem certificate_key_mismatch",
      "certs/west/ca-key.pem certificate_key_mismatch",
    ]);
  });

  it("are verified at the moment of issue", async () => {
    await ensureMeshCertificates(directory, meshOf(), { now });
    const issues = await issuesOf(
      ensureMeshCertificates(directory, meshOf(), { now: days(729.5) }),
    );
    expect(issues.map(({ code }) => code)).toEqual([
      "certificate_lifetime",
      "certificate_lifetime",
    ]);
  });

  it.each([
    ["cert-manager", { issuer: "cert-manager", certManager: { name: "mesh-root" } }],
    ["existing", { issuer: "existing" }],
  ] as const)("are not made where the issuer is %s", async (issuer, trust) => {
    const issues = await issuesOf(ensureMeshCertificates(directory, meshOf({ trust })));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatchObject({ code: "trust_overlap", path: ["trust", "issuer"] });
    expect(issues[0]?.message).toContain(issuer);
    expect(existsSync(directory)).toBe(false);
  });
});
