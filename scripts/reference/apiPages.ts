/** docs/reference/api: what each entry point of the package exports, from the declarations that it ships and their docstrings. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const root = join(__dirname, "../..");

/** What an entry point is for, by its name in `exports` of package.json; one without a text isn't documented here. */
const entries = {
  ".": "The core: descriptions in, plans, traces and differences out. Pure: no clock, no files, no framework.",
  "./cdk8s": "Constructs of cdk8s.",
  "./pulumi": "Components of Pulumi.",
  "./pki": "Certificates: made, read and verified.",
  "./render": "A plan as files, and pictures.",
  "./demo": "The demo shop as data.",
  "./policy": "The rules for objects that are written by hand, as a policy pack of Pulumi.",
} as const;

type Entry = keyof typeof entries;

interface Export {
  readonly name: string;
  readonly kind: string;
  readonly text: string;
  /**
   * As it is declared, with the docstrings of its members; then the types that it's made of and
   * nobody exports.
   */
  readonly declarations: readonly string[];
}

/** The pages by their paths in the repository, and a list of them. */
export function apiPages(): Readonly<Record<string, string>> {
  const files = declarationFiles();
  const program = ts.createProgram([...files.values()], {
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.Node20,
  });
  const checker = program.getTypeChecker();
  const exports = [...files].map(([entry, file]) => {
    const source = program.getSourceFile(file);
    const symbol = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (symbol === undefined) throw new Error(`${file} exports nothing: npm run build`);
    return [entry, checker.getExportsOfModule(symbol)] as const;
  });
  const told = new Set(
    exports.flatMap(([, symbols]) => symbols.map((one) => targetOf(one, checker))),
  );
  const pages = exports.map(([entry, symbols]) => {
    const exported = symbols
      .map((one) => exportOf(one, told, checker))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return [pathOf(entry), page(entry, exported)] as const;
  });
  return Object.fromEntries([["docs/reference/api/README.md", list(pages.length)], ...pages]);
}

/** Files of declarations by entry point. */
function declarationFiles(): ReadonlyMap<Entry, string> {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<Entry, { readonly types: string }>>;
  };
  return new Map(
    (Object.keys(entries) as Entry[]).map((entry) => [entry, join(root, exports[entry].types)]),
  );
}

const nameOf = (entry: Entry) => `meshspan${entry.slice(1)}`;
const fileOf = (entry: Entry) => `${nameOf(entry).replace("/", "-")}.md`;
const pathOf = (entry: Entry) => `docs/reference/api/${fileOf(entry)}`;

function list(count: number): string {
  const rows = (Object.keys(entries) as Entry[]).map(
    (entry) => `| [\`${nameOf(entry)}\`](${fileOf(entry)}) | ${entries[entry]} |`,
  );
  return `# The API\n\nThe ${count} entry points of the package, from their docstrings.\n\n| import | for |\n| --- | --- |\n${rows.join("\n")}\n`;
}

function page(entry: Entry, exported: readonly Export[]): string {
  const names = exported.map(({ name }) => `[${name}](#${name.toLowerCase()})`).join(" · ");
  const sections = exported.map(
    ({ name, kind, text, declarations }) =>
      `## ${name}\n\n${kind}${text === "" ? "" : `. ${text}`}\n\n\`\`\`typescript\n${declarations.join("\n\n")}\n\`\`\`\n`,
  );
  return [`# ${nameOf(entry)}\n\n${entries[entry]}\n\n${names}\n`, ...sections].join("\n");
}

function targetOf(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** @param told What has a section of its own. */
function exportOf(
  symbol: ts.Symbol,
  told: ReadonlySet<ts.Symbol>,
  checker: ts.TypeChecker,
): Export {
  const target = targetOf(symbol, checker);
  const declarations = (target.declarations ?? []).map(declared);
  const comment = ts.displayPartsToString(target.getDocumentationComment(checker));
  const tags = target
    .getJsDocTags(checker)
    .map(({ name, text }) => `**${name}** ${ts.displayPartsToString(text)}`);
  return {
    name: symbol.name,
    kind: kindOf(target),
    text: [comment, ...tags]
      .map(prose)
      .filter((part) => part !== "")
      .join("\n\n"),
    declarations: [
      ...new Set(declarations.map(shown)),
      ...typesWithin(declarations, told, checker).map(withDocstring),
    ],
  };
}

/**
 * Types of the package that declarations name, and those that these name, as far as they have no
 * section.
 */
function typesWithin(
  declarations: readonly ts.Node[],
  told: ReadonlySet<ts.Symbol>,
  checker: ts.TypeChecker,
): readonly ts.Node[] {
  const types = new Set<ts.Node>();
  const visit = (node: ts.Node): void => {
    const name = ts.isTypeReferenceNode(node)
      ? node.typeName
      : ts.isExpressionWithTypeArguments(node)
        ? node.expression
        : undefined;
    const symbol = name === undefined ? undefined : checker.getSymbolAtLocation(name);
    const target = symbol === undefined ? undefined : targetOf(symbol, checker);
    if (target !== undefined && !told.has(target))
      for (const type of target.declarations ?? [])
        if (isOwnType(type) && !types.has(type)) {
          types.add(type);
          visit(type);
        }
    ts.forEachChild(node, visit);
  };
  declarations.forEach(visit);
  return [...types];
}

function isOwnType(node: ts.Declaration): boolean {
  const isType = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
  return isType && node.getSourceFile().fileName.startsWith(join(root, "dist"));
}

function withDocstring(node: ts.Node): string {
  const docstrings = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return [...docstrings.map((one) => one.getText()), shown(node)].join("\n");
}

/** A variable's whole statement says that it is a constant. */
function declared(node: ts.Declaration): ts.Node {
  return ts.isVariableDeclaration(node) ? node.parent.parent : node;
}

/** The declaration without what is nobody's business: private members, and the word `export`. */
function shown(node: ts.Node): string {
  return node
    .getText()
    .replace(/^export (?:declare )?/, "")
    .split("\n")
    .filter((line) => !/^ *(?:#private;|private )/.test(line))
    .join("\n");
}

function kindOf({ flags }: ts.Symbol): string {
  if (flags & ts.SymbolFlags.Class) return "Class";
  if (flags & ts.SymbolFlags.Function) return "Function";
  if (flags & ts.SymbolFlags.Interface) return "Interface";
  if (flags & ts.SymbolFlags.TypeAlias) return "Type";
  return "Constant";
}

/** A docstring as Markdown, a line for each paragraph and each point of a list: what isn't code must not be taken for HTML. */
function prose(text: string): string {
  return text
    .split("`")
    .map((part, index) => (index % 2 === 0 ? part.replace(/[<>]/g, (found) => `\\${found}`) : part))
    .join("`")
    .replace(/(?<!\n)[ \t]*\n(?!\n|- )/g, " ")
    .trim();
}
