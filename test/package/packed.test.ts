/** The package as npm packs it, in projects that have only what they need, on each Node that is there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nodes } from "../../scripts/nodes.cjs";
import { combinations, type Combination, peers, programOf } from "./combinations";
import { pack, type Packed, PackedProject, repository } from "./packedProject";

/** Whether the registry may be asked, and every Node has to be there. */
const isOnline = process.env.MESHSPAN_ONLINE === "1";
const there = nodes().flatMap(({ line, path }) => (path === undefined ? [] : [{ line, path }]));
const missing = nodes().flatMap(({ line, path }) => (path === undefined ? [line] : []));

let packed: Packed;
beforeAll(() => {
  packed = pack();
});
afterAll(() => packed.remove());

it("is tried on every line of Node that it's for", () => {
  if (missing.length > 0 && !isOnline)
    process.stderr.write(`not tried on Node ${missing.join(", ")}: npm run nodes installs them\n`);
  if (isOnline) expect(missing).toEqual([]);
  expect(there.length).toBeGreaterThan(0);
});

describe("the tarball", () => {
  it("has what users need, and nothing of what makes it", () => {
    const kinds = new Set(
      packed.files.map((path) =>
        path.replace(/^(dist|docs|schema)\/.*?(\.d\.ts|\.\w+)$/, "$1/*$2"),
      ),
    );
    expect([...kinds].sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "SECURITY.md",
      "dist/*.d.ts",
      "dist/*.js",
      "docs/*.md",
      "docs/*.svg",
      "package.json",
      "schema/*.json",
    ]);
  });

  it("has nothing of sources that are gone", () => {
    const stale = packed.files
      .filter((path) => path.startsWith("dist/"))
      .map((path) => path.replace(/^dist/, "src").replace(/\.(?:d\.ts|js)$/, ".ts"))
      .filter((path) => !existsSync(join(repository, path)));
    expect(stale).toEqual([]);
  });

  it("weighs little", () => {
    expect(packed.size).toBeLessThan(900_000);
    expect(packed.unpackedSize).toBeLessThan(3_400_000);
  });
});

describe.each(combinations)("with $name alone", (combination) => {
  let project: PackedProject;
  beforeAll(() => {
    project = new PackedProject(packed, combination.packages);
    project.write("main.cjs", programOf(combination, "commonjs"));
    project.write("main.mjs", programOf(combination, "module"));
  });
  afterAll(() => project.remove());

  describe.each(there)("on Node $line", ({ path }) => {
    it.each(["main.cjs", "main.mjs"])("runs as %s", (file) => {
      expect(project.run(path, file)).toMatchObject({
        status: 0,
        stdout: `${combination.prints}\n`,
        stderr: "",
      });
    });
  });

  it("has the same names for import as for require", () => {
    project.write("names.mjs", namesScript(combination.entries));
    const { stdout, stderr } = project.run(process.execPath, "names.mjs");
    expect(stderr).toBe("");
    for (const [entry, { imported, required }] of Object.entries(
      JSON.parse(stdout) as Record<string, Record<"imported" | "required", string[]>>,
    )) {
      expect([entry, imported]).toEqual([entry, required]);
      expect(required.length).toBeGreaterThan(0);
    }
  });

  it("doesn't load what other frameworks are for", () => {
    for (const entry of peers.filter((name) => !combination.entries.includes(name))) {
      const { status, stderr } = project.run(process.execPath, "-e", `require("${entry}")`);
      expect([entry, status]).toEqual([entry, 1]);
      expect(stderr).toMatch(/Cannot find module '(?:cdk8s|constructs|@pulumi\/\w+)'/);
    }
  });

  describe.each([
    ["bundler", "esnext", ["main.ts"]],
    ["node16", "node16", ["main.cts", "main.mts"]],
  ])("with moduleResolution %s", (moduleResolution, module, files) => {
    it("has types", () => {
      const typed = new PackedProject(packed, [...combination.packages, ...combination.types]);
      try {
        for (const file of files) typed.write(file, typedProgram(combination));
        typed.write("tsconfig.json", tsconfig(combination, { moduleResolution, module }, files));
        const compiler = join(repository, "node_modules/typescript/bin/tsc");
        expect(typed.run(process.execPath, compiler, "-p", ".")).toEqual({
          status: 0,
          stdout: "",
          stderr: "",
        });
      } finally {
        typed.remove();
      }
    });
  });
});

it("has a command that runs where nothing else is installed", () => {
  const project = new PackedProject(packed, []);
  try {
    for (const { path } of there) {
      const main = join(project.installed, "dist/cli/main.js");
      expect(project.run(path, main, "init", "--force").status).toBe(0);
      const { status, stdout } = project.run(path, main, "trace");
      expect([status, stdout]).toEqual([0, expect.stringContaining("→")]);
    }
  } finally {
    project.remove();
  }
});

describe("installed by npm", () => {
  if (!isOnline) {
    it("isn't tried without the registry", () => {
      process.stderr.write("not installed from the registry: MESHSPAN_ONLINE=1 does\n");
    });
    return;
  }

  let project: PackedProject;
  beforeEach(() => {
    project = new PackedProject(packed, []);
  });
  afterEach(() => project.remove());

  it("brings neither Pulumi nor cdk8s into an empty project", () => {
    expect(project.install(packed)).toBe("");
    const installed = readdirSync(join(project.folder, "node_modules"));
    expect(installed).toContain("meshspan");
    expect(installed.filter((name) => /^(?:@pulumi|cdk8s|constructs)$/.test(name))).toEqual([]);
    const lock = readFileSync(join(project.folder, "package-lock.json"), "utf8");
    const { packages } = JSON.parse(lock) as { readonly packages: object };
    expect(Object.keys(packages).length).toBeLessThan(150);
    expect(project.run("node_modules/.bin/meshspan", "init").status).toBe(0);
  });

  it("compiles and runs with the lowest versions that it takes, of peers and of TypeScript", () => {
    const lowest = Object.entries(ranges()).map(([name, range]) => `${name}@${range.slice(1)}`);
    const compilers = [`typescript@~${lowestTypeScript()}.0`, "@types/node@20"];
    expect(project.install(packed, ...lowest, ...compilers)).toBe("");

    const files = combinations.map((combination, index) => {
      project.write(`${index}.cts`, typedProgram(combination));
      return `${index}.cts`;
    });
    const resolution = { moduleResolution: "node16", module: "node16" };
    const options = { target: "es2022", noEmit: true, strict: true, types: ["node"] };
    project.write(
      "tsconfig.json",
      JSON.stringify({ compilerOptions: { ...options, ...resolution }, files }),
    );
    // All declarations are checked; those of this package miss names of their own.
    const faults = project
      .run("node_modules/.bin/tsc")
      .stdout.split("\n")
      .filter((line) => line !== "" && !line.startsWith("node_modules/@pulumi/policy/"));
    expect(faults).toEqual([]);

    combinations.forEach((combination, index) => {
      project.write(`${index}.run.cjs`, programOf(combination, "commonjs"));
      const { status, stdout } = project.run(process.execPath, `${index}.run.cjs`);
      expect([status, stdout]).toEqual([0, `${combination.prints}\n`]);
    });
  });
});

/** What package.json says of peers. */
function ranges(): Readonly<Record<string, string>> {
  const manifest = readFileSync(join(repository, "package.json"), "utf8");
  return (JSON.parse(manifest) as { peerDependencies: Record<string, string> }).peerDependencies;
}

/** Line of TypeScript that docs/versioning.md promises. */
function lowestTypeScript(): string {
  const page = readFileSync(join(repository, "docs/versioning.md"), "utf8");
  return /^\| TypeScript +\| (\d+\.\d+) and later/m.exec(page)?.[1] ?? "";
}

/** Prints the names of each entry point, as `import` and `require` have them. */
function namesScript(entries: readonly string[]): string {
  return `
    import { createRequire } from "node:module";
    const require = createRequire(import.meta.url);
    const names = {};
    for (const entry of ${JSON.stringify(entries)}) {
      const imported = Object.keys(await import(entry)).filter((name) => !["__esModule", "default", "module.exports"].includes(name));
      names[entry] = { imported: imported.sort(), required: Object.keys(require(entry)).sort() };
    }
    console.log(JSON.stringify(names));`;
}

/** The program, and a mistake that only real types find: where they resolve to \`any\`, there is nothing to expect. */
function typedProgram(combination: Combination): string {
  return `${programOf(combination, "types")}
import { safeParseMesh } from "meshspan";
{
  const result = safeParseMesh({});
  // @ts-expect-error There is no mesh where there are issues.
  done(result.mesh.name);
}
`;
}

function tsconfig(
  { types }: Combination,
  resolution: { readonly moduleResolution: string; readonly module: string },
  files: readonly string[],
): string {
  return JSON.stringify({
    compilerOptions: {
      ...resolution,
      target: "es2023",
      lib: ["es2023", ...(types.length === 0 ? ["dom"] : [])],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      // Declarations are checked too, once; Pulumi's take half a minute, and some don't compile by themselves.
      skipLibCheck: resolution.moduleResolution === "bundler" || types.length > 0,
      types: types.map((name) => name.replace("@types/", "")),
    },
    files,
  });
}
