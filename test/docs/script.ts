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
 * Lines that a page shows and that weren't printed in that order. A line is there where it is part of one that was
 * printed; `…` stands for anything.
 */
export function notPrinted(shown: string, output: string): readonly string[] {
  const printed = output.split("\n");
  let from = 0;
  return shown
    .split("\n")
    .filter((line) => line.trim() !== "" && line.trim() !== "…")
    .filter((line) => {
      const parts = line
        .trim()
        .split("…")
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
      const pattern = new RegExp(parts.join(".*").replace(/ +/g, " +"));
      const at = printed.findIndex((one, index) => index >= from && pattern.test(one));
      if (at < 0) return true;
      from = at + 1;
      return false;
    });
}
