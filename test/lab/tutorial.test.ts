/** docs/tutorial-lab.md is followed as a newcomer follows it, in a lab of `npm run lab`. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { blocksOf, readPage } from "../docs/pages";
import { notPrinted, type Printed, runShell } from "../docs/script";
import { eventually } from "./eventually";
import { operatorShell } from "./operatorShell";
import { repository } from "./repository";

const page = "docs/tutorial-lab.md";
const blocks = blocksOf(readPage(page));
const labScript = join(repository, "scripts/lab.mjs");

let lab: ChildProcess;
let text = "";

/** The shell that the page opens, with one block in place of a person. */
const inside = (block: string): Promise<Printed> =>
  runShell(process.execPath, [labScript, "enter", operatorShell, "bash", "-ec", block], {
    cwd: repository,
  });

beforeAll(async () => {
  lab = spawn(process.execPath, [labScript, "show"], {
    cwd: repository,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  for (const stream of [lab.stdout, lab.stderr])
    stream?.on("data", (part: Buffer) => (text += part.toString()));
  await eventually("the lab is there", () => text.includes("Ctrl-C ends it."), 200);
}, 240_000);

afterAll(async () => {
  const end = new Promise((resolve) => lab.once("exit", resolve));
  if (lab.pid !== undefined) process.kill(-lab.pid, "SIGINT");
  await end;
});

it("shows the command that the page opens its shell with", () => {
  const opening = blocks.find((block) => block.text.includes("lab:enter"));
  expect(text).toContain(opening?.text.trim());
});

it("does what the page says, block by block", async () => {
  let printed = "";
  const told = blocks.filter(({ note }) => note === "lab" || note === "shows");
  expect(told.length).toBeGreaterThan(10);
  for (const { note, text: block, line } of told) {
    if (note === "lab") {
      const { exitCode, output } = await inside(block);
      printed = output;
      expect({ line, exitCode, output }).toEqual({ line, exitCode: 0, output });
    } else {
      const missing = notPrinted(block, printed);
      expect({ line, missing, printed }).toEqual({ line, missing: [], printed });
    }
  }
});
