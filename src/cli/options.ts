/** Options that commands share, and how they are checked. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { usageFailure } from "./failure";

/** How a command prints what it found. */
export const outputs = ["text", "json", "yaml", "markdown"] as const;
export type Output = (typeof outputs)[number];

/** The description that is read where none is named. */
export const defaultFile = "mesh.yaml";

/** How people bring what is planned to clusters. */
export const bringing = "pulumi up, or meshspan render and kubectl apply";

/** Where certificates are unless said otherwise. */
export const defaultCerts = "certs";

export function fileOption(what = 'the mesh description, "-" for standard input'): Option {
  return new Option("-f, --file <file>", `${what} (default: ${defaultFile})`);
}

export function outputOption(choices: readonly Output[] = outputs): Option {
  return new Option("-o, --output <format>", "how to print it").choices(choices).default("text");
}

/** The folder of certificates, where `certs init` makes them. */
export function certsOption(note = ""): Option {
  return new Option(
    "--certs <dir>",
    `folder of the root, the intermediates and their keys${note}`,
  ).argParser(parseFolder);
}

/** The file that was meant, by its position or by `--file`. */
export function chosenFile(positional: string | undefined, option: string | undefined): string {
  if (positional !== undefined && option !== undefined && positional !== option) {
    throw usageFailure(
      `two descriptions are named, ${positional} and ${option}`,
      "name one of them",
    );
  }
  return positional ?? option ?? defaultFile;
}

/** @throws Failure where a description is to be printed, and something else in its place: both want standard output */
export function checkPrintable(output: Output): void {
  if (output !== "text")
    throw usageFailure(
      `the description goes to standard output, and so would ${output} about it`,
      "name a file for the description, or leave out --output",
    );
}

export function parseFolder(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("Name a folder.");
}

/** How long to wait for something. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError("Write a number of seconds.");
}

/** Help that ends with examples, each a line that can be typed. */
export function withExamples(command: Command, ...examples: readonly string[]): Command {
  return command.addHelpText(
    "after",
    `\nExamples:\n${examples.map((example) => `  ${example}\n`).join("")}`,
  );
}
