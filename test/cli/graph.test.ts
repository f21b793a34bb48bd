import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileIn, gitOpsMesh, meshspan, temporaryFolder } from "./run";

const folder = temporaryFolder();

describe("meshspan graph", () => {
  it.each([
    ["svg", /^<svg role="img" [^]*<\/svg>\s*$/],
    ["dot", /^digraph /],
    ["mermaid", /^flowchart LR\n/],
  ])("prints %s", async (format, expected) => {
    const { status, stdout, stderr } = await meshspan(["graph", gitOpsMesh, "--output", format]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(expected);
    expect(stdout).toContain("frankfurt");
  });

  it("writes a file in the language of its name, and leaves it alone while it's the same", async () => {
    const files = ["a.svg", "a.gv", "a.mmd"].map((name) => join(folder, name));
    const draw = () =>
      Promise.all(files.map((out) => meshspan(["graph", gitOpsMesh, "--out", out])));
    const told = (await draw()).map(({ status, stdout, stderr }) => [status, stdout, stderr]);
    expect(told).toEqual(files.map((file) => [0, `wrote ${file}\n`, ""]));
    const starts = files.map((file) => readFileSync(file, "utf8").split(" ")[0]);
    expect(starts).toEqual(["<svg", "digraph", "flowchart"]);
    const times = files.map((file) => statSync(file).mtimeMs);
    await draw();
    expect(files.map((file) => statSync(file).mtimeMs)).toEqual(times);
  });

  it("says in one line where it can't write", async () => {
    const inTheWay = fileIn(folder, "file", "");
    const directory = join(folder, "directory");
    mkdirSync(directory);
    const runs = await Promise.all(
      ["/dev/full", "/proc/none.svg", directory, join(inTheWay, "x.svg")].map((out) =>
        meshspan(["graph", gitOpsMesh, "--output", "svg", "--out", out]),
      ),
    );
    for (const { status, stderr } of runs) {
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/^meshspan: E[A-Z]+: [^\n]*: [^\n]+\n$/),
      ]);
      expect(stderr).not.toContain(".tmp");
    }
  });

  it("writes nothing in a file of another kind, unless the language is said", async () => {
    const out = join(folder, "x.png");
    const { status, stderr } = await meshspan(["graph", gitOpsMesh, "--out", out]);
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/x\.png .*let it end in \.svg, \.dot, .*or say --output svg/),
    ]);
    expect(existsSync(out)).toBe(false);
    await meshspan(["graph", gitOpsMesh, "--out", out, "--output", "dot"]);
    expect(readFileSync(out, "utf8")).toMatch(/^digraph/);
  });

  it("takes a language that it knows only", async () => {
    const { status, stderr } = await meshspan(["graph", gitOpsMesh, "--output", "png"]);
    expect([status, stderr]).toEqual([2, expect.stringContaining("svg, dot, mermaid")]);
  });
});
