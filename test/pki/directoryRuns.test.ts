/** Runs that were interrupted or killed, and runs at the same time. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { MeshError } from "../../src/core/issues";
import { ensureCertificates, readCertificates, verifyCertificates } from "../../src/pki";
import { publish, removeAbandoned } from "../../src/pki/files";
import { all, certificateFolder, clusters, issuesOf, options } from "./certificateFolder";
import { now } from "./material";

const certs = certificateFolder();
const { at, listing, snapshot } = certs;

describe("a run that was interrupted", () => {
  test.each(all.map((path, index) => [path, index] as const))(
    "before %s is completed by the next",
    async (_, index) => {
      await ensureCertificates(certs.path, options);
      for (const path of all.slice(index)) rmSync(at(path));
      const before = snapshot();
      for (const issue of await issuesOf(readCertificates(certs.path, clusters))) {
        expect(issue).toContain("certificate_missing");
      }
      const set = await ensureCertificates(certs.path, options);
      expect(set.created).toEqual(all.slice(index));
      expect(snapshot()).toMatchObject(before);
      expect(verifyCertificates(set, { now })).toEqual([]);
      expect(listing().filter((path) => path.endsWith(".tmp"))).toEqual([]);
    },
  );
});

describe("temporary files of runs that were killed", () => {
  const aged = (path: string, minutes: number) => {
    writeFileSync(at(path), "a key");
    const time = Date.now() / 1000 - 60 * minutes;
    utimesSync(at(path), time, time);
    return path;
  };

  test("are removed after an hour, and nothing else is", async () => {
    await ensureCertificates(certs.path, options);
    const before = snapshot();
    aged(".root-key.pem.0123456789ab.tmp", 61);
    aged("east/.ca-key.pem.ba9876543210.tmp", 61);
    const kept = [
      aged(".root-key.pem.ba9876543210.tmp", 59),
      aged("east/ca-key.pem.0123456789ab.tmp", 61),
      aged("east/.notes.tmp", 61),
    ];
    expect((await ensureCertificates(certs.path, options)).created).toEqual([]);
    expect(Object.keys(snapshot()).sort()).toEqual([...Object.keys(before), ...kept].sort());
    expect(snapshot()).toMatchObject(before);
  });

  test("are left where they can't be removed", async () => {
    mkdirSync(at(".ca-key.pem.0123456789ab.tmp"), { recursive: true });
    utimesSync(at(".ca-key.pem.0123456789ab.tmp"), 0, 0);
    await removeAbandoned(certs.path);
    await removeAbandoned(join(certs.parent, "nowhere"));
    expect(listing()).toEqual([".ca-key.pem.0123456789ab.tmp"]);
  });
});

describe("runs at the same time", () => {
  test("end with one and the same set, without fault and without leftovers", async () => {
    for (let round = 0; round < 5; round++) {
      rmSync(certs.path, { recursive: true, force: true });
      const sets = await Promise.all(
        Array.from({ length: 6 }, (_, run) =>
          ensureCertificates(certs.path, { ...options, meshName: `shop-${run}` }),
        ),
      );
      const onDisk = await readCertificates(certs.path, clusters);
      for (const { root, clusters: made } of sets) expect({ root, clusters: made }).toEqual(onDisk);
      expect(verifyCertificates(onDisk, { now })).toEqual([]);
      expect(sets.flatMap(({ created }) => created).sort()).toEqual([...all].sort());
      expect(listing()).toEqual([...all, ...clusters].sort());
    }
  }, 30_000);

  test("that read while a set is made see a whole set or a missing file, never half a file", async () => {
    let done = false as boolean;
    const making = ensureCertificates(certs.path, options).finally(() => (done = true));
    let reads = 0;
    while (!done) {
      const outcome = await readCertificates(certs.path, clusters).catch((error: unknown) => error);
      if (outcome instanceof MeshError) {
        expect(new Set(outcome.issues.map(({ code }) => code))).toEqual(
          new Set(["certificate_missing"]),
        );
      } else {
        expect(
          verifyCertificates(outcome as Awaited<ReturnType<typeof readCertificates>>, { now }),
        ).toEqual([]);
      }
      reads++;
    }
    await making;
    expect(reads).toBeGreaterThan(0);
  });
});

describe("publish", () => {
  test("makes a file with its mode, and returns what is there when somebody was first", async () => {
    const path = join(certs.parent, "file");
    expect(await publish(path, "first", 0o600)).toEqual({ text: "first", created: true });
    expect(await publish(path, "second", 0o600)).toEqual({ text: "first", created: false });
    expect(readdirSync(certs.parent)).toEqual(["file"]);
  });

  test("does not follow a link out of the folder", async () => {
    const path = join(certs.parent, "file");
    symlinkSync(join(certs.parent, "elsewhere"), path);
    await expect(publish(path, "text", 0o600)).rejects.toThrow(/ENOENT/);
    expect(existsSync(join(certs.parent, "elsewhere"))).toBe(false);
  });
});
