/** Pages say what is so: links, headings, descriptions, commands and scripts that they name are there. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { formatIssue, safeParseMesh } from "../../src";
import { statusCodes } from "../../src/live/status/finding";
import { complaintAbout, meshspanLines } from "./commandLines";
import { anchorsOf, blocksOf, pages, proseOf, readPage, repository } from "./pages";

const { scripts } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** Faults of a block: a description, or a part of one. Objects of Kubernetes only have to be YAML. */
function faultsOf(text: string): readonly string[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) return document.errors.map(({ message }) => message);
    const value = document.toJS() as object;
    if ("apiVersion" in value || "kind" in value) return [];
    const result = safeParseMesh({ name: "page", clusters: { east: {}, west: {} }, ...value });
    return result.ok ? [] : result.issues.map(formatIssue);
  });
}

/** Whether the target of a link is there: a file or folder, and its heading. */
function isThere(page: string, link: string): boolean {
  const [file = "", heading] = link.split("#");
  const target = file === "" ? page : join(dirname(page), file);
  if (!existsSync(join(repository, target))) return false;
  return heading === undefined || anchorsOf(readPage(target)).has(heading);
}

it("finds the pages, and what is wrong with one", () => {
  expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/README.md", "docs/trust.md"]));
  expect(isThere("README.md", "docs/trust.md#replace-the-root")).toBe(true);
  expect(isThere("README.md", "docs/trust.md#replace-the-roof")).toBe(false);
  expect(isThere("docs/trust.md", "nowhere.md")).toBe(false);
  expect(faultsOf("services: { a.b: {} }")).not.toEqual([]);
  const faulty = ["trace --hop", "certs ini", "validat", "trace -o xml"];
  expect(faulty.filter((line) => complaintAbout(line) === undefined)).toEqual([]);
  expect(meshspanLines("cd x && npx meshspan trace a b\nmeshspan status | head")).toHaveLength(2);
});

describe.each(pages)("%s", (page) => {
  const text = readPage(page);
  const blocks = blocksOf(text);

  it("names files and headings that are there", () => {
    const links = [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
    const own = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(own.filter((link) => !isThere(page, link))).toEqual([]);
  });

  it("shows descriptions that are valid", () => {
    const faults = blocks
      .filter(({ language, note }) => language === "yaml" && note !== "part")
      .flatMap((block) => faultsOf(block.text).map((fault) => `line ${block.line}: ${fault}`));
    expect(faults).toEqual([]);
  });

  it("shows commands that there are", () => {
    const shells = blocks.filter(({ language }) => ["", "sh", "bash"].includes(language));
    const spans = [...proseOf(text).matchAll(/`(meshspan [^`\n]+)`/g)].map(([, span]) => span!);
    const lines = [...shells.map((block) => block.text), ...spans].flatMap(meshspanLines);
    const complaints = lines.flatMap((line) => {
      const complaint = complaintAbout(line);
      return complaint === undefined ? [] : [`meshspan${line}: ${complaint}`];
    });
    expect(complaints).toEqual([]);
    // Examples are projects with scripts of their own.
    if (page.startsWith("examples/")) return;
    const named = [...text.matchAll(/npm run (?:--?[\w-]+ )*([\w:]+)/g)].map(([, name]) => name!);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

it("leads from a symptom to each thing that meshspan status can find", () => {
  const page = readPage("docs/troubleshooting.md");
  const untold = statusCodes.filter((code) => !page.includes(`(reference/errors.md#${code})`));
  expect(untold).toEqual(["ok"]);
});
