/** Makes a picture of a command that is really run on a terminal. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { toSvg } from "./svg";
import { runOnTerminal, screensOf, type TerminalOptions, type TerminalRun } from "./terminal";

const executable = resolve(__dirname, "../../dist/cli/main.js");

export interface Recording {
  readonly run: TerminalRun;
  readonly svg: string;
}

export interface RecordOptions extends TerminalOptions {
  /** @default the command */
  readonly title?: string;
  /** Whether the picture moves as the screen did. @default false: its end alone */
  readonly animate?: boolean;
  /** A program that runs the shell, with its arguments. */
  readonly within?: readonly string[];
}

/** Records a command line, in which `meshspan` is this clone's, built. */
export async function record(
  command: string,
  { title = command, animate = false, within = [], ...options }: RecordOptions = {},
): Promise<Recording> {
  const programs = mkdtempSync(join(tmpdir(), "meshspan-record-"));
  try {
    const wrapper = join(programs, "meshspan");
    writeFileSync(wrapper, `#!/bin/sh\nexec "${process.execPath}" "${executable}" "$@"\n`);
    chmodSync(wrapper, 0o755);
    const PATH = [programs, process.env.PATH].join(delimiter);
    const [program, ...words] = [...within, "sh", "-c", command];
    const run = await runOnTerminal(program, words, {
      ...options,
      env: { PATH, ...options.env },
    });
    return { run, svg: await pictureOf(run, command, title, animate) };
  } finally {
    rmSync(programs, { recursive: true, force: true });
  }
}

/** Milliseconds for which each screen of a moving picture stands at least. */
const apart = 80;

async function pictureOf(
  run: TerminalRun,
  command: string,
  title: string,
  animate: boolean,
): Promise<string> {
  const prompt = { at: 0, text: `\u001b[32m$\u001b[39m \u001b[1m${command}\u001b[22m\r\n` };
  const shown = { ...run, outputs: [prompt, ...run.outputs] };
  const frames = await screensOf(shown, animate ? apart : Infinity);
  return toSvg({ title, columns: run.columns, frames: animate ? frames : frames.slice(-1) });
}

/** A picture in docs, and what has to be there before its command runs. */
export interface Scene {
  readonly file: string;
  readonly command: string;
  readonly columns: number;
  readonly files: Readonly<Record<string, string>>;
  /** What is run before, unseen. */
  readonly before?: string;
}

/** Records a scene in a folder of its own. */
export async function recordScene({ command, columns, files, before }: Scene): Promise<Recording> {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-scene-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      mkdirSync(resolve(path, ".."), { recursive: true });
      writeFileSync(path, text);
    }
    if (before !== undefined) {
      const { run } = await record(before, { cwd: folder });
      if (run.status !== 0)
        throw new Error(`${before}: ${run.outputs.map(({ text }) => text).join("")}`);
    }
    return await record(command, { cwd: folder, columns });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
