import { readFileSync } from "node:fs";
import { fileIn, gitOpsMesh, meshspan, temporaryFolder } from "./run";
import { onTerminal } from "./terminal";

const folder = temporaryFolder();
fileIn(folder, "mesh.yaml", readFileSync(gitOpsMesh));
const changed = fileIn(
  folder,
  "changed.yaml",
  readFileSync(gitOpsMesh, "utf8").replace("203.0.113.20", "203.0.113.99"),
);
const faulty = fileIn(folder, "faulty.yaml", "name: x\nclusters: 3\n");

describe("meshspan on a terminal", () => {
  it.each([
    [["validate"], "\u001b[32mok\u001b[39m"],
    [["validate", faulty], "\u001b[31m1 fault\u001b[39m"],
    [["trace"], "\u001b[32mok   \u001b[39m"],
    [["diff", "mesh.yaml", changed], "\u001b[31mhigh risk\u001b[39m"],
  ])("has colours for %j, and none with NO_COLOR", async (args, coloured) => {
    const [usual, plain, dumb, piped] = await Promise.all([
      onTerminal(args, { cwd: folder, columns: 500 }),
      onTerminal(args, { cwd: folder, columns: 500, env: { NO_COLOR: "1" } }),
      onTerminal(args, { cwd: folder, columns: 500, env: { TERM: "dumb" } }),
      meshspan(args, { cwd: folder }),
    ]);
    expect(usual.raw).toContain(coloured);
    expect(plain.raw + dumb.raw).not.toContain("\u001b");
    // The same words everywhere.
    const words = (text: string) => text.trimEnd().split(/\r?\n/).sort();
    expect(words(usual.screen)).toEqual(words(piped.stdout + piped.stderr));
    expect(words(plain.raw)).toEqual(words(usual.screen));
  });

  it.each([
    [["init"], 1],
    [["init", "new.yaml"], 0],
    [["validate"], 0],
    [["validate", "none.yaml"], 1],
    [["trace"], 0],
    [["graph", "--output", "dot"], 0],
    [["render"], 2],
    [["render", "--out", "manifests"], 0],
    [["certs", "init"], 0],
    [["certs", "verify"], 0],
    [["certs"], 2],
    [["diff", "mesh.yaml", "changed.yaml"], 0],
    [["preview"], 2],
    [["schema", "errors"], 0],
    [["completion", "bash"], 0],
    [["demo", "--out", "demo"], 0],
    [[], 2],
  ])("asks nothing in %j", async (args, status) => {
    const run = await onTerminal(args, { cwd: folder, timeout: 45 });
    expect([run.status, run.screen]).toEqual([status, expect.stringMatching(/\S/)]);
  });
});
