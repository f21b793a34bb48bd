/** Runs the built command on a terminal, as a user does who types it. */
import {
  lastScreen,
  runOnTerminal,
  type TerminalOptions,
  type TerminalRun,
  textOf,
} from "../../scripts/recording/terminal";
import { executable } from "./run";

export interface TerminalResult {
  /** Undefined where it didn't end in time, as when it waits for an answer. */
  readonly status: number | undefined;
  /** What is to be seen at the end, what has scrolled away too. */
  readonly screen: string;
  /** All that was written, with the sequences that steer a terminal. */
  readonly raw: string;
}

/** Nothing is typed. Standard output and error are the terminal, both. */
export async function onTerminal(
  args: readonly string[],
  options: TerminalOptions = {},
): Promise<TerminalResult> {
  return resultOf(await runOnTerminal(process.execPath, [executable, ...args], options));
}

/** What a run leaves to be looked at. */
export async function resultOf(run: TerminalRun): Promise<TerminalResult> {
  return {
    status: run.status,
    screen: textOf(await lastScreen(run)),
    raw: run.outputs.map(({ text }) => text).join(""),
  };
}
