/** docs/reference/cli.md: the help of every command, as it prints it. */
import type { Command } from "commander";
import { meshspanProgram } from "../../src/cli/program";

const intro = `# The command line

What \`--help\` of each command prints. \`npx meshspan\` runs it where the package is installed. Data goes to standard output, everything else to standard error.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 faulty description or certificates, 4 only with \`--exit-code\`, 130 interrupted.
`;

/** The page in Markdown. */
export function cliPage(): string {
  const commands = commandsBelow(meshspanProgram([]), []);
  const list = commands.map(
    ({ name, anchor, command }) => `- [${name}](#${anchor}): ${command.description()}`,
  );
  const sections = commands.map(
    ({ name, command }) => `## ${name}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n`,
  );
  return [intro, `${list.join("\n")}\n`, ...sections].join("\n");
}

interface Named {
  readonly name: string;
  readonly anchor: string;
  readonly command: Command;
}

/** Commands that do something, by their whole names. */
function commandsBelow(parent: Command, words: readonly string[]): readonly Named[] {
  return parent.commands.flatMap((command) => {
    const own = [...words, command.name()];
    const below = commandsBelow(command, own);
    if (below.length > 0) return below;
    return [{ name: own.join(" "), anchor: own.join("-"), command }];
  });
}

/** Help on lines of 100 characters, whatever the terminal. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({
    getOutHelpWidth: () => 100,
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text.trimEnd();
}
