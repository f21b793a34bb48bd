import { execFileSync, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { parse } from "yaml";
import { parseMesh } from "../../src";
import { coloured } from "../../src/cli/output";
import { ensureMeshCertificates } from "../../src/pki";
import { leastOf } from "../least";
import { executable, fileIn, gitOpsMesh, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();
const certs = join(folder, "certs");
beforeAll(async () => {
  await ensureMeshCertificates(certs, parseMesh(parse(readFileSync(gitOpsMesh, "utf8"))));
});

/** Every command, by the words that it is called with. */
const commands = [
  "init",
  "validate",
  "trace",
  "graph",
  "render",
  "certs init",
  "certs verify",
  "certs show",
  "certs renew",
  "certs rotate",
  "certs revoke",
  "diff",
  "preview",
  "join",
  "leave",
  "status",
  "explain",
  "schema",
  "completion",
  "demo",
].map((name) => name.split(" "));

describe("meshspan", () => {
  it.each(commands)("has help with examples for %s %s", async (...words) => {
    const { status, stdout, stderr } = await meshspan([...words.filter(Boolean), "--help"]);
    expect([status, stderr]).toEqual([0, ""]);
    const [, examples = ""] = stdout.split("\nExamples:\n");
    expect(examples).toMatch(new RegExp(`^  meshspan ${words.filter(Boolean).join(" ")}`));
    for (const line of examples.trim().split("\n"))
      expect(line).toMatch(/^ *(?:pulumi .* \| )?meshspan /);
  });

  it("lists all of them, and its exit codes", async () => {
    const { stdout } = await meshspan(["--help"]);
    for (const [name] of commands) expect(stdout).toMatch(new RegExp(`^  ${name!} `, "m"));
    expect(stdout).toContain("Exit codes: 0 ");
  });

  it("shows its help in the time in which others do", () => {
    const cost = (args: readonly string[]) => () => {
      const start = performance.now();
      execFileSync(process.execPath, args, { stdio: "ignore" });
      return performance.now() - start;
    };
    const { help, nothing } = leastOf(
      { help: cost([executable, "--help"]), nothing: cost(["-e", "0"]) },
      7,
    );
    // Commander itself takes about half of what node does; one more library, such as zod, as much as node.
    expect(help / nothing).toBeLessThan(4);
  });

  it.each([
    [["validat"], "meshspan: unknown command 'validat': did you mean validate? [usage]\n"],
    [["trace", "--hop"], "meshspan: unknown option '--hop': did you mean --hops? [usage]\n"],
    [
      ["trace", "-o", "xml"],
      "is invalid: allowed choices are text, json, yaml, markdown [usage]\n",
    ],
    [["diff", "main", "-o", "xml"], "text, json, yaml, markdown"],
    [["preview", "-o", "xml"], "text, json, yaml, markdown"],
    [
      ["trace", "-f", "a.yaml", "b", "c", "d"],
      "too many arguments for 'trace': expected 2 arguments but got 3 [usage]\n",
    ],
    [["certs", "ini"], "unknown command 'ini'"],
    [["validate", "--file"], "argument missing: see meshspan validate --help [usage]\n"],
    [
      ["certs", "show", "--bogus"],
      "unknown option '--bogus': see meshspan certs show --help [usage]\n",
    ],
    [["certs"], "meshspan: a command is missing: see meshspan certs --help [usage]\n"],
  ])("says what is wrong with %j", async (args, message) => {
    const { status, stdout, stderr } = await meshspan(args);
    expect([status, stdout, stderr]).toEqual([2, "", expect.stringContaining(message)]);
  });

  it("says so as JSON where that is asked for", async () => {
    const [option, file] = await Promise.all([
      meshspan(["trace", "--hop", "-o", "json"]),
      meshspan(["trace", "--output=json", "-f", "none.yaml"]),
    ]);
    expect(parsed("errors", option.stderr).errors).toEqual([
      { code: "usage", path: [], message: "unknown option '--hop'", hint: "did you mean --hops?" },
    ]);
    expect(parsed("errors", file.stderr).errors[0].code).toBe("file_not_found");
    expect([option.status, file.status]).toEqual([2, 1]);
  });

  it.each([
    ["trace"],
    ["graph"],
    ["render", "--stdout"],
    ["certs", "show"],
    ["join", "203.0.113.30"],
    ["leave", "west"],
  ])("reads the description alike in %s %s", async (...words) => {
    const args = words.filter(Boolean);
    const faulty = fileIn(folder, "faulty.yaml", "name: x\nclusters: 3\n");
    const [missing, directory, fault] = await Promise.all(
      [`${folder}/none.yaml`, folder, faulty].map((file) => meshspan([...args, "-f", file])),
    );
    expect([missing!.status, directory!.status, fault!.status]).toEqual([1, 1, 3]);
    expect([missing!.stdout, directory!.stdout, fault!.stdout]).toEqual(["", "", ""]);
    expect(missing!.stderr).toMatch(/^meshspan: there is no file .*meshspan init .*\n$/);
    expect(directory!.stderr).toMatch(/^meshspan: .* is a folder: .*\n$/);
    expect(fault!.stderr).toBe(
      `${faulty}:2:11 clusters: 3 is a number: write clusters as a map from names to descriptions [wrong_type]\n`,
    );
  });

  it.each([
    ["trace", "-f", gitOpsMesh],
    ["validate", gitOpsMesh],
    ["graph", gitOpsMesh],
    ["render", gitOpsMesh, "--stdout"],
    ["diff", gitOpsMesh, gitOpsMesh],
    ["preview", fileIn(folder, "preview.json", '{"steps": []}')],
    ["leave", "dublin", "-f", gitOpsMesh, "--dry-run", "--with-services"],
    ["certs", "show", "-f", gitOpsMesh, "--certs", certs],
    ["certs", "verify", "-f", gitOpsMesh, "--certs", certs],
    ["completion", "zsh"],
    ["schema"],
  ])(
    "fails in words in %s when its output has nowhere to go, and ends quietly when nobody reads on",
    async (...words) => {
      const args = words.filter(Boolean);
      const full = openSync("/dev/full", "w");
      const { status, stderr } = await meshspan(args, { stdout: full });
      closeSync(full);
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/^meshspan: ENOSPC: .*: make room on the disk \[system_error\]$/m),
      ]);
      expect(stderr).not.toContain("    at ");

      const child = spawn(process.execPath, [executable, ...args], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      child.stdout.destroy();
      let said = "";
      child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
      expect(said).not.toMatch(/EPIPE| {4}at /);
    },
  );

  it("has colours on a terminal that shows them alone", () => {
    const stream = (hasColors: boolean) =>
      Object.assign(new PassThrough(), { hasColors: () => hasColors });
    expect(coloured("green", "ok", stream(true))).toBe("\u001b[32mok\u001b[39m");
    expect(coloured("green", "ok", stream(false))).toBe("ok");
    expect(coloured("green", "ok", new PassThrough())).toBe("ok");
  });
});
