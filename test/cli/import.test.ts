/** `meshspan import`: what it writes is a description, and what it prints says how near that comes. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { safeParseMeshYaml } from "../../src";
import { exact, exactImported, exactWorkloads, importedRows } from "../handBuilt";
import { meshspan, parsed } from "./run";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meshspan-import-"));
  const { east, west } = exact();
  writeFileSync(join(folder, "east.yaml"), east);
  writeFileSync(join(folder, "west.yaml"), `${west}---${exactWorkloads}`);
});
afterEach(() => rmSync(folder, { recursive: true }));

const paths = ["east=east.yaml", "west=west.yaml"];
const run = (...words: readonly string[]) => meshspan(["import", ...words], { cwd: folder });

it("writes a description that is valid, and refuses to write over one", async () => {
  const { status, stdout } = await run(...paths, "--name", "lab");
  expect(status).toBe(0);
  expect(stdout).toMatch(/^wrote mesh\.yaml: mesh lab, 2 clusters, 2 global services\n/);
  expect(stdout).toContain(
    "  kubectl --context east -n default delete destinationrule.networking.istio.io/far-tls\n",
  );
  const text = readFileSync(join(folder, "mesh.yaml"), "utf8");
  expect(safeParseMeshYaml(text).ok).toBe(true);
  const again = await run(...paths, "--name", "lab");
  expect(again.status).toBe(1);
  expect(again.stderr).toContain("mesh.yaml is there already, and stays as it is");
});

it("prints JSON as its schema says", async () => {
  const { status, stdout } = await run(...paths, "--output", "json");
  expect(status).toBe(0);
  const { objects } = parsed("import", stdout);
  expect(objects).toHaveLength(16);
  expect(importedRows(objects)).toEqual(exactImported);
});

it("prints the description alone, and says beside it what became of each object", async () => {
  const { status, stdout, stderr } = await run(...paths, "--file", "-");
  expect(status).toBe(0);
  expect(safeParseMeshYaml(stdout).ok).toBe(true);
  expect(stderr).toContain("not expressed, and left alone:\n");
  const both = await run(...paths, "--file", "-", "--output", "json");
  expect([both.status, both.stdout]).toEqual([2, ""]);
  expect(both.stderr).toContain("name a file for the description");
});

it("writes nothing where a file can't be read", async () => {
  writeFileSync(join(folder, "east.yaml"), "kind: {");
  const { status, stderr } = await run(...paths);
  expect(status).toBe(3);
  expect(stderr).toMatch(/^east\.yaml:1:\d+ /);
  expect(existsSync(join(folder, "mesh.yaml"))).toBe(false);
});

describe("says how to name clusters", () => {
  it("where nothing is named", async () => {
    const { status, stderr } = await run();
    expect(status).toBe(2);
    expect(stderr).toContain("neither files nor clusters are named");
  });

  it("where there is no such context", async () => {
    writeFileSync(join(folder, "config"), "apiVersion: v1\nkind: Config\n");
    const { status, stderr } = await run("--kubeconfig", "config", "--context", "east=kind-est");
    expect(status).toBe(2);
    expect(stderr).toContain('there is no context "kind-est" for cluster east');
  });
});

it("counts what was read for what it shows, and names the rest", async () => {
  const { stdout } = await run(...paths);
  expect(stdout).toContain(
    "  west 1 Namespace, 3 Deployments, 3 Services that were read for what they show [kind_not_made]\n",
  );
  expect(stdout).toContain("  east networking.istio.io/ServiceEntry/default/outside\n");
});
