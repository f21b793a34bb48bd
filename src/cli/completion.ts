/** `meshspan completion`: what a shell has to know to complete commands, options and their values. */
import { Argument, type Command as CommandType, Command } from "commander";
import { withExamples } from "./options";
import { print } from "./output";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

/** @param root The whole tree of commands, once it is made. */
export function completionCommand(root: () => CommandType): Command {
  const command = new Command("completion")
    .description("print a script that has a shell complete commands and options")
    .addArgument(new Argument("<shell>", "which shell").choices(shells))
    .action(async (shell: Shell) => {
      const { completionScript } = await import("./completionScript.js");
      await print(completionScript(shell, root()));
    });
  return withExamples(
    command,
    "meshspan completion bash > ~/.local/share/bash-completion/completions/meshspan",
    'meshspan completion zsh > "${fpath[1]}/_meshspan"',
    "meshspan completion fish > ~/.config/fish/completions/meshspan.fish",
  );
}
