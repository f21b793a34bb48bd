import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseMesh } from "../../src";
import { ensureMeshCertificates, fingerprintOf } from "../../src/pki";
import { fileIn, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();

/** A description, and the certificates that it asks for. */
async function made(name: string, trust: object = {}, now = new Date()) {
  const description = { name: "shop", clusters: { east: {}, west: {} }, trust };
  const file = fileIn(folder, `${name}.yaml`, JSON.stringify(description));
  const certs = join(folder, name);
  await ensureMeshCertificates(certs, parseMesh(description), { now });
  return { file, certs };
}

const bytesIn = (certs: string) =>
  readdirSync(certs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));

describe("meshspan certs", () => {
  it("makes what is missing, and never anything twice", async () => {
    const file = fileIn(folder, "new.yaml", "name: shop\nclusters: { east: {}, west: {} }\n");
    const certs = join(folder, "new");
    const args = ["certs", "init", file, "--certs", certs];
    const first = await meshspan(args);
    expect([first.status, first.stderr]).toEqual([0, `· certificates in ${certs}\n`]);
    expect(first.stdout.match(/^made .*\.pem$/gm)).toHaveLength(10);
    expect(first.stdout).toMatch(/^\(root\) {2}ok {5}\d{4} .*(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/m);
    const before = bytesIn(certs);
    rmSync(join(certs, "west"), { recursive: true });
    const again = parsed("certs", (await meshspan([...args, "-o", "json"])).stdout);
    expect(again.created).toHaveLength(4);
    expect(bytesIn(certs)).not.toEqual(before);
    const third = await meshspan([...args, "-o", "json"]);
    expect([third.stderr, parsed("certs", third.stdout).created]).toEqual(["", []]);
    expect(first.stdout + third.stdout).not.toContain("PRIVATE");
  });

  it("makes, shows and verifies both roots while one follows the other", async () => {
    const { file, certs } = await made("rotation");
    fileIn(
      folder,
      "rotation.yaml",
      "name: shop\nclusters: { east: {}, west: {} }\ntrust: { next: { root: '2026' } }\n",
    );
    const args = ["-f", file, "--certs", certs];
    const missing = await meshspan(["certs", "verify", ...args]);
    expect(missing.status).toBe(3);
    expect(missing.stdout).toContain(join(certs, "root.2026"));
    const init = await meshspan(["certs", "init", ...args]);
    expect(init.stdout.match(/^made .*root\.2026\/.*\.pem$/gm)).toHaveLength(10);
    expect(init.stdout).toMatch(/^CA +root +state /m);
    expect(init.stdout).toMatch(/^east +2026 +ok /m);
    const verify = await meshspan(["certs", "verify", ...args]);
    expect(verify).toMatchObject({
      status: 0,
      stdout: `${certs}: ok, 6 certificates, 0 warnings\n`,
    });
    const { certificates } = parsed(
      "certs",
      (await meshspan(["certs", "show", ...args, "-o", "json"])).stdout,
    );
    expect(certificates.map(({ cluster, root }: any) => `${cluster ?? "(root)"} ${root}`)).toEqual([
      ...["(root) root", "east root", "west root"],
      ...["(root) 2026", "east 2026", "west 2026"],
    ]);
  });

  it("tells the root from a cluster that is called root", async () => {
    const file = fileIn(folder, "rooted.yaml", "name: shop\nclusters: { root: {}, west: {} }\n");
    const args = ["-f", file, "--certs", join(folder, "rooted")];
    const { stdout } = await meshspan(["certs", "init", ...args]);
    expect(stdout.match(/^\S+(?= +ok)/gm)).toEqual(["(root)", "root", "west"]);
    const shown = parsed(
      "certs",
      (await meshspan(["certs", "show", ...args, "-o", "json"])).stdout,
    );
    expect(shown.certificates.map(({ cluster }: any) => cluster)).toEqual([
      undefined,
      "root",
      "west",
    ]);
  });

  it("issues anew what has less than 60 days left, or what is named, and keeps the keys", async () => {
    const soon = new Date(Date.now() - 700 * 86_400_000);
    const { file, certs } = await made("renewal", {}, soon);
    const args = ["-f", file, "--certs", certs];
    const filesOf = (cluster: string) =>
      ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"].map((name) =>
        readFileSync(join(certs, cluster, name), "utf8"),
      );
    const before = [filesOf("east"), filesOf("west")];
    const renewed = await meshspan(["certs", "renew", ...args, "-o", "json"]);
    const { created, certificates } = parsed("certs", renewed.stdout);
    expect(created).toEqual([
      ...["east/cert-chain.pem", "east/ca-cert.pem"],
      ...["west/cert-chain.pem", "west/ca-cert.pem"],
    ]);
    expect(certificates.map(({ cluster, daysLeft }: any) => [cluster, daysLeft])).toEqual([
      [undefined, 2949],
      ["east", 729],
      ["west", 729],
    ]);
    const after = [filesOf("east"), filesOf("west")];
    for (const [index, [cert, key, chain, root]] of after.entries()) {
      expect([key, root]).toEqual([before[index]![1], before[index]![3]]);
      expect(chain).toBe(cert! + root!);
      expect(cert).not.toBe(before[index]![0]);
    }
    expect((await meshspan(["certs", "verify", ...args])).status).toBe(0);

    const idle = await meshspan(["certs", "renew", ...args]);
    expect([idle.status, idle.stderr]).toEqual([0, "· none has less than 60 days left\n"]);
    expect([filesOf("east"), filesOf("west")]).toEqual(after);
    const named = await meshspan(["certs", "renew", ...args, "--cluster", "west"]);
    expect(named.stdout.match(/^made .*$/gm)).toHaveLength(2);
    expect(filesOf("east")).toEqual(after[0]);
    expect(filesOf("west")).not.toEqual(after[1]);
    const unknown = await meshspan(["certs", "renew", ...args, "--cluster", "wset"]);
    expect(unknown).toMatchObject({ status: 2, stdout: "" });
    expect(unknown.stderr).toContain('did you mean "west"?');
  });

  it("renews nothing without the root's key, and what was cut off half-way it mends", async () => {
    const { file, certs } = await made("half");
    const args = ["certs", "renew", "-f", file, "--certs", certs, "--cluster", "east"];
    const chain = join(certs, "east", "cert-chain.pem");
    copyFileSync(join(certs, "west", "cert-chain.pem"), chain);
    expect((await meshspan(["certs", "verify", "-f", file, "--certs", certs])).status).toBe(3);
    expect((await meshspan(args)).status).toBe(0);
    expect((await meshspan(["certs", "verify", "-f", file, "--certs", certs])).status).toBe(0);
    rmSync(join(certs, "root-key.pem"));
    const before = bytesIn(certs);
    const { status, stderr } = await meshspan(args);
    expect(bytesIn(certs)).toEqual(before);
    expect([status, stderr]).toEqual([
      3,
      expect.stringContaining("root-key.pem: the root's private key is not there"),
    ]);
  });

  it("shows and verifies a good set", async () => {
    const { file, certs } = await made("good");
    const args = ["-f", file, "--certs", certs];
    const [verify, show, markdown] = await Promise.all([
      meshspan(["certs", "verify", ...args]),
      meshspan(["certs", "show", ...args, "-o", "json"]),
      meshspan(["certs", "show", ...args, "-o", "markdown"]),
    ]);
    expect(verify).toEqual({
      status: 0,
      stdout: `${certs}: ok, 3 certificates, 0 warnings\n`,
      stderr: "",
    });
    const data = parsed("certs", show.stdout);
    expect(data).toMatchObject({ mesh: "shop", ok: true, errors: [], warnings: [] });
    expect(data.certificates[0]).toMatchObject({
      state: "ok",
      daysLeft: 3649,
      fingerprint: fingerprintOf(readFileSync(join(certs, "root-cert.pem"), "utf8")),
    });
    expect(markdown.stdout.split("\n")).toHaveLength(6);
  });

  it.each([
    [59, 0, "warning"],
    [6, 3, "error"],
  ])(
    "counts the days: of %i days it is a certificate with exit code %i",
    async (days, status, kind) => {
      const { file, certs } = await made(
        `days${days}`,
        { intermediateDays: 60 },
        new Date(Date.now() - (60 - days) * 86_400_000),
      );
      const run = await meshspan(["certs", "verify", file, "--certs", certs]);
      expect(run.status).toBe(status);
      const lines = run.stdout.trim().split("\n");
      expect(lines).toHaveLength(3);
      expect(lines[0]).toMatch(
        new RegExp(
          `^${kind} ${certs}/east/ca-cert\\.pem: it ends in ${days - 1} days, at .*\\[certificate_expires_soon\\]$`,
        ),
      );
    },
  );

  it("finds keys that belong to something else, also the root's", async () => {
    const { file, certs } = await made("mixed");
    const other = await made("other");
    copyFileSync(join(certs, "west/ca-key.pem"), join(certs, "east/ca-key.pem"));
    copyFileSync(join(other.certs, "root-key.pem"), join(certs, "root-key.pem"));
    const args = [file, "--certs", certs, "--output", "json"];
    const [verify, show, init] = await Promise.all(
      ["verify", "show", "init"].map((name) => meshspan(["certs", name, ...args])),
    );
    expect([verify!.status, show!.status, init!.status]).toEqual([3, 0, 3]);
    const { ok, errors } = parsed("certs", verify!.stdout);
    expect(ok).toBe(false);
    expect(errors.map(({ code, file: at }: any) => [code, at])).toEqual([
      ["certificate_key_mismatch", join(certs, "east/ca-key.pem")],
      ["certificate_key_mismatch", join(certs, "root-key.pem")],
    ]);
    expect(parsed("errors", init!.stderr).errors[0]).toMatchObject({
      code: "certificate_key_mismatch",
      file: join(certs, "east/ca-key.pem"),
    });
    expect(verify!.stdout + init!.stderr).not.toContain("PRIVATE");
  });

  it("shows what is missing or can't be read", async () => {
    const { file, certs } = await made("torn");
    rmSync(join(certs, "east/ca-cert.pem"));
    writeFileSync(join(certs, "west/ca-cert.pem"), "torn");
    const args = ["-f", file, "--certs", certs, "-o", "json"];
    const [show, verify, none] = await Promise.all([
      meshspan(["certs", "show", ...args]),
      meshspan(["certs", "verify", ...args]),
      meshspan(["certs", "verify", "-f", file, "--certs", join(folder, "nowhere")]),
    ]);
    expect(parsed("certs", show.stdout).certificates.map(({ state }: any) => state)).toEqual([
      "ok",
      "missing",
      "unreadable",
    ]);
    expect([verify.status, parsed("certs", verify.stdout).ok]).toEqual([3, false]);
    expect([none.status, none.stdout]).toEqual([3, expect.stringContaining("meshspan certs init")]);
  });

  it("has none to make where others make them, or in a folder that is none", async () => {
    const existing = fileIn(
      folder,
      "existing.yaml",
      "name: shop\nclusters: { east: {} }\ntrust: { issuer: existing }\n",
    );
    const good = fileIn(folder, "good2.yaml", "name: shop\nclusters: { east: {} }\n");
    const inTheWay = fileIn(folder, "file", "");
    const [init, show, file, proc] = await Promise.all([
      meshspan(["certs", "init", existing]),
      meshspan(["certs", "show", existing]),
      meshspan(["certs", "init", good, "--certs", inTheWay]),
      meshspan(["certs", "init", good, "--certs", "/proc/certs"]),
    ]);
    for (const run of [init, show]) {
      expect([run.status, run.stdout]).toEqual([3, ""]);
      expect(run.stderr).toContain(`${existing}:3:18 trust.issuer: issuer: existing leaves`);
    }
    expect([file.status, file.stderr]).toEqual([3, expect.stringContaining("it is a file")]);
    expect([proc.status, proc.stderr]).toEqual([1, expect.stringMatching(/^meshspan: ENOENT: /m)]);
  });
});
