/** Runs a program on a pseudo-terminal, and reads its screen as a person sees it. */
import { spawn } from "@lydell/node-pty";
import { type IBufferCell, Terminal } from "@xterm/headless";

/** Settings of a run. */
export interface TerminalOptions {
  /** @default 100 */
  readonly columns?: number;
  /** @default 30 */
  readonly rows?: number;
  readonly cwd?: string;
  /** Beside PATH, HOME and TERM, which alone come from here: what a build server sets would turn colours off. */
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds after which the program is ended. @default 60 */
  readonly timeout?: number;
}

/** Something that the program wrote. */
export interface TerminalOutput {
  /** Milliseconds from the start. */
  readonly at: number;
  readonly text: string;
}

export interface TerminalRun {
  /** Undefined where it was ended because it took too long. */
  readonly status: number | undefined;
  /** Milliseconds from the start to the end. */
  readonly duration: number;
  /** All that was written, as it came, with the sequences that steer a terminal. */
  readonly outputs: readonly TerminalOutput[];
  readonly columns: number;
  readonly rows: number;
}

/** Runs a program to its end. Nothing is typed. */
export async function runOnTerminal(
  program: string,
  args: readonly string[],
  { columns = 100, rows = 30, cwd = process.cwd(), env = {}, timeout = 60 }: TerminalOptions = {},
): Promise<TerminalRun> {
  const { PATH = "", HOME = "" } = process.env;
  const start = performance.now();
  const child = spawn("/bin/sh", ["-c", untilRead, "sh", program, ...args], {
    name: env.TERM ?? "xterm-256color",
    cols: columns,
    rows,
    cwd,
    env: { PATH, HOME, ...env },
  });
  const outputs: TerminalOutput[] = [];
  let all = "";
  child.onData((text) => {
    if (all.includes(endMark)) return;
    all += text;
    outputs.push({ at: performance.now() - start, text });
    if (all.includes(endMark)) child.write("\n");
  });
  const status = await new Promise<number | undefined>((resolve) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      resolve(undefined);
    }, timeout * 1000);
    child.onExit(({ exitCode }) => {
      clearTimeout(timer);
      resolve(exitCode);
    });
  });
  return {
    status,
    duration: performance.now() - start,
    outputs: beforeEnd(outputs),
    columns,
    rows,
  };
}

/** A sequence that terminals pass over; no command of ours writes it. */
const endMark = "\u001b]777;end\u0007";

/**
 * What a pseudo-terminal still has when its program has ended is thrown away 200 ms later, which is too soon on a busy machine: the
 * shell around the program ends once all is read.
 */
const untilRead = `"$@"; status=$?; printf '\\033]777;end\\007'; read -r _; exit "$status"`;

function beforeEnd(outputs: readonly TerminalOutput[]): readonly TerminalOutput[] {
  const all = outputs.map(({ text }) => text).join("");
  const end = all.indexOf(endMark);
  let left = end === -1 ? all.length : end;
  return outputs.flatMap(({ at, text }) => {
    const kept = text.slice(0, left);
    left -= kept.length;
    return kept === "" ? [] : [{ at, text: kept }];
  });
}

/** How a part of a line looks. Colours are numbers of the 256-colour palette, or `#rrggbb`; undefined for the default. */
export interface Style {
  readonly foreground: number | string | undefined;
  readonly background: number | string | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
}

/** Neighbours on a line that look the same. */
export interface Span extends Style {
  /** From 0. */
  readonly column: number;
  /** How many columns it takes. */
  readonly width: number;
  readonly text: string;
}

/** Lines of spans, those that have scrolled away too; without empty ones at the end. */
export type Screen = readonly (readonly Span[])[];

/** The screen at the end. */
export async function lastScreen(run: TerminalRun): Promise<Screen> {
  const [frame] = (await screensOf(run, Infinity)).slice(-1);
  return frame?.screen ?? [];
}

/** A screen, from its time to that of the next. */
export interface Frame {
  /** Milliseconds from the start. */
  readonly at: number;
  readonly screen: Screen;
}

/**
 * The screens that the run went through, where they differ.
 * @param apart Milliseconds between two screens at least.
 */
export async function screensOf(
  { outputs, columns, rows }: TerminalRun,
  apart: number,
): Promise<readonly Frame[]> {
  const terminal = new Terminal({
    cols: columns,
    rows,
    scrollback: 10_000,
    allowProposedApi: true,
  });
  const frames: Frame[] = [];
  let seen = "";
  for (const [index, { at, text }] of outputs.entries()) {
    await new Promise<void>((resolve) => terminal.write(text, resolve));
    const next = outputs[index + 1]?.at;
    const isShown = next === undefined || next - (frames.at(-1)?.at ?? 0) >= apart;
    if (!isShown) continue;
    const screen = screenOf(terminal);
    const key = JSON.stringify(screen);
    if (key !== seen) frames.push({ at, screen });
    seen = key;
  }
  terminal.dispose();
  return frames;
}

/** The text of a screen. */
export function textOf(screen: Screen): string {
  return screen
    .map((line) => line.reduce((text, span) => text.padEnd(span.column) + span.text, ""))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

function screenOf(terminal: Terminal): Screen {
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, row) => {
    const line = active.getLine(row);
    const cells = Array.from({ length: terminal.cols }, (_, column) => line?.getCell(column));
    return spansOf(cells.filter((cell) => cell !== undefined));
  });
  const end = lines.findLastIndex((line) => line.length > 0);
  return lines.slice(0, end + 1);
}

function spansOf(cells: readonly IBufferCell[]): readonly Span[] {
  const spans: Span[] = [];
  for (const [column, cell] of cells.entries()) {
    // The second half of a wide character.
    if (cell.getWidth() === 0) continue;
    const style = styleOf(cell);
    const text = cell.getChars() || " ";
    const last = spans.at(-1);
    if (last !== undefined && isSameStyle(last, style)) {
      spans[spans.length - 1] = {
        ...last,
        text: last.text + text,
        width: last.width + cell.getWidth(),
      };
    } else spans.push({ ...style, column, text, width: cell.getWidth() });
  }
  return spans.map(withoutBlankEnd).filter(({ text }) => text !== "");
}

/** Blanks are seen by their background or their line alone. */
function withoutBlankEnd(span: Span): Span {
  if (span.background !== undefined || span.underline) return span;
  const text = span.text.trimEnd();
  return { ...span, text, width: span.width - (span.text.length - text.length) };
}

function isSameStyle(a: Style, b: Style): boolean {
  return (
    a.foreground === b.foreground &&
    a.background === b.background &&
    a.bold === b.bold &&
    a.dim === b.dim &&
    a.italic === b.italic &&
    a.underline === b.underline
  );
}

function styleOf(cell: IBufferCell): Style {
  const foreground = colourOf(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor());
  const background = colourOf(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor());
  const isInverse = cell.isInverse() !== 0;
  return {
    // Of the default colours, black on white is what stands out.
    foreground: isInverse ? (background ?? 0) : foreground,
    background: isInverse ? (foreground ?? 7) : background,
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
    italic: cell.isItalic() !== 0,
    underline: cell.isUnderline() !== 0,
  };
}

function colourOf(isDefault: boolean, isRgb: boolean, value: number): Style["foreground"] {
  if (isDefault) return undefined;
  return isRgb ? `#${value.toString(16).padStart(6, "0")}` : value;
}
