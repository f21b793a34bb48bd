/** Commands that a person copies: a name in them is one word, whatever is in it. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { shellResource, shellWord } from "../../../src/core/shell";
import { printable, printableLines } from "../../../src/core/words";
import { hostileTexts } from "./texts";

/** What no argument of a process can have, and half a surrogate pair, which has no bytes. */
const isArgument = (text: string) => !/[\0\p{Cs}]/u.test(text);

/** The words as a shell sees them. */
function readByShell(words: readonly string[], cwd: string): readonly string[] {
  const script = `printf '%s\\0' ${words.join(" ")}`;
  return execFileSync("sh", ["-c", script], { cwd, encoding: "utf8" }).split("\0").slice(0, -1);
}

test("a shell reads each text as the word that it is, and runs nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-"));
  try {
    const texts = [
      ...Object.values(hostileTexts),
      ...fc.sample(fc.string({ unit: "binary", maxLength: 40 }), { numRuns: 300, seed: 7 }),
      "",
      "a b",
    ]
      .filter((text) => isArgument(text) && text.length < 10_000)
      .map((text) => text);
    expect(readByShell(texts.map(shellWord), folder)).toEqual(texts);
    const names = texts.map((text) => shellResource("role", text));
    expect(readByShell(names, folder)).toEqual(texts.map((text) => `role/${text}`));
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("colours and ends of lines stay in what a terminal shows, and nothing else that steers it", () => {
  expect(printableLines("\u001b[31mred\u001b[39m\tb\n")).toBe("\u001b[31mred\u001b[39m\tb\n");
  expect(printableLines("\u001b[2Ja\u0007[31mb\rc\u009b31m\u202e")).toBe(
    "\\u{1b}[2Ja\\u{7}[31mb\\u{d}c\\u{9b}31m\\u{202e}",
  );
  expect(printable("a\nb\u001b[31m")).toBe("a\\u{a}b\\u{1b}[31m");
});
