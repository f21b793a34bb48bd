import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { parseMesh, safeParseMeshYaml } from "../../src";
import { shopClusters, shopMesh } from "../../src/demo";
import { issueLeaf, readCertificates } from "../../src/pki";

const executable = join(__dirname, "../../dist/cli/main.js");

/** Runs the built command as a user does. */
function meshspan(...args: readonly string[]) {
  return spawnSync(process.execPath, [executable, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

describe("meshspan demo", () => {
  let out: string;
  beforeEach(() => (out = join(mkdtempSync(join(tmpdir(), "meshspan-")), "demo")));
  afterEach(() => rmSync(join(out, ".."), { recursive: true, force: true }));

  it("writes everything that each cluster needs, and reports what crosses", () => {
    const { status, stdout, stderr } = meshspan("demo", "--out", out);
    expect(status).toBe(0);
    expect(stderr.split("\n").filter(Boolean)).toHaveLength(3);
    const report = stdout.split("\n");
    expect(report.filter((line) => line.startsWith("  ok  "))).toHaveLength(9);
    for (const crossing of [
      /cartservice \(east\) → redis-cart\.default\.global:6379 → [\d.]+ → west 203\.0\.113\.20:15443 → /,
      /loadgenerator \(west\) → frontend\.default\.global:80 → [\d.]+ → east 203\.0\.113\.10:15443 → /,
      /checkoutservice \(east\) → paymentservice\.default\.global:50051 → /,
    ]) {
      expect(stdout).toMatch(crossing);
    }
    expect(stdout.match(/(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/g)).toHaveLength(3);
    expect(stdout).not.toMatch(/MISSING|undefined|\[object|PRIVATE/);
    expect(readdirSync(out).sort()).toEqual([
      ".meshspan-files.json",
      "certs",
      "east",
      "mesh.yaml",
      "topology.svg",
      "west",
    ]);
    expect(readFileSync(join(out, "topology.svg"), "utf8")).toContain("</svg>");
  });

  it("writes a mesh.yaml that gives the same mesh", () => {
    meshspan("demo", "--out", out, "--quiet");
    const parsed = safeParseMeshYaml(readFileSync(join(out, "mesh.yaml"), "utf8"));
    if (!parsed.ok) throw new Error("mesh.yaml is faulty");
    expect(parsed.mesh).toEqual(parseMesh(shopMesh().description));
  });

  it("changes nothing on a second run, and leaves nothing of a cluster that is gone", () => {
    meshspan("demo", "--out", out, "--quiet", "--clusters", "3");
    const certificates = readFileSync(join(out, "certs/root-cert.pem"), "utf8");
    const times = filesBelow(out).map((file) => statSync(file).mtimeMs);
    const again = meshspan("demo", "--out", out, "--clusters", "3");
    expect(again.stdout).toContain("(0 written, ");
    expect(filesBelow(out).map((file) => statSync(file).mtimeMs)).toEqual(times);
    expect(meshspan("demo", "--out", out).stdout).toMatch(/\d+ removed/);
    expect(existsSync(join(out, "central"))).toBe(false);
    expect(readFileSync(join(out, "certs/root-cert.pem"), "utf8")).toBe(certificates);
  });

  it.each([1, 4, 8])("works for %i clusters", (count) => {
    const { status, stdout, stderr } = meshspan("demo", "--out", out, "--clusters", String(count));
    expect([status, stderr]).toEqual([0, expect.not.stringContaining("meshspan:")]);
    for (const cluster of Object.keys(shopClusters(count)))
      expect(existsSync(join(out, cluster, "40-services.yaml"))).toBe(count > 1);
    expect(stdout).not.toContain("FAILS");
  });

  it("makes chains that openssl accepts, down to a leaf below each intermediate", async () => {
    meshspan("demo", "--out", out, "--quiet", "--clusters", "3");
    const certs = join(out, "certs");
    const clusters = Object.keys(shopClusters(3));
    const set = await readCertificates(certs, clusters);
    const root = join(certs, "root-cert.pem");
    for (const cluster of clusters) {
      const intermediate = join(certs, cluster, "ca-cert.pem");
      expect(
        execFileSync("openssl", ["verify", "-CAfile", root, intermediate], { encoding: "utf8" }),
      ).toBe(`${intermediate}: OK\n`);
      const leaf = await issueLeaf(set.clusters[cluster]!, {
        spiffeId: "spiffe://cluster.local/ns/default/sa/frontend",
        now: new Date(),
      });
      const file = join(out, `${cluster}-leaf.pem`);
      writeFileSync(file, leaf.certificatePem);
      expect(
        execFileSync(
          "openssl",
          ["verify", "-x509_strict", "-CAfile", root, "-untrusted", intermediate, file],
          { encoding: "utf8" },
        ),
      ).toBe(`${file}: OK\n`);
    }
  });

  it("puts the same certificates into the secrets, and keys nowhere else", () => {
    meshspan("demo", "--out", out, "--quiet");
    for (const cluster of ["east", "west"]) {
      const [secret] = parseAllDocuments(
        readFileSync(join(out, cluster, "20-trust.yaml"), "utf8"),
      ).map((document) => document.toJS() as { readonly data: Record<string, string> });
      for (const [file, data] of Object.entries(secret!.data)) {
        expect(Buffer.from(data, "base64").toString()).toBe(
          readFileSync(join(out, "certs", cluster, file), "utf8"),
        );
      }
    }
    const withKeys = filesBelow(out).filter((file) =>
      /PRIVATE KEY|ca-key\.pem: /.test(readFileSync(file, "utf8")),
    );
    expect(withKeys.map((file) => file.slice(out.length + 1))).toEqual([
      "certs/east/ca-key.pem",
      "certs/root-key.pem",
      "certs/west/ca-key.pem",
      "east/20-trust.yaml",
      "west/20-trust.yaml",
    ]);
    for (const file of withKeys) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("prints nothing when it is to be quiet", () => {
    expect(meshspan("demo", "--out", out, "--quiet")).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "",
    });
  });

  it.each([
    [["--clusters", "0"], "from 1 to 8"],
    [["--clusters", "9"], "from 1 to 8"],
    [["--clusters", "two"], "from 1 to 8"],
    [["--cluster", "2"], "did you mean --clusters?"],
    [["--out"], "argument missing"],
    [["--out", ""], "is invalid: name a folder [usage]"],
    [["--clusters", "0x3"], "from 1 to 8"],
    [["--gateway", "east"], "such as east=34.73.10.5"],
  ])("says what is wrong with %j, and exits with 2", (args, message) => {
    const { status, stdout, stderr } = meshspan("demo", ...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });

  it("says what is wrong with certificates that it finds, exits with 3, and changes nothing", () => {
    meshspan("demo", "--out", out, "--quiet");
    const key = join(out, "certs/east/ca-key.pem");
    chmodSync(key, 0o600);
    writeFileSync(key, readFileSync(join(out, "certs/west/ca-key.pem")));
    const before = filesBelow(out).map((file) => readFileSync(file, "utf8"));
    const { status, stdout, stderr } = meshspan("demo", "--out", out);
    expect([status, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(/certs\.east.*\[certificate_key_mismatch\]/);
    expect(stderr).not.toContain("PRIVATE");
    expect(filesBelow(out).map((file) => readFileSync(file, "utf8"))).toEqual(before);
  });

  it("says that a folder can't be written to, without a stack trace, and exits with 1", () => {
    meshspan("demo", "--out", out, "--quiet");
    rmSync(join(out, "east"), { recursive: true });
    writeFileSync(join(out, "east"), "in the way");
    const { status, stdout, stderr } = meshspan("demo", "--out", out);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^meshspan: .*east/m);
    expect(stderr).not.toContain("    at ");
  });

  it("takes the addresses of your gateways", () => {
    const { status, stdout } = meshspan(
      "demo",
      "--out",
      out,
      "--gateway",
      "east=34.73.10.5",
      "--gateway",
      "west=gw.example.com",
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/cartservice \(east\) → redis-cart.* → west gw\.example\.com:15443 → /);
    expect(stdout).not.toContain("placeholders");
    expect(readFileSync(join(out, "east/40-services.yaml"), "utf8")).toContain(
      "address: gw.example.com",
    );
    const wrong = meshspan("demo", "--out", out, "--gateway", "est=34.73.10.5");
    expect([wrong.status, wrong.stderr]).toEqual([
      3,
      expect.stringContaining('gateway.est: there is no cluster "est": did you mean "east"?'),
    ]);
  });

  it("fails in words when its output has nowhere to go", () => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [executable, "demo", "--out", out], {
      encoding: "utf8",
      stdio: ["ignore", full, "pipe"],
    });
    closeSync(full);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^meshspan: ENOSPC: .*: make room on the disk \[system_error\]$/m),
    ]);
    expect(stderr).not.toContain("    at ");
  });

  it("ends quietly when its reader has enough", async () => {
    const child = spawn(process.execPath, [executable, "demo", "--out", out], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect(status).toBe(0);
    expect(stderr).not.toContain("EPIPE");
  });
});
