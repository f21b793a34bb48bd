/** The package's schema, as Pulumi's own code reads it, and SDKs for other languages made of it. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { componentPath } from "./toolchain";

const schemaFile = resolve(__dirname, "../../schema/pulumi-package.json");

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "meshspan-sdks-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("has SDKs with a class for each component, and Python's compiles", () => {
  execFileSync(componentPath("pulumi-gen-sdk"), [schemaFile, folder]);
  const { resources } = JSON.parse(readFileSync(schemaFile, "utf8"));
  for (const token of Object.keys(resources)) {
    const name = token.split(":").at(-1)!;
    const camel = name[0]!.toLowerCase() + name.slice(1);
    expect(readFileSync(join(folder, "nodejs/index.ts"), "utf8")).toContain(`{ ${name}Args`);
    expect(existsSync(join(folder, `go/meshspan/${camel}.go`))).toBe(true);
    expect(readFileSync(join(folder, "python/pulumi_meshspan/__init__.py"), "utf8")).toContain(
      name,
    );
  }
  const compiled = spawnSync("python3", ["-m", "compileall", "-q", join(folder, "python")], {
    encoding: "utf8",
  });
  expect([compiled.status, compiled.stdout]).toEqual([0, ""]);
});

it.each<[string, (schema: any) => void, RegExp]>([
  [
    "a reference to what it hasn't",
    ({ resources }) => {
      const { clusters } = resources["meshspan:index:GlobalDns"].inputProperties;
      clusters.additionalProperties.$ref = "#/resources/meshspan:index:Cluster";
    },
    /GlobalDns.*clusters.*meshspan:index:Cluster/s,
  ],
  [
    "a type that Pulumi hasn't",
    ({ types }) => {
      types["meshspan:index:OwnRoot"].properties.key.type = "text";
    },
    /OwnRoot.*key/s,
  ],
])("%s would be refused", (_what, change, message) => {
  const schema: unknown = JSON.parse(readFileSync(schemaFile, "utf8"));
  change(schema);
  const file = join(folder, "faulty.json");
  writeFileSync(file, JSON.stringify(schema));
  const { status, stderr } = spawnSync(
    componentPath("pulumi-gen-sdk"),
    [file, join(folder, "faulty")],
    { encoding: "utf8" },
  );
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
});
