/** Pages are followed as a person follows them: in an empty folder, from the first line to the last. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../cli/run";
import { blocksOf, pages, readPage } from "./pages";
import { notPrinted, shellIn, writeBlock } from "./script";

const folder = temporaryFolder();

/** Pages with something to run. Those of the lab are run there: test/lab/tutorial.test.ts. */
const scripts = pages.filter((page) =>
  blocksOf(readPage(page)).some(({ language, note }) => language === "sh" && note === "run"),
);

it("knows what wasn't printed", () => {
  expect(notPrinted("a … c\nd", "a b c\nxdx\n")).toEqual([]);
  expect(notPrinted("…\nd\na", "a\nd\n")).toEqual(["a"]);
  expect(notPrinted("(x)", "x")).toEqual(["(x)", '… at the end, for "x"']);
});

it("knows where a page leaves lines out and doesn't say so", () => {
  expect(notPrinted("b\nd\n", "a\nb\nc\nd\ne\n")).toEqual([
    '… before "b", for "a"',
    '… before "d", for "c"',
    '… at the end, for "e"',
  ]);
  expect(notPrinted("…\nb\n…\nd\n…\n", "a\nb\nc\nd\ne\n")).toEqual([]);
  expect(notPrinted("…\na\n\n…\nb\n…", "a\n\nb\n")).toEqual([]);
});

it.each(scripts)("%s does what it says", async (page) => {
  const own = join(folder, page.replace(/\W/g, "-"));
  mkdirSync(own);
  const shell = shellIn(own);
  let printed = "";
  for (const block of blocksOf(readPage(page))) {
    const { language, note, text, line } = block;
    writeBlock(own, block);
    if (language === "sh" && note === "run") {
      const { exitCode, output } = await shell(text);
      printed = output;
      expect({ line, exitCode, output }).toEqual({ line, exitCode: 0, output });
    }
    if (note === "shows") {
      const missing = notPrinted(text, printed);
      expect({ line, missing, printed }).toEqual({ line, missing: [], printed });
    }
  }
});
