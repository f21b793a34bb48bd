/** Pictures of terminals, as SVG that shows the same in every browser and on GitHub. */
import type { Frame, Screen, Span, Style, TerminalRun } from "./terminal";

/** Pixels of one character; texts are stretched to it, whatever font there is. */
const cell = { width: 8, height: 18 };
const fontSize = 13;
const margin = 14;
const titleHeight = 30;

const colours = {
  paper: "#0d1117",
  bar: "#21262d",
  ink: "#e6edf3",
  title: "#9198a1",
  /** The 16 colours with names, in the order of their numbers. */
  named: [
    "#484f58",
    "#ff7b72",
    "#3fb950",
    "#d29922",
    "#58a6ff",
    "#bc8cff",
    "#39c5cf",
    "#b1bac4",
    "#6e7681",
    "#ffa198",
    "#56d364",
    "#e3b341",
    "#79c0ff",
    "#d2a8ff",
    "#56d4dd",
    "#ffffff",
  ],
};

export interface Picture {
  /** Shown in the bar at the top, and read out. */
  readonly title: string;
  readonly columns: TerminalRun["columns"];
  /** One for a picture that stands still; more are shown one after the other, again and again. */
  readonly frames: readonly Frame[];
}

/** The picture of a terminal. The same screens give the same bytes. */
export function toSvg({ title, columns, frames }: Picture): string {
  const rows = Math.max(1, ...frames.map(({ screen }) => screen.length));
  const width = columns * cell.width + 2 * margin;
  const height = titleHeight + rows * cell.height + 2 * margin;
  const shown = frames.map(
    ({ screen }, index) => `<g class="f f${index}">\n${linesOf(screen)}</g>\n`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" role="img" aria-label="${escaped(title)}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title>${escaped(title)}</title>
<style>
text { font: ${fontSize}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: ${colours.ink} }
${frames.length > 1 ? animation(frames) : ""}</style>
<rect width="${width}" height="${height}" rx="8" fill="${colours.paper}"/>
<path d="M0 ${titleHeight}V8a8 8 0 0 1 8-8h${width - 16}a8 8 0 0 1 8 8v${titleHeight - 8}z" fill="${colours.bar}"/>
<text x="${width / 2}" y="${titleHeight / 2 + 4.5}" text-anchor="middle" style="fill: ${colours.title}">${escaped(title)}</text>
<g transform="translate(${margin} ${titleHeight + margin})">
${shown.join("")}</g>
</svg>
`;
}

/** How long the last screen stands before it starts again, in milliseconds. */
const rest = 4000;

/** Each screen in its time; whoever wants no motion sees the last. */
function animation(frames: readonly Frame[]): string {
  const total = (frames.at(-1)?.at ?? 0) + rest;
  const percent = (time: number) => `${((100 * time) / total).toFixed(3)}%`;
  const rules = frames.map(({ at }, index) => {
    const start = index === 0 ? 0 : at;
    const end = frames[index + 1]?.at;
    const steps = [
      `0% { visibility: ${start === 0 ? "visible" : "hidden"} }`,
      ...(start === 0 ? [] : [`${percent(start)} { visibility: visible }`]),
      ...(end === undefined ? [] : [`${percent(end)} { visibility: hidden }`]),
    ];
    return `@keyframes f${index} { ${steps.join(" ")} }\n.f${index} { animation: f${index} ${(total / 1000).toFixed(2)}s step-end infinite }`;
  });
  const last = frames.length - 1;
  return `.f { visibility: hidden }
${rules.join("\n")}
@media (prefers-reduced-motion: reduce) { .f { animation: none } .f${last} { visibility: visible } }
`;
}

function linesOf(screen: Screen): string {
  return screen
    .flatMap((line, row) => line.flatMap((span) => [...paper(span, row), ink(span, row)]))
    .map((element) => `${element}\n`)
    .join("");
}

function paper({ column, width, background }: Span, row: number): readonly string[] {
  if (background === undefined) return [];
  const place = `x="${column * cell.width}" y="${row * cell.height}"`;
  const size = `width="${width * cell.width}" height="${cell.height}"`;
  return [`<rect ${place} ${size} fill="${colour(background)}"/>`];
}

function ink(span: Span, row: number): string {
  // Spaces at the ends are left out, since some viewers would stretch what is between them.
  const text = span.text.trim();
  const column = span.column + (span.text.length - span.text.trimStart().length);
  const width = span.width - (span.text.length - text.length);
  const place = `x="${column * cell.width}" y="${row * cell.height + fontSize}" textLength="${width * cell.width}" lengthAdjust="spacingAndGlyphs"`;
  return `<text ${place}${lookOf(span)}>${escaped(text)}</text>`;
}

function lookOf({ foreground, bold, dim, italic, underline }: Style): string {
  const look = [
    ...(foreground === undefined ? [] : [`fill: ${colour(foreground)}`]),
    ...(bold ? ["font-weight: bold"] : []),
    ...(dim ? ["opacity: 0.65"] : []),
    ...(italic ? ["font-style: italic"] : []),
    ...(underline ? ["text-decoration: underline"] : []),
  ];
  return look.length === 0 ? "" : ` style="${look.join("; ")}"`;
}

/** A colour of the palette of xterm: 16 with names, a cube of 6 × 6 × 6, and 24 greys. */
function colour(value: number | string): string {
  if (typeof value === "string") return value;
  const named = colours.named[value];
  if (named !== undefined) return named;
  if (value >= 232) return rgb([0, 0, 0].map(() => 8 + 10 * (value - 232)));
  const steps = [0, 95, 135, 175, 215, 255];
  const place = value - 16;
  return rgb(
    [Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6].map((step) => steps[step] ?? 0),
  );
}

function rgb(parts: readonly number[]): string {
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** Text of an element or an attribute. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
