import { readFileSync } from "node:fs";
import { join } from "node:path";
import { record, recordScene } from "../../scripts/recording/record";
import { scenes } from "../../scripts/recording/scenes";
import { toSvg } from "../../scripts/recording/svg";
import {
  lastScreen,
  runOnTerminal,
  screensOf,
  type TerminalRun,
  textOf,
} from "../../scripts/recording/terminal";

const sh = (script: string, options = {}) => runOnTerminal("sh", ["-c", script], options);
const writes = (...outputs: readonly (readonly [at: number, text: string])[]): TerminalRun => ({
  status: 0,
  duration: 1000,
  outputs: outputs.map(([at, text]) => ({ at, text })),
  columns: 20,
  rows: 4,
});

describe("a program on a terminal", () => {
  it("finds one of the size that it was given, on every stream", async () => {
    const script = "stty size; for fd in 0 1 2; do [ -t $fd ] && printf $fd; done";
    const run = await sh(script, { columns: 77, rows: 12 });
    expect([run.status, textOf(await lastScreen(run))]).toEqual([0, "12 77\n012\n"]);
  });

  it("gives its exit code, and everything that it wrote, with times that grow", async () => {
    const run = await sh("printf a; sleep 0.2; printf b; exit 7");
    expect([run.status, run.outputs.map(({ text }) => text)]).toEqual([7, ["a", "b"]]);
    const [first, second] = run.outputs.map(({ at }) => at) as [number, number];
    expect(second - first).toBeGreaterThan(100);
    expect(run.duration).toBeGreaterThanOrEqual(second);
  });

  it("has nothing of a build server's environment", async () => {
    process.env.CI = "true";
    const run = await sh('echo "<$CI$FORCE_COLOR> $TERM $MORE"', { env: { MORE: "more" } });
    delete process.env.CI;
    expect(textOf(await lastScreen(run))).toBe("<> xterm-256color more\n");
  });

  it("is ended when it waits for an answer", async () => {
    const run = await sh("read answer", { timeout: 0.5 });
    expect(run.status).toBeUndefined();
  });
});

describe("the screen", () => {
  it("is what a person sees: lines that are written over, and those that scrolled away", async () => {
    const run = writes([0, "1 of 9\r2\u001b[K\r\n"], [1, "a\r\nb\r\nc\r\nd\r\ne\r\n\r\n"]);
    expect(textOf(await lastScreen(run))).toBe("2\na\nb\nc\nd\ne\n");
  });

  it("has spans by their looks", async () => {
    const text =
      "\u001b[1;31mred\u001b[0m \u001b[38;5;208;4mx\u001b[0m\u001b[48;2;1;2;3m \u001b[0m日";
    const [line] = await lastScreen(writes([0, text]));
    expect(line).toMatchObject([
      { column: 0, text: "red", foreground: 1, bold: true },
      { column: 4, text: "x", foreground: 208, underline: true },
      { column: 5, text: " ", background: "#010203" },
      { column: 6, text: "日", width: 2, foreground: undefined },
    ]);
  });

  it("is kept as it was where time goes by", async () => {
    const run = writes([0, "a"], [10, "b"], [20, "c"], [500, "d"], [900, "\u001b[K"]);
    const frames = await screensOf(run, 100);
    expect(frames.map(({ at, screen }) => [at, textOf(screen)])).toEqual([
      [20, "abc\n"],
      [500, "abcd\n"],
    ]);
  });
});

describe("a picture", () => {
  const frame = async (text: string, at = 0) => ({
    at,
    screen: await lastScreen(writes([0, text])),
  });

  it("has each text at its place, whatever is in it", async () => {
    const frames = [await frame('\u001b[38;5;16;48;5;231m<&">\u001b[0m  \u001b[38;5;244mb')];
    const svg = toSvg({ title: "a <b>", columns: 20, frames });
    expect(svg).toContain('<rect x="0" y="0" width="32" height="18" fill="#ffffff"/>');
    expect(svg).toContain('style="fill: #000000">&#60;&#38;&#34;&#62;</text>');
    expect(svg).toMatch(/<text x="48" y="13" textLength="8" .* style="fill: #808080">b<\/text>/);
    expect(svg).toContain("<title>a &#60;b&#62;</title>");
    expect(svg).not.toContain("@keyframes");
  });

  it("moves where it has several screens, and stands still for whoever wants that", async () => {
    const frames = [await frame("a"), await frame("b", 1000), await frame("c", 4000)];
    const svg = toSvg({ title: "moves", columns: 20, frames });
    expect(svg).toContain(
      "@keyframes f1 { 0% { visibility: hidden } 12.500% { visibility: visible } 50.000% { visibility: hidden } }",
    );
    expect(svg).toContain(".f2 { animation: f2 8.00s step-end infinite }");
    expect(svg).toContain("(prefers-reduced-motion: reduce) { .f { animation: none } .f2 {");
  });

  it("is of this clone's meshspan, below its command", async () => {
    const { run, svg } = await record("meshspan --version | tr . -", { title: "version" });
    expect(run.status).toBe(0);
    expect(svg).toMatch(/>meshspan --version \| tr \. -<[^]*>0-1-0</);
  });

  it.each(scenes.map((scene) => [scene.file, scene] as const))(
    "%s is as the command prints it today (npm run record makes it)",
    async (file, scene) => {
      const { svg } = await recordScene(scene);
      expect(readFileSync(join(__dirname, "../..", file), "utf8")).toBe(svg);
    },
  );
});
