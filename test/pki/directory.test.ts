import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IssueCollector, MeshError } from "../../src/core/issues";
import {
  caFileNames,
  createRoot,
  ensureCertificates,
  fingerprintOf,
  readCertificates,
  verifyCertificates,
  type EnsureOptions,
} from "../../src/pki";
import { canEnter, publish, removeAbandoned } from "../../src/pki/files";
import { days, fragmentsOf, now } from "./material";
import { opensslVerify } from "./openssl";

const clusters = ["east", "west"];
const options: EnsureOptions = { meshName: "shop", clusters, now };

let parent: string;
let directory: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "meshspan-directory-"));
  directory = join(parent, "certs");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const all = [
  "root-key.pem",
  "root-cert.pem",
  ...clusters.flatMap((cluster) =>
    ["ca-key.pem", "ca-cert.pem", "root-cert.pem", "cert-chain.pem"].map(
      (file) => `${cluster}/${file}`,
    ),
  ),
];

const at = (path: string) => join(directory, path);
const textOf = (path: string) => readFileSync(at(path), "utf8");
const modeOf = (path: string) => (statSync(at(path)).mode & 0o777).toString(8);
const listing = () => (readdirSync(directory, { recursive: true }) as string[]).sort();

/** Bytes, inode, mode and time of every file. */
const snapshot = () =>
  Object.fromEntries(
    listing()
      .filter((path) => statSync(at(path)).isFile())
      .map((path) => {
        const { ino, mtimeMs, mode } = statSync(at(path));
        return [path, { ino, mtimeMs, mode, text: textOf(path) }];
      }),
  );

const failure = async (work: Promise<unknown>): Promise<MeshError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MeshError)) throw new Error("expected a MeshError", { cause: error });
  return error;
};

const issuesOf = async (work: Promise<unknown>) =>
  (await failure(work)).issues.map(({ code, path }) => `${path.join("/")} ${code}`);

describe("an empty folder", () => {
  test("gets Istio's layout, a set without fault, and says what was made", async () => {
    const set = await ensureCertificates(directory, options);
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
    const { root, clusters: made } = await ensureCertificates(directory, options);
    expect(await readCertificates(directory, clusters)).toEqual({ root, clusters: made });
  });

  test("keeps keys and folders to their owner, whatever the umask", async () => {
    const before = process.umask(0);
    try {
      await ensureCertificates(directory, options);
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
    const set = await ensureCertificates(directory, {
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
    const set = await ensureCertificates(directory, rest);
    expect(verifyCertificates(set, { now: new Date() })).toEqual([]);
  });

  test("may serve no cluster yet", async () => {
    const set = await ensureCertificates(directory, { ...options, clusters: [] });
    expect(set.created).toEqual(["root-key.pem", "root-cert.pem"]);
  });

  test('takes a cluster named "constructor" for a name like any other', async () => {
    await ensureCertificates(directory, { ...options, clusters: ["constructor"] });
    expect(Object.keys((await readCertificates(directory, ["constructor"])).clusters)).toEqual([
      "constructor",
    ]);
    expect(await issuesOf(readCertificates(directory, ["valueof"]))).toHaveLength(4);
  });
});

describe("a folder that has something", () => {
  test("is left alone when it is complete: same bytes, same files, same times", async () => {
    const first = await ensureCertificates(directory, options);
    const before = snapshot();
    const second = await ensureCertificates(directory, {
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
    await ensureCertificates(directory, options);
    const before = snapshot();
    const set = await ensureCertificates(directory, {
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
      await ensureCertificates(directory, options);
      const before = snapshot();
      for (const path of paths) rmSync(at(path));
      const rest = snapshot();
      const set = await ensureCertificates(directory, options);
      expect([...set.created].sort()).toEqual([...paths].sort());
      expect(snapshot()).toMatchObject(rest);
      for (const path of paths) expect(textOf(path)).toBe(before[path]?.text);
    },
  );

  test("needs no root key as long as no intermediate is missing", async () => {
    await ensureCertificates(directory, options);
    rmSync(at("root-key.pem"));
    rmSync(at("west/cert-chain.pem"));
    const set = await ensureCertificates(directory, options);
    expect(set.created).toEqual(["west/cert-chain.pem"]);
    expect(existsSync(at("root-key.pem"))).toBe(false);
    expect(verifyCertificates(set, { now })).toEqual([]);
  });

  test("does not even read a root key that it does not need", async () => {
    await ensureCertificates(directory, options);
    rmSync(at("root-key.pem"));
    mkdirSync(at("root-key.pem"));
    expect((await ensureCertificates(directory, options)).created).toEqual([]);
    expect(
      await issuesOf(ensureCertificates(directory, { ...options, clusters: ["north"] })),
    ).toEqual(["certs/root-key.pem certificate_unreadable"]);
  });

  test("needs the root key for a new intermediate, and says for which", async () => {
    await ensureCertificates(directory, options);
    rmSync(at("root-key.pem"));
    const before = snapshot();
    const work = ensureCertificates(directory, {
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
    mkdirSync(directory);
    const root = await createRoot({ meshName: "company", algorithm: "rsa-2048", now });
    writeFileSync(at("root-cert.pem"), `the company's root\n${root.certificatePem.trimEnd()}`);
    writeFileSync(at("root-key.pem"), root.keyPem);
    const before = snapshot();
    const set = await ensureCertificates(directory, options);
    expect(verifyCertificates(set, { now })).toEqual([]);
    expect(snapshot()).toMatchObject(before);
    expect(textOf("east/root-cert.pem")).toBe(textOf("root-cert.pem"));
  });

  test("keeps what is not its own", async () => {
    mkdirSync(at("east"), { recursive: true });
    writeFileSync(at("east/README"), "ours");
    writeFileSync(at("notes.txt"), "ours");
    const before = snapshot();
    await ensureCertificates(directory, options);
    expect(snapshot()).toMatchObject(before);
  });
});

describe("a run that was interrupted", () => {
  test.each(all.map((path, index) => [path, index] as const))(
    "before %s is completed by the next",
    async (_, index) => {
      await ensureCertificates(directory, options);
      for (const path of all.slice(index)) rmSync(at(path));
      const before = snapshot();
      for (const issue of await issuesOf(readCertificates(directory, clusters))) {
        expect(issue).toContain("certificate_missing");
      }
      const set = await ensureCertificates(directory, options);
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
    await ensureCertificates(directory, options);
    const before = snapshot();
    aged(".root-key.pem.0123456789ab.tmp", 61);
    aged("east/.ca-key.pem.ba9876543210.tmp", 61);
    const kept = [
      aged(".root-key.pem.ba9876543210.tmp", 59),
      aged("east/ca-key.pem.0123456789ab.tmp", 61),
      aged("east/.notes.tmp", 61),
    ];
    expect((await ensureCertificates(directory, options)).created).toEqual([]);
    expect(Object.keys(snapshot()).sort()).toEqual([...Object.keys(before), ...kept].sort());
    expect(snapshot()).toMatchObject(before);
  });

  test("are left where they can't be removed", async () => {
    mkdirSync(at(".ca-key.pem.0123456789ab.tmp"), { recursive: true });
    utimesSync(at(".ca-key.pem.0123456789ab.tmp"), 0, 0);
    await removeAbandoned(directory);
    await removeAbandoned(join(parent, "nowhere"));
    expect(listing()).toEqual([".ca-key.pem.0123456789ab.tmp"]);
  });
});

describe("a folder that can't be entered is one fault", () => {
  const barred: readonly (readonly [string, () => string, string])[] = [
    ["a file in its place", () => join(parent, "file"), "it is a file"],
    [
      "a file in the place of its parent",
      () => join(parent, "file", "certs"),
      "a part of its path is a file (ENOTDIR)",
    ],
    ["a link to itself", () => join(parent, "loop"), "ELOOP"],
  ];

  test.each(barred)("%s", async (_, folderOf, reason) => {
    writeFileSync(join(parent, "file"), "");
    symlinkSync("loop", join(parent, "loop"));
    const folder = folderOf();
    const works = [
      () => ensureCertificates(folder, options),
      () => readCertificates(folder, clusters),
    ];
    for (const work of works) {
      const { issues } = await failure(work());
      expect(issues).toEqual([
        {
          code: "certificate_unreadable",
          path: ["certs"],
          message: `the folder ${folder} can't be entered: ${reason}`,
          hint: "choose another folder, or mend its permissions or what stands in its place",
        },
      ]);
    }
  });

  test("a file in the place of a cluster's, when only reading too", async () => {
    await ensureCertificates(directory, options);
    rmSync(at("east"), { recursive: true });
    writeFileSync(at("east"), "");
    expect(await issuesOf(readCertificates(directory, clusters))).toEqual([
      "certs/east certificate_unreadable",
    ]);
  });

  test("without permission", async () => {
    mkdirSync(directory, { mode: 0o600 });
    await asNobody(async () => {
      for (const folder of [directory, at("deeper")]) {
        expect(await issuesOf(ensureCertificates(folder, options))).toEqual([
          "certs certificate_unreadable",
        ]);
      }
    });
  });

  test("unless it is yet to be made", async () => {
    const issues = new IssueCollector();
    expect(await canEnter(join(parent, "new", "certs"), issues)).toBe(true);
    expect(issues.issues).toEqual([]);
  });
});

/** Nothing is barred from root, so as root this runs as a user that owns nothing. */
async function asNobody(run: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return run();
  process.seteuid?.(65_534);
  try {
    await run();
  } finally {
    process.seteuid?.(0);
  }
}

describe("runs at the same time", () => {
  test("end with one and the same set, without fault and without leftovers", async () => {
    for (let round = 0; round < 5; round++) {
      rmSync(directory, { recursive: true, force: true });
      const sets = await Promise.all(
        Array.from({ length: 6 }, (_, run) =>
          ensureCertificates(directory, { ...options, meshName: `shop-${run}` }),
        ),
      );
      const onDisk = await readCertificates(directory, clusters);
      for (const { root, clusters: made } of sets) expect({ root, clusters: made }).toEqual(onDisk);
      expect(verifyCertificates(onDisk, { now })).toEqual([]);
      expect(sets.flatMap(({ created }) => created).sort()).toEqual([...all].sort());
      expect(listing()).toEqual([...all, ...clusters].sort());
    }
  }, 30_000);

  test("that read while a set is made see a whole set or a missing file, never half a file", async () => {
    let done = false as boolean;
    const making = ensureCertificates(directory, options).finally(() => (done = true));
    let reads = 0;
    while (!done) {
      const outcome = await readCertificates(directory, clusters).catch((error: unknown) => error);
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
    const path = join(parent, "file");
    expect(await publish(path, "first", 0o600)).toEqual({ text: "first", created: true });
    expect(await publish(path, "second", 0o600)).toEqual({ text: "first", created: false });
    expect(readdirSync(parent)).toEqual(["file"]);
  });

  test("does not follow a link out of the folder", async () => {
    const path = join(parent, "file");
    symlinkSync(join(parent, "elsewhere"), path);
    await expect(publish(path, "text", 0o600)).rejects.toThrow(/ENOENT/);
    expect(existsSync(join(parent, "elsewhere"))).toBe(false);
  });
});

describe("refuses before anything is written", () => {
  const broken: readonly (readonly [string, (folder: string) => void, readonly string[]])[] = [
    [
      "a certificate without its key",
      () => rmSync(at("east/ca-key.pem")),
      ["certs/east/ca-key.pem certificate_missing"],
    ],
    [
      "clusters without their root",
      () => rmSync(at("root-cert.pem")),
      ["certs/root-cert.pem certificate_missing"],
    ],
    [
      "a chain without the certificate that it starts with",
      () => rmSync(at("east/ca-cert.pem")),
      ["certs/east/cert-chain.pem certificate_chain"],
    ],
    [
      "a missing chain that does not follow from the root",
      () => {
        rmSync(at("east/cert-chain.pem"));
        writeFileSync(at("east/ca-cert.pem"), textOf("foreign-ca.pem"));
      },
      ["certs/east/cert-chain.pem certificate_chain"],
    ],
    [
      "a cluster with another root, and nothing below it",
      () => {
        for (const file of ["ca-cert", "cert-chain"]) rmSync(at(`east/${file}.pem`));
        writeFileSync(at("east/root-cert.pem"), textOf("foreign-root.pem"));
      },
      ["certs/east/root-cert.pem certificate_root_differs"],
    ],
    [
      "a key that can't be used for a missing certificate",
      () => {
        for (const file of ["ca-cert", "cert-chain"]) rmSync(at(`east/${file}.pem`));
        writeFileSync(at("east/ca-key.pem"), "no key");
      },
      ["certs/east/ca-key.pem certificate_unreadable"],
    ],
    [
      "the key of another root",
      () => {
        rmSync(at("west"), { recursive: true });
        writeFileSync(at("root-key.pem"), textOf("foreign-root-key.pem"));
      },
      ["certs/root-key.pem certificate_key_mismatch"],
    ],
    [
      "a root that can't be read, with an intermediate missing",
      () => {
        rmSync(at("west"), { recursive: true });
        writeFileSync(at("root-cert.pem"), "");
      },
      ["certs/root-cert.pem certificate_unreadable"],
    ],
    [
      "a root key that can't be read, without a root",
      () => {
        for (const path of ["root-cert.pem", "root-key.pem"]) rmSync(at(path));
        for (const path of clusters) rmSync(at(path), { recursive: true });
        writeFileSync(at("root-key.pem"), textOf("foreign-root.pem"));
      },
      ["certs/root-key.pem certificate_unreadable"],
    ],
    [
      "a folder in the place of a file",
      () => {
        rmSync(at("east/ca-cert.pem"));
        mkdirSync(at("east/ca-cert.pem"));
      },
      ["certs/east/ca-cert.pem certificate_unreadable"],
    ],
    [
      "a file in the place of a folder",
      () => {
        rmSync(at("east"), { recursive: true });
        writeFileSync(at("east"), "");
      },
      ["certs/east certificate_unreadable"],
    ],
    [
      "bytes that are no text",
      () => writeFileSync(at("west/ca-key.pem"), Buffer.from([0xff, 0xfe, 0x00])),
      ["certs/west/ca-key.pem certificate_unreadable"],
    ],
    [
      "several faults, all at once",
      () => {
        for (const path of ["root-key.pem", "east/ca-key.pem"]) rmSync(at(path));
        rmSync(at("west"), { recursive: true });
      },
      ["certs/root-key.pem certificate_missing", "certs/east/ca-key.pem certificate_missing"],
    ],
  ];

  test.each(broken)("%s", async (_, damage, issues) => {
    const foreign = join(parent, "foreign");
    const other = await ensureCertificates(foreign, options);
    await ensureCertificates(directory, options);
    writeFileSync(at("foreign-root.pem"), other.root.certificatePem);
    writeFileSync(at("foreign-root-key.pem"), readFileSync(join(foreign, "root-key.pem")));
    writeFileSync(at("foreign-ca.pem"), other.clusters.east!["ca-cert.pem"]);
    damage(directory);
    const [before, names] = [snapshot(), listing()];
    const error = await failure(ensureCertificates(directory, options));
    expect(error.issues.map(({ code, path }) => `${path.join("/")} ${code}`)).toEqual(issues);
    expect(snapshot()).toEqual(before);
    expect(listing()).toEqual(names);
    const keys = Object.entries(before).filter(([path]) => path.endsWith("key.pem"));
    for (const secret of keys.flatMap(([, { text }]) => fragmentsOf(text))) {
      expect(`${error.message}${error.stack ?? ""}`).not.toContain(secret);
    }
  });

  test("a root that is about to expire, with an intermediate missing", async () => {
    await ensureCertificates(directory, { ...options, rootDays: 10 });
    const later = { ...options, now: days(5) };
    expect((await ensureCertificates(directory, later)).created).toEqual([]);
    expect(
      await issuesOf(ensureCertificates(directory, { ...later, clusters: ["north"] })),
    ).toEqual(["certs/root-cert.pem certificate_lifetime"]);
    expect(existsSync(at("north"))).toBe(false);
  });

  test.each([
    "../x",
    "..",
    ".",
    "",
    "a/b",
    "/etc",
    "East",
    "a\0b",
    "x\n",
    "-a",
    "a".repeat(64),
    "root-cert.pem",
    "__proto__",
  ])("the cluster name %j, before the disk is touched", async (name) => {
    const ensured = ensureCertificates(directory, { ...options, clusters: ["east", name] });
    expect(await issuesOf(ensured)).toEqual(["clusters/1 invalid_name"]);
    expect(await issuesOf(readCertificates(directory, [name]))).toEqual([
      "clusters/0 invalid_name",
    ]);
    expect(readdirSync(parent)).toEqual([]);
  });

  test.each([
    ["a cluster named twice", { clusters: ["east", "east"] }, "clusters/1 cluster_duplicate"],
    ["a mesh name that is no label", { meshName: "My Shop" }, "meshName invalid_name"],
    ["a namespace that is no label", { rootNamespace: "a.b" }, "rootNamespace invalid_name"],
    ["a root of six days", { rootDays: 6 }, "rootDays out_of_range"],
    ["an intermediate of one day", { intermediateDays: 1 }, "intermediateDays out_of_range"],
    ["an unknown algorithm", { algorithm: "toString" as "rsa-2048" }, "algorithm unknown_value"],
  ])("%s", async (_, wrong, issue) => {
    expect(await issuesOf(ensureCertificates(directory, { ...options, ...wrong }))).toEqual([
      issue,
    ]);
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe("reading", () => {
  test("names every file that is missing, and writes nothing", async () => {
    await ensureCertificates(directory, options);
    rmSync(at("root-cert.pem"));
    rmSync(at("east/ca-key.pem"));
    const before = snapshot();
    expect(await issuesOf(readCertificates(directory, [...clusters, "north"]))).toEqual([
      "certs/root-cert.pem certificate_missing",
      "certs/east/ca-key.pem certificate_missing",
      ...caFileNames.map((name) => `certs/north/${name} certificate_missing`),
    ]);
    expect(snapshot()).toEqual(before);
  });

  test("of a folder that is not there names its files", async () => {
    expect(await issuesOf(readCertificates(directory, []))).toEqual([
      "certs/root-cert.pem certificate_missing",
    ]);
    expect(existsSync(directory)).toBe(false);
  });

  test("needs no root key", async () => {
    await ensureCertificates(directory, options);
    rmSync(at("root-key.pem"));
    expect(verifyCertificates(await readCertificates(directory, clusters), { now })).toEqual([]);
  });

  test("gives a set that a torn file makes faulty", async () => {
    await ensureCertificates(directory, options);
    chmodSync(at("east/cert-chain.pem"), 0o644);
    writeFileSync(at("east/cert-chain.pem"), textOf("east/cert-chain.pem").slice(0, -40));
    const set = await readCertificates(directory, clusters);
    expect(
      verifyCertificates(set, { now }).map(({ code, path }) => `${path.join("/")} ${code}`),
    ).toEqual(["certs/east/cert-chain.pem certificate_unreadable"]);
  });
});
