import { X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MeshDescription } from "../../src/core/description";
import { MeshError } from "../../src/core/issues";
import { parseMesh } from "../../src/core/parse";
import {
  ensureMeshCertificates,
  readMeshCertificates,
  readVerifiedMeshCertificates,
  verifyCertificates,
} from "../../src/pki";
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

  describe("while one root follows another", () => {
    const trustAt = [
      {},
      { next: { root: "2026" } },
      { next: { root: "2026", signs: true } },
      { root: "2026" },
    ];
    const setAt = (stage: number) =>
      ensureMeshCertificates(directory, meshOf({ trust: trustAt[stage]! }), { now });
    const signerOf = ({ clusters }: Awaited<ReturnType<typeof setAt>>) =>
      new X509Certificate(clusters.east!["ca-cert.pem"]);

    it("give every cluster both roots, the older first, and intermediates of the one that signs", async () => {
      const before = await setAt(0);
      const [trusting, signing, after] = [await setAt(1), await setAt(2), await setAt(3)];
      const [old, next] = [before, after].map(({ root }) => root.certificatePem);
      expect(new X509Certificate(next!).subject).toBe("O=shop\nCN=Root CA 2026");
      for (const set of [trusting, signing]) {
        expect(set.root.certificatePem).toBe(old! + next!);
        for (const files of Object.values(set.clusters))
          expect(files["root-cert.pem"]).toBe(old! + next!);
        expect(verifyCertificates(set, { now })).toEqual([]);
      }
      const roots = [old, old, next, next].map((pem) => new X509Certificate(pem!));
      for (const [stage, set] of [before, trusting, signing, after].entries()) {
        expect(signerOf(set).verify(roots[stage]!.publicKey)).toBe(true);
        expect(set.clusters.east!["cert-chain.pem"]).toBe(
          set.clusters.east!["ca-cert.pem"] + (stage < 2 ? old : next)!,
        );
      }
    });

    it("are made in the stage that needs them first, and stay", async () => {
      expect((await setAt(0)).created).toHaveLength(10);
      const { created } = await setAt(1);
      expect(created).toHaveLength(10);
      expect(created[0]).toBe("root.2026/root-key.pem");
      for (const stage of [2, 3, 0]) expect((await setAt(stage)).created).toEqual([]);
    });

    it("are read as they were made, and verified below each root", async () => {
      const mesh = meshOf({ trust: trustAt[1]! });
      const { created: _, ...made } = await setAt(1);
      expect(await readVerifiedMeshCertificates(directory, mesh, { now })).toEqual(made);
      expect(await readMeshCertificates(directory, mesh)).toEqual(made);
      const file = join(directory, "root.2026", "east", "ca-cert.pem");
      writeFileSync(file, made.clusters.east!["ca-cert.pem"]);
      const issues = await issuesOf(readVerifiedMeshCertificates(directory, mesh, { now }));
      expect(issues.map(({ code, path }) => `${path.join("/")} ${code}`)).toEqual([
        "certs/root.2026/east/ca-key.pem certificate_key_mismatch",
        "certs/root.2026/east/cert-chain.pem certificate_chain",
        "certs/root.2026/east/ca-cert.pem certificate_chain",
      ]);
    });
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
