/** Runs the built command on a terminal, as a user does who types it. */
import {
  lastScreen,
  runOnTerminal,
  type TerminalOptions,
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
  const run = await runOnTerminal(process.execPath, [executable, ...args], options);
  return {
    status: run.status,
    screen: textOf(await lastScreen(run)),
    raw: run.outputs.map(({ text }) => text).join(""),
  };
}
