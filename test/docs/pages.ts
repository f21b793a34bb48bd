/** Pages of this repository, as tests read them. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const repository = join(__dirname, "../..");

/** A fenced block, or an indented one, which has no language. */
export interface Block {
  readonly language: string;
  /** What stands after the language: `run`, `shows`, `file=mesh.yaml`. GitHub shows none of it. */
  readonly note: string;
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** Every Markdown page that a person reads, from the repository's root; goldens, figures of benchmarks and API reports are no pages. */
export const pages: readonly string[] = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
  { cwd: repository, encoding: "utf8" },
)
  .split("\n")
  .filter((path) => path !== "" && !/^(?:test\/golden|bench\/results|etc)\//.test(path));

export function readPage(path: string): string {
  return readFileSync(join(repository, path), "utf8");
}

/** The blocks of a page, in their order. */
export function blocksOf(markdown: string): readonly Block[] {
  const fenced = /^```(\S*) ?(.*)\n([^]*?)^```$/gm;
  const blocks = [...markdown.matchAll(fenced)].map(
    ({ 1: language = "", 2: note = "", 3: text = "", index }): Block => ({
      ...{ language, note, text },
      line: markdown.slice(0, index).split("\n").length,
    }),
  );
  const rest = markdown.replace(fenced, (block) => block.replace(/[^\n]/g, ""));
  const indented = [...rest.matchAll(/(?<=\n\n)(?: {4}.*\n)+/g)].map(
    ({ 0: text, index }): Block => ({
      ...{ language: "", note: "" },
      text: text.replace(/^ {4}/gm, ""),
      line: rest.slice(0, index).split("\n").length,
    }),
  );
  return [...blocks, ...indented].sort((a, b) => a.line - b.line);
}

/** The page without its blocks. */
export function proseOf(markdown: string): string {
  return markdown.replace(/^```[^]*?^```$/gm, "");
}

/** Anchors of a page's headings, as GitHub makes them: one that is there already gets a number. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of proseOf(markdown).matchAll(/^#+ (.*)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}
