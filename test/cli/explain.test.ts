import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { errorsPage, explainedCodes } from "../../src/cli/explanations";
import { meshspan, parsed } from "./run";

const codes = explainedCodes();

describe("the explanations of codes", () => {
  it("are on a page that npm run generate writes, with one anchor for each code", () => {
    const page = readFileSync(join(__dirname, "../../docs/reference/errors.md"), "utf8");
    expect(page).toBe(errorsPage());
    const headings = [...page.matchAll(/^### (.*)$/gm)].map(([, code]) => code);
    expect(headings.sort()).toEqual([...new Set(codes.map(({ code }) => code))].sort());
  });

  it("are sentences, and say something else of each code", () => {
    for (const { meaning, mend } of codes) {
      expect(meaning).toMatch(/^[A-Za-z].*\.$/s);
      expect(mend).toMatch(/\.$/);
    }
    for (const source of new Set(codes.map((one) => one.source))) {
      const own = codes.filter((one) => one.source === source).map(({ meaning }) => meaning);
      expect(new Set(own).size).toBe(own.length);
    }
  });
});

describe("meshspan explain", () => {
  it("says what a code means that an error has named", async () => {
    const { stderr } = await meshspan(["validate", "--file"]);
    expect(stderr).toContain("argument missing");
    const failed = await meshspan(["trace", "-f", "nowhere.yaml"]);
    const [, code = ""] = /\[(\w+)\]\n$/.exec(failed.stderr) ?? [];
    const { status, stdout } = await meshspan(["explain", code]);
    expect([status, code]).toEqual([0, "file_not_found"]);
    expect(stdout).toContain("write a description with meshspan init");
  });

  it("names pages where they are", async () => {
    const { stdout } = await meshspan(["explain", "root_differs"]);
    const named = stdout.match(/\S+\.md/g) ?? [];
    expect(named.map((path) => basename(path))).toEqual(["trust.md", "policies.md"]);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });

  it("has all codes as data, and both meanings of one that two sources have", async () => {
    const [all, both, wrong] = await Promise.all([
      meshspan(["explain", "-o", "json"]),
      meshspan(["explain", "root_differs", "-o", "json"]),
      meshspan(["explain", "gateway_opens"]),
    ]);
    expect(parsed("explain", all.stdout).codes).toEqual(codes);
    const sources = parsed("explain", both.stdout).codes.map(
      (one: { source: string }) => one.source,
    );
    expect(sources).toEqual(["status", "rule"]);
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('"gateway_open"')]);
  });
});
