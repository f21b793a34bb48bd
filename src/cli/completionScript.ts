/** Scripts for shells, made of the tree of commands alone: completing starts no process. */
import type { Command, Option } from "commander";

/** A command, by the words that it is called with; none for the program. */
interface Node {
  readonly words: string;
  readonly description: string;
  readonly subcommands: readonly Command[];
  readonly options: readonly Option[];
  /** Values of its first argument. */
  readonly choices: readonly string[];
}

export function completionScript(shell: "bash" | "zsh" | "fish", root: Command): string {
  const nodes = nodesOf(root, "");
  switch (shell) {
    case "bash":
      return bash(root.name(), nodes);
    case "zsh":
      return zsh(root.name(), nodes);
    case "fish":
      return fish(root.name(), nodes);
  }
}

function nodesOf(command: Command, words: string): readonly Node[] {
  const help = command.createHelp();
  const subcommands = command.commands.filter((sub) => sub.name() !== "help");
  const node: Node = {
    words,
    description: command.description(),
    subcommands,
    options: help.visibleOptions(command),
    choices: command.registeredArguments[0]?.argChoices ?? [],
  };
  const below = subcommands.flatMap((sub) => nodesOf(sub, `${words} ${sub.name()}`.trim()));
  return [node, ...below];
}

const flagsOf = ({ short, long }: Option): readonly string[] =>
  [short, long].filter((flag) => flag !== undefined);

/** A word that may stand where the cursor is, and what it's for. */
type Word = readonly [word: string, about: string];

const commandWords = ({ subcommands, choices }: Node): readonly Word[] => [
  ...subcommands.map((command) => [command.name(), command.description()] as const),
  ...choices.map((choice) => [choice, ""] as const),
];

const optionWords = ({ options }: Node): readonly Word[] =>
  options.flatMap((option) => flagsOf(option).map((flag) => [flag, option.description] as const));

/** The words of each command, as branches of `case`: options where one is begun, else what comes next. */
function byCommand(
  nodes: readonly Node[],
  wordsOf: (node: Node) => readonly Word[],
  write: (words: readonly Word[]) => string,
): string {
  return nodes
    .map((node) => ({ at: node.words, words: wordsOf(node) }))
    .filter(({ words }) => words.length > 0)
    .map(({ at, words }) => `      ${JSON.stringify(at)}) ${write(words)} ;;`)
    .join("\n");
}

/** Words of the line that lead to a command, as a pattern of `case`: `" certs"|"certs init"`. */
const steps = (nodes: readonly Node[]): string =>
  nodes
    .filter(({ words }) => words !== "")
    .map(({ words }) => JSON.stringify(words.includes(" ") ? words : ` ${words}`))
    .join("|");

/** Whether an option's value is a file, or one of several files and folders. */
function takesFiles({ flags }: Option): boolean {
  return flags.includes("<file>") || flags.includes("<paths...>");
}

/** For each option that takes a value: where it stands, its flags, and its values. */
function valued(nodes: readonly Node[]) {
  return nodes.flatMap(({ words, options }) =>
    options
      .filter((option) => option.required || option.optional)
      .map((option) => ({
        patterns: flagsOf(option).map((flag) => JSON.stringify(`${words}:${flag}`)),
        choices: option.argChoices ?? [],
        takes: option.flags.includes("<dir>") ? "folder" : takesFiles(option) ? "file" : undefined,
      })),
  );
}

function bash(name: string, nodes: readonly Node[]): string {
  const values = valued(nodes).map(({ patterns, choices, takes }) => {
    const kind = takes === "folder" ? "-d" : "-f";
    const found =
      choices.length > 0
        ? `COMPREPLY=($(compgen -W ${quoted(choices.join(" "))} -- "$cur")); `
        : takes === undefined
          ? "compopt +o bashdefault +o default 2>/dev/null; "
          : `COMPREPLY=($(compgen ${kind} -- "$cur")); `;
    return `    ${patterns.join("|")}) ${found}return ;;`;
  });
  const words = (of: (node: Node) => readonly Word[]) =>
    byCommand(nodes, of, (found) => `words=${quoted(found.map(([word]) => word).join(" "))}`);
  return `# bash completion for ${name}
_${name}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at= word words=
  # --option=value comes as three words.
  if [ "$cur" = = ]; then cur=; elif [ "$prev" = = ]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${steps(nodes)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at:$prev" in
${values.join("\n")}
  esac
  case "$cur" in
    -*) case "$at" in
${words(optionWords)}
    esac ;;
    *) case "$at" in
${words(commandWords)}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _${name} ${name}
`;
}

function zsh(name: string, nodes: readonly Node[]): string {
  const values = valued(nodes).map(({ patterns, choices, takes }) => {
    const files = takes === "folder" ? "_files -/; " : "_files; ";
    const add = choices.length > 0 ? `compadd -- ${choices.join(" ")}; ` : takes && files;
    return `    ${patterns.join("|")}) ${add ?? ""}return ;;`;
  });
  const entry = ([word, about]: Word) =>
    quoted(about === "" ? word : `${word}:${about.replaceAll(":", "\\:")}`);
  const words = (of: (node: Node) => readonly Word[]) =>
    byCommand(nodes, of, (found) => `found=(${found.map(entry).join(" ")})`);
  return `#compdef ${name}
_${name}() {
  local at= word prev="\${words[CURRENT-1]}"
  if [[ "\${words[CURRENT]}" == --*=* ]]; then
    prev="\${words[CURRENT]%%=*}"
    compset -P 1 '*='
  fi
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      ${steps(nodes)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at:$prev" in
${values.join("\n")}
  esac
  local -a found
  case "\${words[CURRENT]}" in
    -*) case "$at" in
${words(optionWords)}
    esac ;;
    *) case "$at" in
${words(commandWords)}
    esac ;;
  esac
  _describe ${name} found || _files
}
if [ "$funcstack[1]" = "_${name}" ]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function fish(name: string, nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ words, subcommands, options, choices }) => {
    const start = `complete -c ${name} -n ${quoted(`__${name}_at "${words}"`)}`;
    return [
      ...subcommands.map(
        (command) => `${start} -f -a ${command.name()} -d ${quoted(command.description())}`,
      ),
      ...(choices.length === 0 ? [] : [`${start} -f -a ${quoted(choices.join(" "))}`]),
      ...options.map((option) => {
        const flags = [
          ...(option.short === undefined ? [] : [`-s ${option.short.slice(1)}`]),
          ...(option.long === undefined ? [] : [`-l ${option.long.slice(2)}`]),
        ];
        const takes =
          option.argChoices !== undefined
            ? ` -x -a ${quoted(option.argChoices.join(" "))}`
            : option.required
              ? option.flags.includes("<dir>")
                ? " -x -a '(__fish_complete_directories)'"
                : takesFiles(option)
                  ? " -r"
                  : " -x"
              : "";
        return `${start} ${flags.join(" ")}${takes} -d ${quoted(option.description)}`;
      }),
    ];
  });
  return `# fish completion for ${name}
function __${name}_at
    set -l at
    for word in (commandline -opc)[2..-1]
        switch (string trim "$at $word")
            case ${nodes.flatMap(({ words }) => (words === "" ? [] : [quoted(words)])).join(" ")}
                set at (string trim "$at $word")
        end
    end
    test "$at" = "$argv[1]"
end
${lines.join("\n")}
`;
}

/** One word of any of these shells, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
