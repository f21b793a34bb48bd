import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeshError } from "../../src/core/issues";
import { parseMesh } from "../../src/core/parse";
import {
  type CaFiles,
  type CertificateSet,
  ensureMeshCertificates,
  issueLeaf,
  prepareReplacement,
  readVerifiedMeshCertificates,
  renewIntermediates,
  replaceIntermediate,
  replacementStages,
  revokeReplaced,
} from "../../src/pki";
import { days, now } from "./material";
import { inFolder, openssl } from "./openssl";

let parent: string;
let directory: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "meshspan-crl-"));
  directory = join(parent, "certs");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const clusters = { east: {}, west: {} };
const meshOf = (trust: object = { crl: true }) => parseMesh({ name: "shop", clusters, trust });
const listFile = () => join(directory, "ca-crl.pem");
const issuesOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (!(error instanceof MeshError)) throw new Error("expected a MeshError", { cause: error });
  return error.issues.map(({ code, path, message }) => `${path.join("/")} ${code}: ${message}`);
};

/** What openssl, which checks as Envoy's library does, says of a pod's chain. */
async function verdictOn(set: CertificateSet, files: CaFiles, at = now): Promise<string> {
  const leaf = await issueLeaf(files, {
    spiffeId: "spiffe://cluster.local/ns/default/sa/pay",
    now,
  });
  return inFolder((folder) => {
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
    write("root.pem", set.root.certificatePem);
    write("chain.pem", files["cert-chain.pem"]);
    write("lists.pem", set.root.crlPem ?? "");
    write("leaf.pem", leaf.certificatePem);
    try {
      const moment = `${Math.floor(at.getTime() / 1000)}`;
      return openssl(
        [
          ...["verify", "-no-CApath", "-no-CAstore", "-CAfile", "root.pem", "-attime", moment],
          ...["-untrusted", "chain.pem", "-crl_check_all", "-CRLfile", "lists.pem", "leaf.pem"],
        ],
        folder,
      ).trim();
    } catch (error) {
      return /error \d+ at \d depth lookup: (.*)/.exec(String(error))?.[1] ?? String(error);
    }
  });
}

describe("revocation lists", () => {
  it("are made with the certificates: of every CA, for every cluster the same", async () => {
    const set = await ensureMeshCertificates(directory, meshOf(), { now });
    expect(set.created).toContain("ca-crl.pem");
    expect(set.root.crlPem?.match(/BEGIN X509 CRL/g)).toHaveLength(3);
    for (const files of Object.values(set.clusters)) {
      expect(files["ca-crl.pem"]).toBe(set.root.crlPem);
      expect(await verdictOn(set, files)).toBe("leaf.pem: OK");
    }
    expect((await ensureMeshCertificates(directory, meshOf(), { now })).created).toEqual([]);
  });

  it.each(["ecdsa-p384", "rsa-2048"] as const)("are good with %s", async (algorithm) => {
    const set = await ensureMeshCertificates(directory, meshOf({ crl: true, algorithm }), { now });
    expect(await verdictOn(set, set.clusters.east!)).toBe("leaf.pem: OK");
  });

  it("are version 2, with the key's identifier and a number that grows", async () => {
    await ensureMeshCertificates(directory, meshOf(), { now });
    const text = openssl(["crl", "-in", listFile(), "-noout", "-text"]);
    expect(text).toContain("Version 2");
    expect(text).toContain("X509v3 Authority Key Identifier");
    expect(text).toMatch(
      new RegExp(`X509v3 CRL Number: *\\n *${Math.floor(now.getTime() / 1000)}`),
    );
    expect(text).toContain("No Revoked Certificates");
  });

  it("aren't there where the mesh doesn't ask for them", async () => {
    const set = await ensureMeshCertificates(directory, meshOf({}), { now });
    expect([set.root.crlPem, set.clusters.east!["ca-crl.pem"]]).toEqual([undefined, undefined]);
    expect(readdirSync(directory)).not.toContain("ca-crl.pem");
  });

  it("last as long as the root, whatever is renewed meanwhile", async () => {
    const mesh = meshOf({ crl: true, intermediateDays: 30 });
    await ensureMeshCertificates(directory, mesh, { now });
    const lists = readFileSync(listFile(), "utf8");
    await renewIntermediates(directory, mesh, { now: days(25) });
    const set = await readVerifiedMeshCertificates(directory, mesh, { now: days(40) });
    expect(set.root.crlPem).toBe(lists);
  });

  it("are completed for a cluster that joins, and nothing else is touched", async () => {
    await ensureMeshCertificates(directory, meshOf(), { now });
    const before = readFileSync(listFile(), "utf8");
    const grown = parseMesh({
      name: "shop",
      clusters: { ...clusters, south: {} },
      trust: { crl: true },
    });
    const set = await ensureMeshCertificates(directory, grown, { now });
    expect(set.root.crlPem).toContain(before);
    expect(await verdictOn(set, set.clusters.south!)).toBe("leaf.pem: OK");
  });

  it("are those of both roots while one follows the other", async () => {
    await ensureMeshCertificates(directory, meshOf(), { now });
    const both = meshOf({ crl: true, next: { root: "2027", signs: true } });
    const set = await ensureMeshCertificates(directory, both, { now });
    expect(set.root.crlPem?.match(/BEGIN X509 CRL/g)).toHaveLength(6);
    expect(await verdictOn(set, set.clusters.east!)).toBe("leaf.pem: OK");
  });
});

describe("an intermediate that is revoked", () => {
  /** A list that the stolen key signed isn't there: that refuses it before the root's list does. */
  const noListOfItsOwn = "unable to get certificate CRL";
  const options = { cluster: "east", now };

  it("is one of a cluster of the mesh", async () => {
    const mesh = meshOf();
    await ensureMeshCertificates(directory, mesh, { now });
    const files = () => readdirSync(parent, { recursive: true });
    const before = files();
    for (const act of [prepareReplacement, replaceIntermediate, revokeReplaced])
      expect(await issuesOf(act(directory, mesh, { cluster: "../up", now }))).toEqual([
        'cluster unknown_cluster: the mesh has no cluster "../up"',
      ]);
    expect(files()).toEqual(before);
  });

  it("makes room for another one first, and is refused in the end", async () => {
    const mesh = meshOf({});
    const before = await ensureMeshCertificates(directory, mesh, { now });
    const stage = async () => (await replacementStages(directory, mesh)).get("east")?.stage;
    expect(await stage()).toBe("none");
    await prepareReplacement(directory, mesh, options);
    expect(await stage()).toBe("prepared");
    await replaceIntermediate(directory, mesh, options);
    expect(await stage()).toBe("replaced");
    const replaced = await readVerifiedMeshCertificates(directory, mesh, { now });
    expect(replaced.clusters.east!["ca-key.pem"]).not.toBe(before.clusters.east!["ca-key.pem"]);
    expect(replaced.clusters.west).toEqual(before.clusters.west);
    const [serial] = await revokeReplaced(directory, mesh, options);
    expect(await stage()).toBe("none");
    const after = await readVerifiedMeshCertificates(directory, meshOf(), { now });
    expect(await verdictOn(after, before.clusters.east!)).toBe(noListOfItsOwn);
    expect(await verdictOn(after, after.clusters.east!)).toBe("leaf.pem: OK");
    expect(await verdictOn(after, after.clusters.west!)).toBe("leaf.pem: OK");
    expect(openssl(["crl", "-in", listFile(), "-noout", "-text"])).toMatch(
      new RegExp(`Serial Number: 0*${serial}\\s[^]*CA Compromise`, "i"),
    );
  });

  it("has the lists of both CAs in all stages where the mesh has lists already", async () => {
    const mesh = meshOf();
    const before = await ensureMeshCertificates(directory, mesh, { now });
    await prepareReplacement(directory, mesh, options);
    const ready = await readVerifiedMeshCertificates(directory, mesh, { now });
    await replaceIntermediate(directory, mesh, options);
    const replaced = await readVerifiedMeshCertificates(directory, mesh, { now });
    expect(replaced.root.crlPem).toBe(ready.root.crlPem);
    for (const set of [before, replaced])
      expect(await verdictOn(ready, set.clusters.east!)).toBe("leaf.pem: OK");
  });

  it("stays on the list when others follow it there", async () => {
    const mesh = meshOf();
    const first = await ensureMeshCertificates(directory, mesh, { now });
    for (const cluster of ["east", "west"]) {
      await prepareReplacement(directory, mesh, { cluster, now });
      await replaceIntermediate(directory, mesh, { cluster, now });
      await revokeReplaced(directory, mesh, { cluster, now });
    }
    const last = await readVerifiedMeshCertificates(directory, mesh, { now });
    for (const cluster of ["east", "west"])
      expect(await verdictOn(last, first.clusters[cluster]!)).toBe(noListOfItsOwn);
    // Also where somebody puts its own lists back.
    const root = { ...last.root, crlPem: `${last.root.crlPem}${first.root.crlPem}` };
    for (const cluster of ["east", "west"])
      expect(await verdictOn({ ...last, root }, first.clusters[cluster]!)).toBe(
        "certificate revoked",
      );
    expect(await verdictOn(last, last.clusters.east!)).toBe("leaf.pem: OK");
  });

  it("takes all certificates of its key with it, those that were renewed, too", async () => {
    const mesh = meshOf();
    const { clusters: first } = await ensureMeshCertificates(directory, mesh, { now });
    await renewIntermediates(directory, mesh, { now });
    const { clusters: second } = await readVerifiedMeshCertificates(directory, mesh, { now });
    await renewIntermediates(directory, mesh, { now, clusters: ["east"] });
    const { clusters: third } = await readVerifiedMeshCertificates(directory, mesh, { now });
    await prepareReplacement(directory, mesh, options);
    await replaceIntermediate(directory, mesh, options);
    const serials = await revokeReplaced(directory, mesh, options);
    expect(new Set(serials).size).toBe(3);
    const last = await readVerifiedMeshCertificates(directory, mesh, { now });
    for (const { east } of [first, second, third])
      expect(await verdictOn(last, east!)).toBe(noListOfItsOwn);
    for (const { west } of [first, second])
      expect(await verdictOn(last, west!)).toBe("leaf.pem: OK");
    expect(await verdictOn(last, last.clusters.east!)).toBe("leaf.pem: OK");
    expect(readdirSync(join(directory, "west", "former"))).toHaveLength(1);
    expect(readdirSync(join(directory, "east"))).not.toContain("former");
  });

  it("isn't kept longer than it's valid", async () => {
    const mesh = meshOf({ crl: true, intermediateDays: 30 });
    await ensureMeshCertificates(directory, mesh, { now });
    for (const day of [20, 40, 80]) await renewIntermediates(directory, mesh, { now: days(day) });
    expect(readdirSync(join(directory, "east", "former"))).toEqual([]);
  });

  it("isn't forgotten where what comes after the list fails", async () => {
    const mesh = meshOf({});
    await ensureMeshCertificates(directory, mesh, { now });
    await prepareReplacement(directory, mesh, options);
    await replaceIntermediate(directory, mesh, options);
    const onListed = () => Promise.reject(new Error("locked"));
    await expect(revokeReplaced(directory, mesh, { ...options, onListed })).rejects.toThrow(
      "locked",
    );
    const stage = (await replacementStages(directory, mesh)).get("east");
    expect(stage).toMatchObject({ stage: "replaced", serials: [expect.any(String)] });
    const lists = readFileSync(listFile(), "utf8");
    await revokeReplaced(directory, mesh, options);
    expect(readFileSync(listFile(), "utf8")).toBe(lists);
  });

  it.each(["ca-key.pem", "cert-chain.pem", "ca-cert.pem"])(
    "is replaced in a second run where the first ended after %s",
    async (last) => {
      const mesh = meshOf({});
      const before = await ensureMeshCertificates(directory, mesh, { now });
      await prepareReplacement(directory, mesh, options);
      const next = join(directory, "east", "next");
      const [key, certificate] = ["ca-key.pem", "ca-cert.pem"].map((name) =>
        readFileSync(join(next, name), "utf8"),
      );
      const texts = {
        "ca-key.pem": key!,
        "cert-chain.pem": certificate! + before.root.certificatePem,
        "ca-cert.pem": certificate!,
      };
      if (last === "ca-cert.pem") {
        await replaceIntermediate(directory, mesh, options);
        await prepareAgain(next, key!, certificate!);
      } else {
        for (const [name, text] of Object.entries(texts)) {
          writeFileSync(join(directory, "east", name), text);
          if (name === last) break;
        }
      }
      await replaceIntermediate(directory, mesh, options);
      expect(readdirSync(join(directory, "east", "replaced"))).toHaveLength(1);
      await revokeReplaced(directory, mesh, options);
      const after = await readVerifiedMeshCertificates(directory, meshOf(), { now });
      expect(await verdictOn(after, before.clusters.east!)).toBe(noListOfItsOwn);
      expect(await verdictOn(after, after.clusters.east!)).toBe("leaf.pem: OK");
    },
  );
});

async function prepareAgain(next: string, key: string, certificate: string): Promise<void> {
  const { mkdir, writeFile } = await import("node:fs/promises");
  await mkdir(next);
  await writeFile(join(next, "ca-key.pem"), key);
  await writeFile(join(next, "ca-cert.pem"), certificate);
}

describe("faults of lists", () => {
  const read = (at = now) => readVerifiedMeshCertificates(directory, meshOf(), { now: at });
  const blocks = () => readFileSync(listFile(), "utf8").split(/(?<=-----END X509 CRL-----\n)/);

  it("are found: lists that aren't there, and one that isn't", async () => {
    await ensureMeshCertificates(directory, meshOf({}), { now });
    expect(await issuesOf(read())).toEqual([
      "certs/ca-crl.pem crl_missing: trust.crl is set, and there are no revocation lists",
    ]);
    await ensureMeshCertificates(directory, meshOf(), { now });
    writeFileSync(listFile(), blocks().slice(1).join(""));
    expect(await issuesOf(read())).toEqual([
      expect.stringMatching(/^certs\/ca-crl.pem crl_missing: there is no revocation list of CN=/),
    ]);
  });

  it("are found: another mesh's lists, whose CAs have the same names", async () => {
    await ensureMeshCertificates(join(parent, "other"), meshOf(), { now });
    await ensureMeshCertificates(directory, meshOf({}), { now });
    writeFileSync(listFile(), readFileSync(join(parent, "other", "ca-crl.pem")));
    expect(await issuesOf(read())).toHaveLength(3);
    await ensureMeshCertificates(directory, meshOf(), { now });
    expect((await read()).root.crlPem?.match(/BEGIN X509 CRL/g)).toHaveLength(6);
  });

  it("are found: one that ended", async () => {
    await ensureMeshCertificates(directory, meshOf({ crl: true, rootDays: 20 }), { now });
    const issues = await issuesOf(read(days(21)));
    expect(issues.join("\n")).toContain("certificate_expired");
    const lists = readFileSync(listFile(), "utf8");
    rmSync(directory, { recursive: true });
    await ensureMeshCertificates(directory, meshOf({}), { now });
    writeFileSync(listFile(), lists.replace(/[A-Za-z0-9+/]{8}\n-----END/, "AAAAAAAA\n-----END"));
    expect((await issuesOf(read())).length).toBeGreaterThan(0);
  });

  it.each([
    ["a certificate", () => readFileSync(join(directory, "root-cert.pem"), "utf8"), "CERTIFICATE"],
    ["text", () => "none\n", "not PEM"],
    ["nothing", () => "", "empty"],
    ["a torn list", () => blocks()[0]!.slice(0, 200), "torn"],
    [
      "something else inside",
      () => "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
      "holds no revocation list",
    ],
    ["another label", () => blocks().join("").replaceAll("X509 CRL", "CRL"), "unknown kind"],
  ])("are found: %s in their place", async (_name, text, message) => {
    await ensureMeshCertificates(directory, meshOf(), { now });
    writeFileSync(listFile(), text());
    expect((await issuesOf(read())).join("\n")).toContain(message);
  });

  it("are found: an intermediate that is in use and revoked", async () => {
    const mesh = meshOf();
    const before = await ensureMeshCertificates(directory, mesh, { now });
    await prepareReplacement(directory, mesh, { cluster: "east", now });
    await replaceIntermediate(directory, mesh, { cluster: "east", now });
    await revokeReplaced(directory, mesh, { cluster: "east", now });
    for (const [name, text] of Object.entries(before.clusters.east!))
      if (name !== "ca-crl.pem") writeFileSync(join(directory, "east", name), text);
    expect(await issuesOf(read())).toEqual([
      expect.stringMatching(/^certs\/ca-crl.pem crl_missing: there is no revocation list of CN=/),
      expect.stringMatching(/^certs\/ca-crl.pem certificate_revoked: CN=.* is on the revocation/),
    ]);
  });

  it("are found: a root's key that is kept elsewhere, before anything is written", async () => {
    await ensureMeshCertificates(directory, meshOf({}), { now });
    rmSync(join(directory, "root-key.pem"));
    expect(await issuesOf(ensureMeshCertificates(directory, meshOf(), { now }))).toEqual([
      "certs/root-key.pem certificate_missing: the root's private key is not there to sign its revocation list",
    ]);
    expect(readdirSync(directory)).not.toContain("ca-crl.pem");
  });
});
