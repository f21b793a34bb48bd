/** What a command prints: data on standard output, in the form that was asked for. */
import type { Writable } from "node:stream";
import { styleText } from "node:util";
import type { DiffPart } from "../core/diff/formatText";
import { printableLines } from "../core/words";
import type { Output } from "./options";

/** The same result in words and as data. */
export interface Report {
  /** What JSON and YAML show; it has a schema in `schemas.ts`. */
  readonly data: unknown;
  readonly text: () => string;
  readonly markdown?: () => string;
}

export async function printReport(output: Output, report: Report): Promise<void> {
  switch (output) {
    case "json":
      return print(`${JSON.stringify(report.data, null, 2)}\n`);
    case "yaml": {
      const { formatYaml } = await import("../core/yaml.js");
      return print(formatYaml([report.data]));
    }
    case "markdown":
      return print(printableLines((report.markdown ?? report.text)()));
    case "text":
      return print(printableLines(report.text()));
  }
}

/** Writes to standard output. A pipe that is closed and a disk that is full are for `main.ts`. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => {
      if (error === undefined || error === null) resolve();
    });
  });
}

/** A line for the person who waits; not where a program reads. */
export function note(output: Output, line: string): void {
  if (output === "text" || output === "markdown") process.stderr.write(`${printableLines(line)}\n`);
}

type Colour = "green" | "red" | "yellow" | "dim";

/** Coloured on a terminal that shows colours, unless NO_COLOR says otherwise; else as it is. */
export function coloured(
  colour: Colour,
  text: string,
  stream: Writable & { readonly hasColors?: () => boolean } = process.stdout,
): string {
  if (stream.hasColors?.() !== true) return text;
  return styleText(colour, text, { validateStream: false });
}

const colours: Readonly<Record<DiffPart, Colour>> = {
  high: "red",
  medium: "yellow",
  low: "dim",
  added: "green",
  removed: "red",
  changed: "yellow",
};

/** A part of a difference, coloured. */
export function paintDiff(part: DiffPart, text: string): string {
  return coloured(colours[part], text);
}
