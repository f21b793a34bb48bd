import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileIn, meshspan, temporaryFolder } from "./run";

const folder = temporaryFolder();
mkdirSync(join(folder, "certs"));
const scripts: Record<string, string> = {};

/** Whether a shell is on this machine. */
const has = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0;

/** What bash proposes at the end of a line. */
function bash(...line: readonly string[]): readonly string[] {
  const script = fileIn(folder, "complete.bash", scripts.bash!);
  const words = ["meshspan", ...line].map((word) => `'${word}'`).join(" ");
  const program = `. ${script}; COMP_WORDS=(${words}); COMP_CWORD=${line.length}; _meshspan; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = spawnSync("bash", ["--norc", "-c", program], {
    encoding: "utf8",
    cwd: folder,
  });
  return stdout.split("\n").filter(Boolean);
}

describe("meshspan completion", () => {
  beforeAll(async () => {
    const shells = ["bash", "zsh", "fish"];
    const runs = await Promise.all(shells.map((shell) => meshspan(["completion", shell])));
    for (const [index, { status, stderr, stdout }] of runs.entries()) {
      expect([status, stderr]).toEqual([0, ""]);
      scripts[shells[index]!] = stdout;
    }
  });

  it.each([
    [["va"], ["validate"]],
    [
      ["certs", ""],
      ["init", "verify", "show", "-h", "--help"],
    ],
    [["certs", "show", "--o"], ["--output"]],
    [["graph", "--format", "d"], ["dot"]],
    [
      ["trace", "-o", ""],
      ["text", "json", "yaml", "markdown"],
    ],
    [["completion", "f"], ["fish"]],
    [["certs", "init", "--certs", "c"], ["certs"]],
    [
      ["trace", "east", "--h"],
      ["--hops", "--help"],
    ],
    [["init", "--name", ""], []],
  ])("has bash complete %j", (line, expected) => {
    expect(bash(...line)).toEqual(expected);
  });

  it.each(["bash", "zsh", "fish"])("knows every command and its options in %s", (shell) => {
    const script = scripts[shell]!;
    for (const word of ["validate", "verify", "exit-code", "argo-cd", "mermaid", "markdown"])
      expect(script).toContain(word);
    expect(script).not.toMatch(/undefined|\[object/);
    if (!has(shell)) return;
    const file = fileIn(folder, `script.${shell}`, script);
    expect(spawnSync(shell, ["-n", file], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
  });

  it("says which shells it knows", async () => {
    const { status, stderr } = await meshspan(["completion", "tcsh"]);
    expect([status, stderr]).toEqual([2, expect.stringContaining("bash, zsh, fish")]);
  });
});
