import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { fileIn, gitOpsMesh, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();

/** Addresses that sidecars don't capture: every call to them fails. */
const loopback = fileIn(
  folder,
  "loopback.yaml",
  `addresses: 127.255.0.0/16\n${readFileSync(gitOpsMesh, "utf8")}`,
);

const trace = (...args: readonly string[]) => meshspan(["trace", "-f", gitOpsMesh, ...args]);

describe("meshspan trace", () => {
  it("prints a line per call, and how many there are beside it", async () => {
    const { status, stdout, stderr } = await trace();
    expect([status, stderr]).toEqual([0, "6 calls, 5 across clusters\n"]);
    expect(stdout.trim().split("\n")).toHaveLength(6);
    expect(stdout).toMatch(
      /^ok {5}accounts \(frankfurt\) → ledger\.bank\.global:8443 → [\d.]+ → dublin 203\.0\.113\.20:15443 → outbound_\.8443_\._ → cluster\.local\/ns\/bank\/sa\/ledger$/m,
    );
  });

  it("prints hops on lines of their own", async () => {
    const { stdout } = await trace("frankfurt", "ledger", "--hops");
    expect(stdout).toMatch(/^ {4}planned {2}gateway {9}dublin /m);
    expect(stdout).toMatch(/^ {4}planned {2}authorization {3}dublin /m);
  });

  it("prints JSON as its schema says, and nothing beside it", async () => {
    const { stdout, stderr } = await trace("--output", "json");
    expect(stderr).toBe("");
    const data = parsed("trace", stdout);
    expect(data).toMatchObject({ mesh: "bank", ok: true, faults: [] });
    expect(data.traces).toHaveLength(6);
    expect(data.traces[1]).toMatchObject({
      from: { cluster: "dublin", workload: "accounts", namespace: "bank" },
      to: { host: "quotes.bank.global", port: 80 },
    });
  });

  it("prints the same as YAML, and a table for Markdown", async () => {
    const [json, yaml, markdown] = await Promise.all(
      ["json", "yaml", "markdown"].map((output) => trace("-o", output)),
    );
    expect(parse(yaml!.stdout)).toEqual(JSON.parse(json!.stdout));
    const lines = markdown!.stdout.trim().split("\n");
    expect(lines).toHaveLength(8);
    for (const line of lines) expect(line.match(/(?<!\\)\|/g)).toHaveLength(5);
  });

  it.each([
    [["frankfurt"], 3],
    [["accounts"], 4],
    [["accounts.bank"], 4],
    [["dublin/web"], 1],
    [["-", "ledger"], 2],
    [["-", "ledger.bank"], 2],
    [["-", "ledger.bank.global:8443"], 2],
    [["-", "quotes:80"], 4],
    [["frankfurt", "dublin"], 3],
    [["web", "ledger"], 0],
  ])("chooses calls by %j", async (args, count) => {
    const { status, stdout } = await trace(...args, "-o", "json");
    expect([status, parsed("trace", stdout).traces.length]).toEqual([0, count]);
  });

  it.each([
    [["frankfrt"], 'did you mean "frankfurt"?'],
    [["acounts"], 'did you mean "accounts"?'],
    [["-", "qoutes"], 'did you mean "quotes"?'],
    [["-", "qoutes.bank"], 'did you mean "quotes.bank"?'],
    [["-", "ledger:80"], "ledger has no port 80: name one of its ports: 8443"],
    [["-", "ledge:80"], "no service and no cluster is called ledge:80"],
    [["-", "zzzzzzzz"], "known are ledger, quotes, dublin, frankfurt"],
  ])("says of %j what there is", async (args, hint) => {
    const { status, stdout, stderr } = await trace(...args);
    expect([status, stdout, stderr]).toEqual([2, "", expect.stringContaining(hint)]);
  });

  it("takes no file for a caller", async () => {
    const { status, stderr } = await meshspan(["trace", "other.yaml"]);
    expect([status, stderr]).toEqual([2, expect.stringContaining("with --file other.yaml")]);
  });

  it("says which hop is missing, and ends with 4 when it is asked to", async () => {
    const [plain, json, asked, other] = await Promise.all([
      meshspan(["trace", "-f", loopback]),
      meshspan(["trace", "-f", loopback, "-o", "json"]),
      meshspan(["trace", "-f", loopback, "--exit-code"]),
      trace("--exit-code"),
    ]);
    expect([plain.status, json.status, asked.status, other.status]).toEqual([0, 0, 4, 0]);
    expect(plain.stdout).toMatch(/^FAILS {2}accounts .* → MISSING address: /m);
    expect(plain.stderr).toContain("6 fail");
    const data = parsed("trace", json.stdout);
    expect(data.ok).toBe(false);
    expect(data.faults[0]).toMatchObject({ code: "missing_hop", file: loopback });
  });
});
