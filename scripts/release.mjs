// Holds a release's tag against package.json and CHANGELOG.md, and writes the changelog's section to out/release/notes.md.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const tag = process.env.TAG ?? "";
const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const { version } = JSON.parse(read("package.json"));

function fail(message) {
  console.error(message);
  process.exit(1);
}

if (tag !== `v${version}`)
  fail(
    `the tag is ${tag || "empty"}, and package.json has ${version}: tag v${version}, or change package.json`,
  );
const sections = read("CHANGELOG.md").split(/^## /m).slice(1);
const section = sections.find((text) => text.startsWith(`[${version}]`));
if (section === undefined)
  fail(
    `CHANGELOG.md has no section ## [${version}]: give what is in [Unreleased] that name and the date`,
  );
const notes = section.slice(section.indexOf("\n")).trim();
if (notes === "") fail(`CHANGELOG.md says nothing of ${version}`);

const folder = new URL("../out/release/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("notes.md", folder), `${notes}\n`);
console.log(`${tag}: ${notes.split("\n").length} lines of notes`);
