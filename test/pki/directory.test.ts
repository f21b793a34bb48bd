/** A folder of certificates: what is made in an empty one, what is kept of one that has something, and how it is read. */
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import {
  caFileNames,
  createRoot,
  ensureCertificates,
  fingerprintOf,
  readCertificates,
  verifyCertificates,
} from "../../src/pki";
import { all, certificateFolder, clusters, failure, issuesOf, options } from "./certificateFolder";
import { days, now } from "./material";
import { opensslVerify } from "./openssl";

const certs = certificateFolder();
const { at, textOf, listing, snapshot } = certs;
const modeOf = (path: string) => (statSync(at(path)).mode & 0o777).toString(8);

describe("an empty folder", () => {
  test("gets Istio's layout, a set without fault, and says what was made", async () => {
    const set = await ensureCertificates(certs.path, options);
    expect(set.created).toEqual(all);
    expect(listing()).toEqual([...all, ...clusters].sort());
    expect(verifyCertificates(set, { now })).toEqual([]);
    for (const cluster of clusters) {
      expect(Object.keys(set.clusters[cluster]!)).toEqual([...caFileNames]);
      const chain = textOf(`${cluster}/ca-cert.pem`) + textOf("root-cert.pem");
      expect(textOf(`${cluster}/cert-chain.pem`)).toBe(chain);
      expect(textOf(`${cluster}/root-cert.pem`)).toBe(textOf("root-cert.pem"));
      const certificate = set.clusters[cluster]!["ca-cert.pem"];
      expect(opensslVerify({ root: set.root.certificatePem, certificate, at: now })).toContain(
        "OK",
      );
    }
    expect(fingerprintOf(textOf("east/ca-cert.pem"))).not.toBe(
      fingerprintOf(textOf("west/ca-cert.pem")),
    );
  });

  test("is read back as it was made", async () => {
    const { root, clusters: made } = await ensureCertificates(certs.path, options);
    expect(await readCertificates(certs.path, clusters)).toEqual({ root, clusters: made });
  });

  test("keeps keys and folders to their owner, whatever the umask", async () => {
    const before = process.umask(0);
    try {
      await ensureCertificates(certs.path, options);
    } finally {
      process.umask(before);
    }
    for (const path of ["root-key.pem", "east/ca-key.pem", "west/ca-key.pem"]) {
      expect([path, modeOf(path)]).toEqual([path, "600"]);
    }
    for (const path of [".", "east", "west"]) expect([path, modeOf(path)]).toEqual([path, "700"]);
    expect(modeOf("root-cert.pem")).toBe("644");
  });

  test("takes the algorithm, the lives and the namespace that are asked for", async () => {
    const set = await ensureCertificates(certs.path, {
      ...options,
      algorithm: "ecdsa-p384",
      rootDays: 30,
      intermediateDays: 10,
      rootNamespace: "mesh",
    });
    expect(verifyCertificates(set, { now: days(8.5) })).toEqual([]);
    expect(verifyCertificates(set, { now: days(9.5) }).map(({ code }) => code)).toEqual([
      "certificate_lifetime",
      "certificate_lifetime",
    ]);
  });

  test("takes the clock's time when none is given", async () => {
    const { now: _now, ...rest } = options;
    const set = await ensureCertificates(certs.path, rest);
    expect(verifyCertificates(set, { now: new Date() })).toEqual([]);
  });

  test("may serve no cluster yet", async () => {
    const set = await ensureCertificates(certs.path, { ...options, clusters: [] });
    expect(set.created).toEqual(["root-key.pem", "root-cert.pem"]);
  });

  test('takes a cluster named "constructor" for a name like any other', async () => {
    await ensureCertificates(certs.path, { ...options, clusters: ["constructor"] });
    expect(Object.keys((await readCertificates(certs.path, ["constructor"])).clusters)).toEqual([
      "constructor",
    ]);
    expect(await issuesOf(readCertificates(certs.path, ["valueof"]))).toHaveLength(4);
  });
});

describe("a folder that has something", () => {
  test("is left alone when it is complete: same bytes, same files, same times", async () => {
    const first = await ensureCertificates(certs.path, options);
    const before = snapshot();
    const second = await ensureCertificates(certs.path, {
      ...options,
      meshName: "other",
      algorithm: "rsa-2048",
      now: days(30),
    });
    expect(second.created).toEqual([]);
    expect(snapshot()).toEqual(before);
    expect(second.clusters).toEqual(first.clusters);
  });

  test("gets a new cluster below its root, and nothing else changes", async () => {
    await ensureCertificates(certs.path, options);
    const before = snapshot();
    const set = await ensureCertificates(certs.path, {
      ...options,
      clusters: ["east", "north", "west"],
    });
    expect(set.created).toEqual(
      ["ca-key", "ca-cert", "root-cert", "cert-chain"].map((name) => `north/${name}.pem`),
    );
    expect(snapshot()).toMatchObject(before);
    expect(verifyCertificates(set, { now })).toEqual([]);
  });

  const derived = ["east/root-cert.pem", "east/cert-chain.pem"];
  test.each([...derived.map((path) => [path]), derived])(
    "gets %s %s back, byte for byte",
    async (...paths) => {
      await ensureCertificates(certs.path, options);
      const before = snapshot();
      for (const path of paths) rmSync(at(path));
      const rest = snapshot();
      const set = await ensureCertificates(certs.path, options);
      expect([...set.created].sort()).toEqual([...paths].sort());
      expect(snapshot()).toMatchObject(rest);
      for (const path of paths) expect(textOf(path)).toBe(before[path]?.text);
    },
  );

  test("needs no root key as long as no intermediate is missing", async () => {
    await ensureCertificates(certs.path, options);
    rmSync(at("root-key.pem"));
    rmSync(at("west/cert-chain.pem"));
    const set = await ensureCertificates(certs.path, options);
    expect(set.created).toEqual(["west/cert-chain.pem"]);
    expect(existsSync(at("root-key.pem"))).toBe(false);
    expect(verifyCertificates(set, { now })).toEqual([]);
  });

  test("does not even read a root key that it does not need", async () => {
    await ensureCertificates(certs.path, options);
    rmSync(at("root-key.pem"));
    mkdirSync(at("root-key.pem"));
    expect((await ensureCertificates(certs.path, options)).created).toEqual([]);
    expect(
      await issuesOf(ensureCertificates(certs.path, { ...options, clusters: ["north"] })),
    ).toEqual(["certs/root-key.pem certificate_unreadable"]);
  });

  test("needs the root key for a new intermediate, and says for which", async () => {
    await ensureCertificates(certs.path, options);
    rmSync(at("root-key.pem"));
    const before = snapshot();
    const work = ensureCertificates(certs.path, {
      ...options,
      clusters: [...clusters, "north", "south"],
    });
    const { issues } = await failure(work);
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatchObject({
      code: "certificate_missing",
      path: ["certs", "root-key.pem"],
    });
    expect(issues[0]?.message).toContain('"north", "south"');
    expect(snapshot()).toEqual(before);
    expect(existsSync(at("north"))).toBe(false);
  });

  test("works with a root that somebody else made", async () => {
    mkdirSync(certs.path);
    const root = await createRoot({ meshName: "company", algorithm: "rsa-2048", now });
    writeFileSync(at("root-cert.pem"), `the company's root\n${root.certificatePem.trimEnd()}`);
    writeFileSync(at("root-key.pem"), root.keyPem);
    const before = snapshot();
    const set = await ensureCertificates(certs.path, options);
    expect(verifyCertificates(set, { now })).toEqual([]);
    expect(snapshot()).toMatchObject(before);
    expect(textOf("east/root-cert.pem")).toBe(textOf("root-cert.pem"));
  });

  test("keeps what is not its own", async () => {
    mkdirSync(at("east"), { recursive: true });
    writeFileSync(at("east/README"), "ours");
    writeFileSync(at("notes.txt"), "ours");
    const before = snapshot();
    await ensureCertificates(certs.path, options);
    expect(snapshot()).toMatchObject(before);
  });
});

describe("reading", () => {
  test("names every file that is missing, and writes nothing", async () => {
    await ensureCertificates(certs.path, options);
    rmSync(at("root-cert.pem"));
    rmSync(at("east/ca-key.pem"));
    const before = snapshot();
    expect(await issuesOf(readCertificates(certs.path, [...clusters, "north"]))).toEqual([
      "certs/root-cert.pem certificate_missing",
      "certs/east/ca-key.pem certificate_missing",
      ...caFileNames.map((name) => `certs/north/${name} certificate_missing`),
    ]);
    expect(snapshot()).toEqual(before);
  });

  test("of a folder that is not there names its files", async () => {
    expect(await issuesOf(readCertificates(certs.path, []))).toEqual([
      "certs/root-cert.pem certificate_missing",
    ]);
    expect(existsSync(certs.path)).toBe(false);
  });

  test("needs no root key", async () => {
    await ensureCertificates(certs.path, options);
    rmSync(at("root-key.pem"));
    expect(verifyCertificates(await readCertificates(certs.path, clusters), { now })).toEqual([]);
  });

  test("gives a set that a torn file makes faulty", async () => {
    await ensureCertificates(certs.path, options);
    chmodSync(at("east/cert-chain.pem"), 0o644);
    writeFileSync(at("east/cert-chain.pem"), textOf("east/cert-chain.pem").slice(0, -40));
    const set = await readCertificates(certs.path, clusters);
    expect(
      verifyCertificates(set, { now }).map(({ code, path }) => `${path.join("/")} ${code}`),
    ).toEqual(["certs/east/cert-chain.pem certificate_unreadable"]);
  });
});
