import { dirname, join } from "node:path";
import * as ts from "typescript";

const src = join(__dirname, "../../src");

/** The packages that the declarations of a module import, over all of the sources that they lead to. */
function packagesDeclaredBy(entry: string): readonly string[] {
  const options: ts.CompilerOptions = {
    ...ts.parseJsonConfigFileContent(
      ts.readConfigFile(join(src, "../tsconfig.build.json"), (path) => ts.sys.readFile(path))
        .config,
      ts.sys,
      join(src, ".."),
    ).options,
    emitDeclarationOnly: true,
    noCheck: true,
  };
  const program = ts.createProgram([entry], options);
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    program.emit(program.getSourceFile(path), (_, text) => {
      for (const { fileName } of ts.preProcessFile(text).importedFiles) {
        if (fileName.startsWith(".")) visit(join(dirname(path), `${fileName}.ts`));
        else packages.add(fileName);
      }
    });
  };
  visit(entry);
  return [...packages].sort();
}

describe("the declarations of meshspan/pki", () => {
  // Those of @peculiar/x509 have faults (TS1479) for a CommonJS consumer that checks its libraries.
  it("lead to no types of the X.509 library", () => {
    expect(packagesDeclaredBy(join(src, "pki/index.ts"))).toEqual(["node:crypto", "zod"]);
  }, 30_000);
});
