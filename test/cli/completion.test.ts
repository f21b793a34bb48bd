import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileIn, meshspan, temporaryFolder } from "./run";

const folder = temporaryFolder();
mkdirSync(join(folder, "work/certs"), { recursive: true });
fileIn(join(folder, "work"), "mesh.yaml", "");
const scripts: Record<string, string> = {};

/** Whether a shell is on this machine. */
const has = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0;
const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

const lines = (text: string) => text.split("\n").filter(Boolean).sort();

/** What each shell proposes at the end of a line, by its own means as far as these work without a terminal. */
const proposals: Readonly<Record<Shell, (line: readonly string[]) => readonly string[]>> = {
  bash: (line) => {
    // As readline cuts a line: at "=" too.
    const cut = line.flatMap((word) => word.split(/(?<==)|(?==)/));
    const words = ["meshspan", ...cut].map((word) => `'${word}'`).join(" ");
    const call = `COMP_WORDS=(${words}); COMP_CWORD=${cut.length}; _meshspan`;
    return run("bash", ["--norc", "-c"], `${call}; printf '%s\\n' "\${COMPREPLY[@]}"`);
  },
  zsh: (line) => {
    const words = ["meshspan", ...line].map((word) => `'${word}'`).join(" ");
    const standIns = `
compdef() { : }
starting() { print -rl -- "\${(M)@:#\${words[CURRENT]}*}" }
_describe() { local -a all=("\${(@P)2%%:*}"); all=(\${(M)all:#\${words[CURRENT]}*}); (( $#all )) && print -rl -- $all }
compadd() { shift; starting "$@" }
compset() { words[CURRENT]=\${words[CURRENT]#*=} }
_files() { if [[ $1 == -/ ]]; then starting *(/N); else starting *(N); fi }`;
    const call = `words=(${words}); CURRENT=$#words; _meshspan`;
    return run("zsh", ["-f", "-c"], call, standIns);
  },
  fish: (line) => {
    const found = run("fish", ["--no-config", "-c"], `complete -C 'meshspan ${line.join(" ")}'`);
    // Words are followed by what they are, folders by "/".
    return found.map((one) => one.replace(/\t.*$/, "").replace(/\/$/, ""));
  },
};

function run(
  shell: Shell,
  options: readonly string[],
  call: string,
  before = "",
): readonly string[] {
  const script = fileIn(folder, `complete.${shell}`, scripts[shell]!);
  const { stdout, stderr } = spawnSync(shell, [...options, `${before}\n. ${script}\n${call}`], {
    encoding: "utf8",
    cwd: join(folder, "work"),
    env: { ...process.env, HOME: folder },
  });
  expect(stderr).toBe("");
  return lines(stdout);
}

describe("meshspan completion", () => {
  beforeAll(async () => {
    const runs = await Promise.all(shells.map((shell) => meshspan(["completion", shell])));
    for (const [index, { status, stderr, stdout }] of runs.entries()) {
      expect([status, stderr]).toEqual([0, ""]);
      scripts[shells[index]!] = stdout;
    }
  });

  it("is tried in every shell where all of them are required", () => {
    const isRequired = process.env.MESHSPAN_REQUIRE_SHELLS === "1";
    expect(isRequired ? shells.filter((shell) => !has(shell)) : []).toEqual([]);
  });

  describe.each(shells.filter(has))("in %s", (shell) => {
    it.each([
      [["va"], ["validate"]],
      [
        ["certs", ""],
        ["init", "renew", "revoke", "rotate", "show", "verify"],
      ],
      [["certs", "show", "--o"], ["--output"]],
      [["graph", "--output", "d"], ["dot"]],
      [
        ["trace", "-o", ""],
        ["text", "json", "yaml", "markdown"],
      ],
      [["completion", "f"], ["fish"]],
      [["certs", "init", "--certs", "c"], ["certs"]],
      [["graph", "--out", "m"], ["mesh.yaml"]],
      [
        ["trace", "east", "--h"],
        ["--hops", "--help"],
      ],
      [["init", "--name", ""], []],
    ])("completes %j", (line, expected) => {
      expect(proposals[shell](line)).toEqual([...expected].sort());
    });

    it("completes a value after =", () => {
      const found = proposals[shell](["diff", "main", "--output=y"]);
      expect(found.map((word) => word.replace("--output=", ""))).toEqual(["yaml"]);
    });

    it("has a script without faults", () => {
      const file = fileIn(folder, `script.${shell}`, scripts[shell]!);
      expect(spawnSync(shell, ["-n", file], { encoding: "utf8" })).toMatchObject({
        status: 0,
        stderr: "",
      });
    });
  });

  it.each(shells)("knows every command and its options in %s", (shell) => {
    const script = scripts[shell]!;
    for (const word of ["validate", "verify", "exit-code", "argo-cd", "mermaid", "markdown"])
      expect(script).toContain(word);
    expect(script).not.toMatch(/undefined|\[object/);
  });

  it("says which shells it knows", async () => {
    const { status, stderr } = await meshspan(["completion", "tcsh"]);
    expect([status, stderr]).toEqual([2, expect.stringContaining("bash, zsh, fish")]);
  });
});
