import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileIn, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();

const text = `name: shop # ours
clusters:
  east: {} # home
  west: {}
`;

/** A description of a test's own with its certificates, and what commands are told about both. */
async function mesh(name: string, more = "") {
  const file = fileIn(folder, `${name}.yaml`, text + more);
  const certs = join(folder, name);
  const args = ["-f", file, "--certs", certs];
  expect((await meshspan(["certs", "init", ...args])).status).toBe(0);
  return {
    ...{ file, certs },
    revoke: (...options: readonly string[]) =>
      meshspan(["certs", "revoke", ...args, ...options], {
        env: { KUBECONFIG: fileIn(folder, "empty.kubeconfig", "contexts: []\n") },
      }),
    verify: () => meshspan(["certs", "verify", ...args]),
  };
}

const serialNumberOf = (pem: string) =>
  new X509Certificate(pem).serialNumber.toLowerCase().replace(/^0+/, "");

const contents = (file: string) => readFileSync(file, "utf8");

describe("meshspan certs revoke", () => {
  it("begins with another intermediate, and asks proxies before the old one is revoked", async () => {
    const { file, certs, revoke, verify } = await mesh("begins");
    const key = contents(join(certs, "east", "ca-key.pem"));
    const { status, stdout, stderr } = await revoke("--cluster", "east");
    expect([status, stdout]).toEqual([
      0,
      `east has another intermediate, with another key
give east its secret again (pulumi up, or meshspan render and kubectl apply); its proxies get other certificates at half of the life of those they have, or when they restart
then run meshspan certs revoke again: it goes on once every proxy of the cluster has one
`,
    ]);
    expect(stderr).toContain(`· another intermediate of east is ready in ${certs}\n`);
    expect(contents(join(certs, "east", "ca-key.pem"))).not.toBe(key);
    expect(contents(file)).toBe(text);
    expect((await verify()).status).toBe(0);
    const again = await revoke();
    expect([again.status, again.stdout]).toEqual([2, ""]);
    expect(again.stderr).toContain("no context is known for cluster east");
    expect(existsSync(join(certs, "ca-crl.pem"))).toBe(false);
  });

  it("goes to the end with --now, and turns the lists on in the description", async () => {
    const { file, certs, revoke, verify } = await mesh("now");
    const { status, stdout } = await revoke("--cluster", "east", "--now", "-o", "json");
    expect(status).toBe(0);
    expect(parsed("revoke", stdout)).toEqual({
      ...{ mesh: "shop", file, cluster: "east", stage: "revoked", clusters: [] },
      serials: [expect.stringMatching(/^[0-9a-f]+$/)],
    });
    expect(contents(file)).toBe(`${text}trust:\n  crl: true\n`);
    expect(contents(join(certs, "ca-crl.pem")).match(/BEGIN X509 CRL/g)).toHaveLength(3);
    expect((await verify()).status).toBe(0);
  });

  it("has the new CA's list handed out first where proxies look at lists", async () => {
    const { file, certs, revoke } = await mesh("prepared", "trust: { crl: true }\n");
    const before = contents(join(certs, "east", "ca-cert.pem"));
    const { status, stdout } = await revoke("--cluster", "east");
    expect([status, stdout.split("\n")[0]]).toEqual([
      0,
      "another intermediate of east is ready, and its revocation list is among the others",
    ]);
    expect(contents(join(certs, "east", "ca-cert.pem"))).toBe(before);
    expect(contents(join(certs, "ca-crl.pem")).match(/BEGIN X509 CRL/g)).toHaveLength(4);
    const waiting = await revoke();
    expect([waiting.status, waiting.stdout]).toEqual([2, ""]);
    expect(contents(join(certs, "east", "ca-cert.pem"))).toBe(before);
    const now = await revoke("--now");
    expect([now.status, now.stdout]).toEqual([0, expect.stringContaining(" of east is revoked\n")]);
    expect(contents(file)).toBe(`${text}trust: { crl: true }\n`);
  });

  /** How another run goes on, and that nothing is left then. */
  async function goesOn({ file, certs, revoke, verify }: Awaited<ReturnType<typeof mesh>>) {
    const { status, stdout } = await revoke("--now");
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f]+ of east is revoked\n/)]);
    expect(contents(file)).toContain("crl: true");
    expect((await verify()).status).toBe(0);
    for (const left of ["next", "replaced"])
      expect(existsSync(join(certs, "east", left))).toBe(false);
  }

  it("goes on where a run couldn't turn the lists on", async () => {
    const made = await mesh("locked");
    mkdirSync(`${made.file}.lock`);
    const lock = setInterval(() => utimesSync(`${made.file}.lock`, new Date(), new Date()), 500);
    const failed = await made.revoke("--cluster", "east", "--now");
    clearInterval(lock);
    rmSync(`${made.file}.lock`, { recursive: true });
    expect([failed.status, failed.stderr]).toEqual([1, expect.stringContaining("[file_locked]")]);
    const key = contents(join(made.certs, "east", "ca-key.pem"));
    await goesOn(made);
    expect(contents(join(made.certs, "east", "ca-key.pem"))).toBe(key);
  });

  it("goes on where a run was interrupted between a key and its certificate", async () => {
    const made = await mesh("half", "trust: { crl: true }\n");
    const east = join(made.certs, "east");
    const before = contents(join(east, "ca-cert.pem"));
    expect((await made.revoke("--cluster", "east")).status).toBe(0);
    mkdirSync(join(east, "replaced"));
    writeFileSync(join(east, "replaced", `${serialNumberOf(before)}.pem`), before);
    const key = contents(join(east, "next", "ca-key.pem"));
    writeFileSync(join(east, "ca-key.pem"), key);
    expect((await made.verify()).status).toBe(3);
    await goesOn(made);
    expect(contents(join(east, "ca-key.pem"))).toBe(key);
  });

  it("writes the lists where a run was interrupted before them", async () => {
    const made = await mesh("unlisted", "trust: { crl: true }\n");
    const lists = join(made.certs, "ca-crl.pem");
    const before = contents(lists);
    expect((await made.revoke("--cluster", "east")).status).toBe(0);
    writeFileSync(lists, before);
    await goesOn(made);
  });

  it.each([
    ["no cluster", "", [], 2, "no intermediate is being revoked: name the cluster"],
    ["an unknown cluster", "", ["--cluster", "eats"], 2, 'did you mean "east"'],
    [
      "a root that is being replaced",
      'trust: { next: { root: "2027" } }\n',
      ["--cluster", "east"],
      2,
      "the root root is being replaced by 2027: finish that",
    ],
  ])("changes nothing with %s", async (name, more, options, code, message) => {
    const { file, certs, revoke } = await mesh(name.replaceAll(" ", "-"), more);
    const before = contents(join(certs, "east", "ca-cert.pem"));
    const { status, stdout, stderr } = await revoke(...options);
    expect([status, stdout]).toEqual([code, ""]);
    expect(stderr).toContain(message);
    expect(contents(file)).toBe(text + more);
    expect(contents(join(certs, "east", "ca-cert.pem"))).toBe(before);
  });

  it("leaves somebody else's CAs alone", async () => {
    const file = fileIn(folder, "others.yaml", `${text}trust: { issuer: existing }\n`);
    const { status, stderr } = await meshspan(["certs", "revoke", "-f", file, "--cluster", "east"]);
    expect([status, stderr]).toEqual([
      3,
      expect.stringContaining("leaves this mesh's certificates"),
    ]);
  });
});
