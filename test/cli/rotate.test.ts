import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileIn, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();

const text = `name: shop # ours
clusters:
  east: {} # home
  west: {}
`;

/** A description of a test's own, and what commands are told about its certificates. */
function mesh(name: string, more = "") {
  const file = fileIn(folder, `${name}.yaml`, text + more);
  const certs = join(folder, name);
  return { file, certs, args: ["certs", "rotate", "-f", file, "--certs", certs] };
}

const contents = (file: string) => readFileSync(file, "utf8");
const trusting = `trust:
  root: root
  next: { root: "2026" }
`;

describe("meshspan certs rotate", () => {
  it("begins: the next root is made, and stands in the description, where nothing else changes", async () => {
    const { file, certs, args } = mesh("begins");
    const { status, stdout, stderr } = await meshspan([...args, "--to", "2026"]);
    expect([status, stdout]).toEqual([
      0,
      `root and 2026 are trusted, root signs\nbring ${file} to every cluster (pulumi up, or meshspan render and kubectl apply), then run meshspan certs rotate again: it goes on once every proxy is there\n`,
    ]);
    expect(stderr).toContain(`· 20 files made in ${certs}\n`);
    expect(contents(file)).toBe(text + trusting);
    expect(existsSync(join(certs, "root.2026", "west", "ca-cert.pem"))).toBe(true);
    const verify = await meshspan(["certs", "verify", "-f", file, "--certs", certs]);
    expect(verify.status).toBe(0);
  });

  it("says where it is as JSON, and nothing of keys", async () => {
    const { file, args } = mesh("json");
    const { status, stdout, stderr } = await meshspan([...args, "--to", "2026", "-o", "json"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(parsed("rotate", stdout)).toEqual({
      ...{ mesh: "shop", file, trusted: ["root", "2026"], signing: "root" },
      ...{ done: false, applied: false, clusters: [] },
    });
  });

  it("has nothing to do where the root is the next one already", async () => {
    const { file, args } = mesh("over", "trust: { root: '2026' }\n");
    const { status, stdout } = await meshspan([...args, "--to", "2026"]);
    expect([status, stdout]).toEqual([
      0,
      "the root 2026 alone is trusted\nno root is being replaced: name another one to begin, such as --to 2027\n",
    ]);
    expect(contents(file)).toContain("trust: { root: '2026' }\n");
  });

  it.each([
    ["no name", "", [], 2, "the root root is not being replaced: name the root that follows"],
    ["another name", trusting, ["--to", "2027"], 2, "is being replaced by 2026, not by 2027"],
    ["no clusters", trusting, [], 2, "no context is known for cluster east"],
    ["a bad name", "", ["--to", "../x"], 2, '--to: "../x" is not'],
    [
      "somebody else's CA",
      "trust: { issuer: existing }\n",
      ["--to", "2026"],
      3,
      "next says which certificates are made here",
    ],
    ["no time", "", ["--to", "2026", "--timeout", "0"], 2, "write a number of seconds [usage]"],
  ])("changes nothing with %s", async (name, more, options, code, message) => {
    const { file, args } = mesh(name.replaceAll(" ", "-"), more);
    const env = { KUBECONFIG: fileIn(folder, "empty.kubeconfig", "contexts: []\n") };
    const { status, stdout, stderr } = await meshspan([...args, ...options], { env });
    expect([status, stdout]).toEqual([code, ""]);
    expect(stderr).toContain(message);
    expect(contents(file)).toBe(text + more);
  });

  it("changes nothing when it can't ask the proxies", async () => {
    const { file, args } = mesh("dead", trusting);
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { readonly port: number };
    await new Promise((resolve) => server.close(resolve));
    const kubeconfig = fileIn(
      folder,
      "dead.kubeconfig",
      JSON.stringify({
        clusters: [{ name: "c", cluster: { server: `https://127.0.0.1:${port}` } }],
        users: ["east", "west"].map((name) => ({ name, user: { token: name } })),
        contexts: ["east", "west"].map((name) => ({ name, context: { cluster: "c", user: name } })),
      }),
    );
    const { status, stderr } = await meshspan([...args, "--kubeconfig", kubeconfig]);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^meshspan: proxies of cluster east can't be asked: .*ECONNREFUSED/m),
    ]);
    expect(contents(file)).toBe(text + trusting);
  });

  it("writes to files alone", async () => {
    const { status, stderr } = await meshspan(["certs", "rotate", "-", "--to", "2026"], {
      input: text,
    });
    expect([status, stderr]).toEqual([2, expect.stringContaining("standard input")]);
  });
});
