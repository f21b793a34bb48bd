import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { safeParseMeshYaml } from "../../src";
import { fileIn, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();

function meshOf(text: string) {
  const result = safeParseMeshYaml(text);
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.mesh;
}

describe("meshspan init", () => {
  it("writes a mesh.yaml with comments that parses, and says what comes next", async () => {
    const cwd = join(folder, "new");
    mkdirSync(cwd);
    const { status, stdout, stderr } = await meshspan(["init"], { cwd });
    expect([status, stdout]).toEqual([0, "wrote mesh.yaml\n"]);
    expect(stderr).toContain("meshspan validate && meshspan trace\n");
    const text = readFileSync(join(cwd, "mesh.yaml"), "utf8");
    expect(text).toMatch(/^# yaml-language-server: \$schema=.*\/mesh\.schema\.json\n/);
    expect(meshOf(text).clusters.map(({ name }) => name)).toEqual(["east", "west"]);
    const commented = text.replace(/^# (?=(?:trust|istio| ))/gm, "");
    expect(meshOf(commented).trust.issuer).toBe("cert-manager");
  });

  it.each([
    ["one cluster", "solo", ["alone"]],
    ["names that YAML reads as something else", "on", ["no", "0x10", "1e3"]],
    ["as many as it takes", "many", Array.from({ length: 25 }, (_, index) => `c${index}`)],
  ])("takes %s", async (_what, name, clusters) => {
    const args = ["init", "-", "--name", name, "--clusters", clusters.join(", ")];
    const { status, stdout } = await meshspan(args);
    expect(status).toBe(0);
    const mesh = meshOf(stdout);
    expect([mesh.name, mesh.clusters.map((cluster) => cluster.name)]).toEqual([
      name,
      [...clusters].sort(),
    ]);
  });

  it("replaces a file only when it is to", async () => {
    const file = fileIn(folder, "kept.yaml", "name: kept\n");
    const refused = await meshspan(["init", file]);
    expect([refused.status, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toBe(
      `meshspan: ${file} is there already, and stays as it is: name another, or replace it with --force [file_exists]\n`,
    );
    expect(readFileSync(file, "utf8")).toBe("name: kept\n");
    const forced = await meshspan(["init", file, "--force", "--name", "shop", "-o", "json"]);
    expect(parsed("init", forced.stdout)).toEqual({
      file,
      name: "shop",
      clusters: ["east", "west"],
    });
    expect([forced.stderr, meshOf(readFileSync(file, "utf8")).name]).toEqual(["", "shop"]);
  });

  it.each([
    [["--name", "Shop"], 2, 'name: "Shop" is not a DNS label'],
    [["--clusters", "east,West"], 2, 'clusters.West: "West" is not a DNS label'],
    [["--clusters", "east,,west"], 2, "such as east,west"],
    [["--clusters", "east,east"], 2, '"east" is there twice'],
    [["/proc/none/mesh.yaml"], 1, "there is no folder /proc/none: make it, or choose another"],
    [["/dev/full", "--force"], 1, "ENOSPC"],
    [["a.yaml", "-f", "b.yaml"], 2, "two descriptions are named"],
    [["-", "--output", "yaml"], 2, "name a file for the description"],
  ])("refuses %j", async (args, expected, message) => {
    const { status, stdout, stderr } = await meshspan(["init", ...args], { cwd: folder });
    expect([status, stdout, stderr]).toEqual([expected, "", expect.stringContaining(message)]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
