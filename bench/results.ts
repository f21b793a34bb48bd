/** Figures of a benchmark as JSON, as a table in Markdown and as a plot, in `bench/results`. */
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { format } from "prettier";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

export interface Results {
  readonly title: string;
  /** Paragraphs below the table. */
  readonly notes?: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly plot: Lines | Bars;
}

/** Lines on logarithmic axes. */
interface Lines {
  readonly data: readonly Readonly<Record<string, string | number>>[];
  readonly x: Axis;
  readonly y: Axis;
  /** The field that tells lines apart. */
  readonly series: string;
}

/** A bar for each. */
interface Bars {
  readonly data: readonly Readonly<Record<string, string | number>>[];
  /** The field that names them, from top to bottom. */
  readonly of: string;
  readonly x: Axis;
}

interface Axis {
  readonly field: string;
  readonly title: string;
}

const folder = join(__dirname, "results");

/** The machine that figures are of. */
export function machine(): string {
  const [first, ...others] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${others.length + 1} × ${first?.model.trim() ?? "processor"}, ${memory} GiB, Node ${process.versions.node}`;
}

export async function writeResults(name: string, results: Results): Promise<void> {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const markdown = [
    `# ${results.title}`,
    `Measured by \`npm run bench -- ${name}\` on ${machine()}.`,
    [row(results.columns), row(results.columns.map(() => "---")), ...results.rows.map(row)].join(
      "\n",
    ),
    ...(results.notes ?? []),
    `![${results.title}](${name}.svg)`,
  ].join("\n\n");
  writeFileSync(join(folder, `${name}.md`), await format(markdown, { parser: "markdown" }));
  writeFileSync(join(folder, `${name}.svg`), await plot(results));
}

async function plot({ title, plot: shown }: Results): Promise<string> {
  const spec: TopLevelSpec = {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    title,
    width: 560,
    height: 320,
    background: "white",
    data: { values: shown.data.map((row) => ({ ...row })) },
    ...("of" in shown ? bars(shown) : lines(shown)),
  };
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  return `${await view.toSVG()}\n`;
}

function lines({ x, y, series }: Lines) {
  const axis = ({ field, title }: Axis) =>
    ({ field, type: "quantitative", title, scale: { type: "log" } }) as const;
  return {
    mark: { type: "line", point: true },
    encoding: { x: axis(x), y: axis(y), color: { field: series, type: "nominal" } },
  } as const;
}

function bars({ of, x: { field, title } }: Bars) {
  return {
    mark: "bar",
    encoding: {
      y: { field: of, type: "nominal", sort: null, title: null },
      x: { field, type: "quantitative", title },
    },
  } as const;
}
