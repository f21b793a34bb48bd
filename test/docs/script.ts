/** A page as a script: what it tells people to write and to run is written and run, and what it shows has to come of it. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { shellWord } from "../../src/core/shell";
import { executable } from "../cli/run";
import type { Block } from "./pages";

/** What a block printed, on both streams. */
export interface Printed {
  readonly exitCode: number;
  readonly output: string;
}

/** Runs a text in a shell. */
export type Shell = (text: string) => Promise<Printed>;

/** A shell in a folder, with `meshspan` among its programs. */
export function shellIn(folder: string): Shell {
  const bin = join(folder, ".bin");
  mkdirSync(bin, { recursive: true });
  const words = [process.execPath, executable].map(shellWord).join(" ");
  writeFileSync(join(bin, "meshspan"), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` };
  return (text) =>
    runShell("bash", ["--norc", "-euo", "pipefail", "-c", text], { cwd: folder, env });
}

/** Runs a program. */
export function runShell(
  program: string,
  args: readonly string[],
  options: object = {},
): Promise<Printed> {
  return new Promise((resolve) => {
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : Number(error.code ?? 1);
      resolve({ exitCode, output: `${stdout}${stderr}` });
    });
  });
}

/** Writes a `file=` block below the folder. */
export function writeBlock(folder: string, { note, text }: Block): void {
  const [, name] = /^file=(\S+)$/.exec(note) ?? [];
  if (name === undefined) return;
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

/**
 * What of a page's lines isn't as it was printed: lines that weren't, in that order, and places where lines were printed
 * that the page leaves out without a line `…`. A line is there where it is part of one that was printed; `…` in it stands
 * for anything. Empty lines don't count.
 */
export function notPrinted(shown: string, output: string): readonly string[] {
  const faults: string[] = [];
  const printed = linesOf(output);
  let from = 0;
  let maySkip = false;
  for (const line of linesOf(shown)) {
    if (line === "…") {
      maySkip = true;
      continue;
    }
    const pattern = patternOf(line);
    const at = printed.findIndex((one, index) => index >= from && pattern.test(one));
    if (at < 0) {
      faults.push(line);
      continue;
    }
    if (at > from && !maySkip) faults.push(`… before "${line}", for "${printed[from]}"`);
    from = at + 1;
    maySkip = false;
  }
  if (from < printed.length && !maySkip) faults.push(`… at the end, for "${printed[from]}"`);
  return faults;
}

function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function patternOf(line: string): RegExp {
  const parts = line.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(parts.join(".*").replace(/ +/g, " +"));
}
