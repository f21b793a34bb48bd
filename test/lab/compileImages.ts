/** The processes that stand in for container images, compiled to run with Node alone. */
import { randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const sources = join(__dirname, "images");

/** The folder `target`, with them in it; it has to be inside the repository, where the packages they need are found. */
export function compileImages(target: string): string {
  mkdirSync(target, { recursive: true });
  for (const file of readdirSync(sources)) {
    const content = readFileSync(join(sources, file), "utf8");
    if (file.endsWith(".ts")) write(target, file.replace(/\.ts$/, ".js"), compiled(file, content));
    else if (file.endsWith(".proto")) write(target, file, content);
  }
  return target;
}

function compiled(fileName: string, content: string): string {
  const { outputText } = ts.transpileModule(content, {
    fileName,
    compilerOptions: {
      // Late imports become `require`, too: that's quicker than Node's loader of ES modules.
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
    },
  });
  return outputText;
}

/** Other processes may do the same at the same time, or run what's there: a file is always whole. */
function write(target: string, name: string, content: string): void {
  const output = join(target, name);
  if (existsSync(output) && readFileSync(output, "utf8") === content) return;
  // Not by process: in machines of their own, two have the same ID.
  const draft = join(target, `.${randomUUID()}-${name}`);
  writeFileSync(draft, content);
  renameSync(draft, output);
}
