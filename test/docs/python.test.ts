/** Python on pages parses, imports what it uses, and calls components as the SDK made of the package's schema has them. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blocksOf, pages, readPage, repository } from "./pages";

interface Call {
  readonly component: string;
  readonly named: readonly string[];
}

/** What Python makes of a text: its faults, or the calls of the SDK's module. */
interface Read {
  readonly faults: readonly string[];
  readonly calls: readonly Call[];
}

const reader = `
import ast, builtins, json, sys
faults, calls = [], []
try:
    tree = ast.parse(sys.stdin.read())
except SyntaxError as error:
    print(json.dumps({"faults": [str(error)], "calls": []}))
    sys.exit()
imported, stored, used = {}, set(dir(builtins)), set()
for node in ast.walk(tree):
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        for name in node.names:
            imported[name.asname or name.name] = name.name
    elif isinstance(node, ast.Name):
        (used if isinstance(node.ctx, ast.Load) else stored).add(node.id)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        of = node.func.value
        if isinstance(of, ast.Name) and imported.get(of.id) == "pulumi_meshspan":
            calls.append({"component": node.func.attr, "named": [one.arg for one in node.keywords]})
faults += [f"{name} is nowhere" for name in sorted(used - stored - set(imported))]
print(json.dumps({"faults": faults, "calls": calls}))
`;

function read(text: string): Read {
  const { stdout } = spawnSync("python3", ["-c", reader], { input: text, encoding: "utf8" });
  return JSON.parse(stdout) as Read;
}

/** Inputs of each component, as Python has their names. */
const components = new Map(
  Object.entries(
    (
      JSON.parse(readFileSync(join(repository, "schema/pulumi-package.json"), "utf8")) as {
        readonly resources: Readonly<Record<string, { readonly inputProperties: object }>>;
      }
    ).resources,
  ).map(([token, { inputProperties }]) => [
    token.split(":").at(-1),
    new Set([
      "opts",
      ...Object.keys(inputProperties).map((name) =>
        name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      ),
    ]),
  ]),
);

function faultsOf(text: string): readonly string[] {
  const { faults, calls } = read(text);
  const unknown = calls.flatMap(({ component, named }) => {
    const inputs = components.get(component);
    if (inputs === undefined) return [`there is no component ${component}`];
    return named.filter((name) => !inputs.has(name)).map((name) => `${component} takes no ${name}`);
  });
  return [...faults, ...unknown];
}

const blocks = pages.flatMap((page) =>
  blocksOf(readPage(page))
    .filter(({ language }) => language === "python")
    .map(({ text, line }): [string, string] => [`${page}:${line}`, text]),
);
const python = spawnSync("python3", ["--version"]).status === 0 ? it : it.skip;

python("tells what is wrong with a program", () => {
  const importing = "import pulumi_meshspan as meshspan\n";
  expect(faultsOf("x = (")).toHaveLength(1);
  expect(faultsOf('meshspan.Mesh("shop")')).toEqual(["meshspan is nowhere"]);
  expect(faultsOf(`${importing}meshspan.Net("shop")`)).toEqual(["there is no component Net"]);
  expect(faultsOf(`${importing}meshspan.Mesh("shop", yml="")`)).toEqual(["Mesh takes no yml"]);
  expect(read(`${importing}meshspan.Mesh("shop", yaml="")`).calls).toEqual([
    { component: "Mesh", named: ["yaml"] },
  ]);
});

python("is right on each page", () => {
  expect(blocks.length).toBeGreaterThan(0);
  for (const [place, text] of blocks) expect([place, faultsOf(text)]).toEqual([place, []]);
});
