/** TypeScript on pages compiles against the package as it is built. */
import { join } from "node:path";
import ts from "typescript";
import { blocksOf, pages, readPage, repository } from "./pages";

/** What pages take as given: they say in words where it comes from. */
const given = `declare const description: import("meshspan").MeshDescription;
declare const eastKubeconfig: string, westKubeconfig: string;
`;

const blocks = pages.flatMap((page) =>
  blocksOf(readPage(page))
    .filter(({ language }) => language === "ts")
    .map(({ text, line }): [string, string] => [`${page}:${line}`, text]),
);

/** Each source's faults, by its name. */
function faultsOf(sources: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> {
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, types: ["node"] },
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.Node20,
    moduleResolution: ts.ModuleResolutionKind.Node16,
  };
  const nameOf = (name: string) => join(repository, `${name.replace(/\W/g, "_")}.mts`);
  const files = new Map([...sources].map(([name, text]) => [nameOf(name), `${given}${text}`]));
  const host = ts.createCompilerHost(options);
  const disk = ts.createCompilerHost(options);
  host.readFile = (file) => files.get(file) ?? disk.readFile(file);
  host.fileExists = (file) => files.has(file) || disk.fileExists(file);
  host.getSourceFile = (file, version) => {
    const text = files.get(file);
    return text === undefined
      ? disk.getSourceFile(file, version)
      : ts.createSourceFile(file, text, version);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  const faults = (file: string) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  return new Map([...sources.keys()].map((name) => [name, faults(nameOf(name))]));
}

it("compiles, but for what is wrong", () => {
  expect(blocks.length).toBeGreaterThan(0);
  const wrong = `import { planMesh } from "meshspan";\nplanMesh("shop");\n`;
  const faults = faultsOf(new Map([...blocks, ["wrong", wrong]]));
  const faulty = [...faults].filter(([, found]) => found.length > 0);
  expect(faulty).toEqual([["wrong", [expect.stringContaining("not assignable")]]]);
});
