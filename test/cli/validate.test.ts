import { join } from "node:path";
import { fileIn, gitOpsMesh, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();
const faulty = fileIn(
  folder,
  "faulty.yaml",
  `name: shop
clusters:
  east: { provder: kind }
services:
  pay.default:
    ports: [{ name: http, port: 80, protocol: HTTP }]
    serviceAccount: pay
    servedBy: [eats]
`,
);
const broken = fileIn(folder, "broken.yaml", "name: shop\nclusters: { east: [\n");
const empty = fileIn(folder, "empty.yaml", "");
const binary = fileIn(folder, "binary.yaml", Buffer.from([0xff, 0xfe, 0x00]));

describe("meshspan validate", () => {
  it("says what a good description describes, and what it opens", async () => {
    const { status, stdout, stderr } = await meshspan(["validate", gitOpsMesh]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n")).toEqual([
      `${gitOpsMesh}: ok, mesh bank: 2 clusters, 2 global services`,
      '  open clusters dublin, frankfurt: the gateway takes connections from any address: list the ranges that peers come from, such as allowFrom: ["203.0.113.0/24"] [gateway_open]',
      "",
    ]);
  });

  it("says nothing more of one that opens no more than it has to, and a line of many that are alike", async () => {
    const service = (name: string, more: string) =>
      `  ${name}.default: { ports: [{ name: tcp, port: 80, protocol: TCP }], serviceAccount: a, servedBy: [east]${more} }\n`;
    const head = `name: shop\nclusters: { east: { gateway: { allowFrom: [192.0.2.0/24] } } }\nservices:\n`;
    const narrow = fileIn(folder, "narrow.yaml", head + service("a", ", callers: [b.default]"));
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const wide = fileIn(folder, "wide.yaml", head + names.map((one) => service(one, "")).join(""));
    const { stdout } = await meshspan(["validate", narrow, wide]);
    expect(stdout.split("\n")).toEqual([
      `${narrow}: ok, mesh shop: 1 cluster, 1 global service`,
      `${wide}: ok, mesh shop: 1 cluster, 7 global services`,
      "  open services a.default, b.default, c.default, d.default, e.default and 2 more: every identity of the mesh may call it: list who calls it: callers: [<serviceaccount>.<namespace>] [callers_open]",
      "",
    ]);
  });

  it("reads mesh.yaml where no file is named", async () => {
    fileIn(folder, "mesh.yaml", "name: shop\nclusters: { east: {} }\n");
    const { status, stdout } = await meshspan(["validate"], { cwd: folder });
    expect([status, stdout.split("\n")[0]]).toEqual([
      0,
      "mesh.yaml: ok, mesh shop: 1 cluster, 0 global services",
    ]);
  });

  it("prints every fault with its line, its path, its hint and its code", async () => {
    const { status, stdout, stderr } = await meshspan(["validate", faulty]);
    expect([status, stderr]).toEqual([3, ""]);
    expect(stdout.split("\n")).toEqual([
      `${faulty}:3:11 clusters.east.provder: "provder" is not a key here: did you mean "provider"? [unknown_key]`,
      `${faulty}:8:16 services["pay.default"].servedBy[0]: there is no cluster "eats": did you mean "east"? [unknown_cluster]`,
      `${faulty}: 2 faults`,
      "",
    ]);
  });

  it("prints the same as JSON", async () => {
    const { status, stdout } = await meshspan(["validate", gitOpsMesh, faulty, "-o", "json"]);
    const data = parsed("validate", stdout);
    expect([status, data.ok]).toEqual([3, false]);
    expect(data.files[0]).toEqual({
      file: gitOpsMesh,
      ok: true,
      mesh: {
        name: "bank",
        clusters: ["dublin", "frankfurt"],
        services: ["ledger.bank", "quotes.bank"],
      },
      faults: [],
      exposures: ["dublin", "frankfurt"].map((cluster) => ({
        code: "gateway_open",
        path: ["clusters", cluster, "gateway", "allowFrom"],
        message: "the gateway takes connections from any address",
        hint: 'list the ranges that peers come from, such as allowFrom: ["203.0.113.0/24"]',
        file: gitOpsMesh,
        line: cluster === "dublin" ? 14 : 10,
        column: 14,
      })),
      needs: [],
    });
    expect(data.files[1].faults[1]).toEqual({
      code: "unknown_cluster",
      path: ["services", "pay.default", "servedBy", 0],
      message: 'there is no cluster "eats"',
      hint: 'did you mean "east"?',
      file: faulty,
      line: 8,
      column: 16,
    });
  });

  it("says what files of it need, where no clusters are asked", async () => {
    const service = `{ ports: [{ name: http, port: 80, protocol: HTTP }], serviceAccount: pay, servedBy: [west, made] }`;
    const file = fileIn(
      folder,
      "late.yaml",
      `name: late\nclusters: { west: {}, made: { provider: kind } }\nservices: { pay.default: ${service} }\n`,
    );
    const { status, stdout } = await meshspan(["validate", file]);
    expect(status).toBe(0);
    expect(stdout.match(/^ {2}needed .*$/gm)).toEqual([
      `  needed cluster west: files need the gateway's address, and it is missing: add the address at which other clusters reach this gateway, such as "203.0.113.10" [gateway_address_needed]`,
    ]);
    const render = await meshspan(["render", file, "--out", join(folder, "late")]);
    expect([render.status, render.stderr]).toEqual([
      3,
      expect.stringContaining("[gateway_address_needed]"),
    ]);
  });

  it("prints YAML, and a table for Markdown", async () => {
    const [yaml, markdown, good] = await Promise.all([
      meshspan(["validate", faulty, "-o", "yaml"]),
      meshspan(["validate", faulty, "-o", "markdown"]),
      meshspan(["validate", gitOpsMesh, "-o", "markdown"]),
    ]);
    expect(yaml.stdout).toContain("      - code: unknown_key\n");
    expect(markdown.stdout).toMatch(/^\| where \| what \| how to mend it \| code \|\n\| --- /);
    expect(markdown.stdout.split("\n")).toHaveLength(5);
    expect([markdown.status, good.status, good.stdout]).toEqual([
      3,
      0,
      expect.stringMatching(/^- .*: no faults\n {2}- open: clusters dublin, frankfurt: [^\n]*\n$/),
    ]);
  });

  it("reads standard input", async () => {
    const { status, stdout } = await meshspan(["validate", "-"], {
      input: "name: x\nclusters: 3\n",
    });
    expect([status, stdout]).toEqual([
      3,
      expect.stringMatching(/^stdin:2:11 clusters: 3 is a number/),
    ]);
  });

  it.each([
    ["YAML that is none", broken, 3, "yaml_syntax"],
    ["an empty file", empty, 3, "wrong_type"],
    ["bytes that are no text", binary, 1, "file_unreadable"],
    ["a file that isn't there", `${folder}/none.yaml`, 1, "file_not_found"],
    ["a folder", folder, 1, "file_unreadable"],
    ["a file below a file", `${empty}/x`, 1, "file_unreadable"],
  ])("has one fault for %s", async (_what, file, status, code) => {
    const [text, json] = await Promise.all([
      meshspan(["validate", file]),
      meshspan(["validate", file, "-o", "json"]),
    ]);
    expect([text.status, json.status, text.stderr]).toEqual([status, status, ""]);
    expect(text.stdout).not.toMatch(/ {4}at |undefined/);
    const { faults } = parsed("validate", json.stdout).files[0];
    expect(faults).toMatchObject([{ code, file, hint: expect.stringMatching(/./) }]);
  });
});
