import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { ESLint } from "eslint";
import { parseMesh, planMesh, topologyOf, toDot } from "../src";
import { shopMesh } from "../src/demo";
import { renderSvg } from "../src/render/svg";
import { fileIn, meshspan, temporaryFolder } from "./cli/run";
import { samplePlan } from "./core/sampleMesh";

const root = join(__dirname, "..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly exports: Record<string, string | Record<string, string>>;
  readonly bin: Record<string, string>;
};

/** Names of packages that a script loads, run by node over the built files. */
function packagesLoadedBy(script: string): readonly string[] {
  const print = "console.log(JSON.stringify(Object.keys(require.cache)))";
  const files = JSON.parse(
    execFileSync(process.execPath, ["-e", `${script};${print}`], { cwd: root, encoding: "utf8" }),
  ) as readonly string[];
  const names = files.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort();
}

describe("the package", () => {
  it("has every file that it exports", () => {
    const files = [
      ...Object.values(manifest.exports).flatMap((target) =>
        typeof target === "string" ? [target] : Object.values(target),
      ),
      ...Object.values(manifest.bin),
    ];
    const isThere = (file: string) =>
      file.includes("*")
        ? readdirSync(join(root, dirname(file))).some((name) => name.endsWith(extname(file)))
        : existsSync(join(root, file));
    expect(files.filter((file) => !isThere(file))).toEqual([]);
  });

  it("locks what every platform needs, so that npm ci works on each", () => {
    const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
      readonly packages: Record<string, { readonly optionalDependencies?: Record<string, string> }>;
    };
    const optional = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies),
    );
    const locked = new Set(
      Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, "")),
    );
    expect(optional.filter((name) => !locked.has(name))).toEqual([]);
    expect(optional.length).toBeGreaterThan(10);
  });

  it("loads no framework and no certificates with the core", () => {
    expect(packagesLoadedBy('require("./dist")')).toEqual([
      "fastest-levenshtein",
      "ipaddr.js",
      "re2js",
      "yaml",
      "zod",
    ]);
  });

  it("loads no certificates with the constructs", () => {
    expect(packagesLoadedBy('require("./dist/cdk8s")')).not.toContain("@peculiar/x509");
  });

  it("loads nothing heavy for a command's help", () => {
    const script =
      'process.argv.push("--help"); process.stdout.write = () => true; require("./dist/cli/main.js"); delete process.stdout.write';
    expect(packagesLoadedBy(script)).toEqual(["commander"]);
  });
});

describe("the boundary of the core", () => {
  const lint = async (path: string, source: string) => {
    const [result] = await new ESLint({
      cwd: root,
      overrideConfig: {
        languageOptions: {
          parserOptions: {
            project: null,
            projectService: { allowDefaultProject: ["src/core/*.ts"] },
          },
        },
      },
    }).lintText(source, { filePath: join(root, path) });
    return result!.messages.map(({ ruleId }) => ruleId);
  };

  it.each([
    ['import { readFileSync } from "node:fs";\nreadFileSync("x");\n', "no-restricted-imports"],
    ['import { App } from "cdk8s";\nnew App();\n', "no-restricted-imports"],
    ['import { createRoot } from "../pki";\nvoid createRoot;\n', "no-restricted-imports"],
    ["export const now = Date.now();\n", "no-restricted-properties"],
    ["export const today = new Date();\n", "no-restricted-syntax"],
    ['export const late = () => import("./names");\n', "no-restricted-syntax"],
    ['import { randomBytes } from "node:crypto";\nrandomBytes(1);\n', "no-restricted-imports"],
    ["export const home = process.env;\n", "no-restricted-globals"],
  ])("refuses %j", async (source, rule) => {
    expect(await lint("src/core/boundary.ts", source)).toContain(rule);
  });
});

describe("the README", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");

  const folder = temporaryFolder();

  it("shows faults as they are printed", async () => {
    fileIn(
      folder,
      "mesh.yaml",
      `name: readme
clusters:
  east: {}
  west: {}
services:
  pay.default:
    ports:
    - { name: http, port: 80, protocol: HTTP }
    - { name: HTTP_1, port: 81, protocol: HTTP }
    serviceAccount: pay
    servedBy: [wset]
`,
    );
    const { status, stdout } = await meshspan(["validate"], { cwd: folder });
    expect([status, stdout]).toEqual([3, expect.stringContaining("\nmesh.yaml: 2 faults")]);
    expect(readme).toContain(stdout.slice(0, stdout.indexOf("\nmesh.yaml: 2 faults")));
  });

  it("shows the demo as it is today (npm run generate draws it)", async () => {
    const { description, workloads } = shopMesh();
    const svg = await renderSvg(toDot(topologyOf(planMesh(parseMesh(description), { workloads }))));
    expect(readFileSync(join(root, "docs/demo-topology.svg"), "utf8")).toBe(svg);
    expect(svg).not.toBe(await renderSvg(toDot(topologyOf(samplePlan))));
  });
});
