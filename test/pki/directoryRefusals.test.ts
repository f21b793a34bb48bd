/** Folders that are refused, before anything is written. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { IssueCollector } from "../../src/core/issues";
import { ensureCertificates, readCertificates } from "../../src/pki";
import { canEnter } from "../../src/pki/files";
import { certificateFolder, clusters, failure, issuesOf, options } from "./certificateFolder";
import { days, fragmentsOf } from "./material";

const certs = certificateFolder();
const { at, textOf, listing, snapshot } = certs;

describe("a folder that can't be entered is one fault", () => {
  const barred: readonly (readonly [string, () => string, string])[] = [
    ["a file in its place", () => join(certs.parent, "file"), "it is a file"],
    [
      "a file in the place of its parent",
      () => join(certs.parent, "file", "certs"),
      "a part of its path is a file (ENOTDIR)",
    ],
    ["a link to itself", () => join(certs.parent, "loop"), "ELOOP"],
  ];

  test.each(barred)("%s", async (_, folderOf, reason) => {
    writeFileSync(join(certs.parent, "file"), "");
    symlinkSync("loop", join(certs.parent, "loop"));
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
    await ensureCertificates(certs.path, options);
    rmSync(at("east"), { recursive: true });
    writeFileSync(at("east"), "");
    expect(await issuesOf(readCertificates(certs.path, clusters))).toEqual([
      "certs/east certificate_unreadable",
    ]);
  });

  test("without permission", async () => {
    mkdirSync(certs.path, { mode: 0o600 });
    await asNobody(async () => {
      for (const folder of [certs.path, at("deeper")]) {
        expect(await issuesOf(ensureCertificates(folder, options))).toEqual([
          "certs certificate_unreadable",
        ]);
      }
    });
  });

  test("unless it is yet to be made", async () => {
    const issues = new IssueCollector();
    expect(await canEnter(join(certs.parent, "new", "certs"), issues)).toBe(true);
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
    const foreign = join(certs.parent, "foreign");
    const other = await ensureCertificates(foreign, options);
    await ensureCertificates(certs.path, options);
    writeFileSync(at("foreign-root.pem"), other.root.certificatePem);
    writeFileSync(at("foreign-root-key.pem"), readFileSync(join(foreign, "root-key.pem")));
    writeFileSync(at("foreign-ca.pem"), other.clusters.east!["ca-cert.pem"]);
    damage(certs.path);
    const [before, names] = [snapshot(), listing()];
    const error = await failure(ensureCertificates(certs.path, options));
    expect(error.issues.map(({ code, path }) => `${path.join("/")} ${code}`)).toEqual(issues);
    expect(snapshot()).toEqual(before);
    expect(listing()).toEqual(names);
    const keys = Object.entries(before).filter(([path]) => path.endsWith("key.pem"));
    for (const secret of keys.flatMap(([, { text }]) => fragmentsOf(text))) {
      expect(`${error.message}${error.stack ?? ""}`).not.toContain(secret);
    }
  });

  test("a root that is about to expire, with an intermediate missing", async () => {
    await ensureCertificates(certs.path, { ...options, rootDays: 10 });
    const later = { ...options, now: days(5) };
    expect((await ensureCertificates(certs.path, later)).created).toEqual([]);
    expect(
      await issuesOf(ensureCertificates(certs.path, { ...later, clusters: ["north"] })),
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
    const ensured = ensureCertificates(certs.path, { ...options, clusters: ["east", name] });
    expect(await issuesOf(ensured)).toEqual(["clusters/1 invalid_name"]);
    expect(await issuesOf(readCertificates(certs.path, [name]))).toEqual([
      "clusters/0 invalid_name",
    ]);
    expect(readdirSync(certs.parent)).toEqual([]);
  });

  test.each([
    ["a cluster named twice", { clusters: ["east", "east"] }, "clusters/1 cluster_duplicate"],
    ["a mesh name that is no label", { meshName: "My Shop" }, "meshName invalid_name"],
    ["a namespace that is no label", { rootNamespace: "a.b" }, "rootNamespace invalid_name"],
    ["a root of six days", { rootDays: 6 }, "rootDays out_of_range"],
    ["an intermediate of one day", { intermediateDays: 1 }, "intermediateDays out_of_range"],
    ["an unknown algorithm", { algorithm: "toString" as "rsa-2048" }, "algorithm unknown_value"],
  ])("%s", async (_, wrong, issue) => {
    expect(await issuesOf(ensureCertificates(certs.path, { ...options, ...wrong }))).toEqual([
      issue,
    ]);
    expect(readdirSync(certs.parent)).toEqual([]);
  });
});
