/** What a release's tag is held against, before anything is packed. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const changelog =
  "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n\n### Fixed\n\n- It.\n\n## [1.2.2]\n\n- Old.\n";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meshspan-release-"));
  mkdirSync(join(folder, "scripts"));
  cpSync(resolve(__dirname, "../../scripts/release.mjs"), join(folder, "scripts/release.mjs"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ version: "1.2.3" }));
  writeFileSync(join(folder, "CHANGELOG.md"), changelog);
});
afterEach(() => rmSync(folder, { recursive: true }));

function release(tag: string) {
  const env = { ...process.env, TAG: tag };
  const options = { encoding: "utf8", env } as const;
  return spawnSync(process.execPath, [join(folder, "scripts/release.mjs")], options);
}

it("gives the changelog's section of the version as notes", () => {
  expect(release("v1.2.3").status).toBe(0);
  expect(readFileSync(join(folder, "out/release/notes.md"), "utf8")).toBe("### Fixed\n\n- It.\n");
});

it("refuses a tag that isn't the package's version", () => {
  const { status, stderr } = release("v1.2.4");
  expect([status, stderr]).toEqual([1, expect.stringContaining("package.json has 1.2.3")]);
});

it("refuses a version that the changelog doesn't have", () => {
  writeFileSync(join(folder, "CHANGELOG.md"), "# Changelog\n\n## [Unreleased]\n\n- New.\n");
  const { status, stderr } = release("v1.2.3");
  expect([status, stderr]).toEqual([1, expect.stringContaining("no section ## [1.2.3]")]);
});
