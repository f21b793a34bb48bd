/** Command lines that pages show, held against the real tree of commands. */
import { CommanderError, type Command } from "commander";
import { meshspanProgram } from "../../src/cli/program";

/** Words of a command line as far as pages go: quotes keep spaces, a comment or another command ends it. */
function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  for (const [, quoted, single, plain = ""] of line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)) {
    if (quoted === undefined && single === undefined && /^(?:[|&;#>]|\d?>)/.test(plain)) break;
    if (plain !== "<") words.push(quoted ?? single ?? plain);
  }
  return words;
}

/** The command lines of `meshspan` in a text of a shell. */
export function meshspanLines(text: string): readonly string[] {
  return text
    .replace(/\\\n\s*/g, " ")
    .split("\n")
    .flatMap((line) => line.split(/&&|\||;/))
    .flatMap((part) => /^\s*(?:\$ )?(?:npx )?meshspan(?= )(.*)/.exec(part)?.[1] ?? []);
}

/** What the real command says against the words; `undefined` where it would follow them. Nothing is run. */
export function complaintAbout(line: string): string | undefined {
  const program = meshspanProgram([]);
  quiet(program);
  // A page may name part of a command: `certs`, `join <address>`.
  const words = wordsOf(line).filter((word) => word !== "…" && word !== "...");
  try {
    check(program, words);
    return undefined;
  } catch (error) {
    // Prose names an option without its value.
    if (error instanceof CommanderError && error.code === "commander.optionMissingArgument")
      return undefined;
    return error instanceof Error ? error.message : String(error);
  }
}

function check(command: Command, words: readonly string[]): void {
  const [first, ...rest] = words;
  const names = command.commands.map((one) => one.name());
  const next = command.commands.find((one) => one.name() === first);
  if (next !== undefined) {
    check(next, rest);
    return;
  }
  if (names.length > 0) {
    if (first === undefined || /^(?:--help|--version|<)/.test(first)) return;
    throw new Error(`there is no command ${first}`);
  }
  const { unknown } = command.parseOptions(words.filter((word) => word !== "--help"));
  const option = unknown.find((word) => /^--?[a-z]/.test(word));
  if (option !== undefined) throw new Error(`${command.name()} has no option ${option}`);
}

/** Leaves Commander's errors as they are, and prints none. */
function quiet(command: Command): void {
  command.exitOverride();
  command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  for (const one of command.commands) quiet(one);
}
