import { Writable } from "node:stream";
import { meterOn, type MeterStream } from "../../src/cli/progress";

function streamOf(terminal: { readonly columns: number } | undefined) {
  const texts: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      texts.push(chunk.toString());
      done();
    },
  });
  const shown: MeterStream =
    terminal === undefined ? stream : Object.assign(stream, { isTTY: true, ...terminal });
  return { stream: shown, texts };
}

/** Twenty seconds of a thousand files. */
function run(terminal: { readonly columns: number } | undefined): readonly string[] {
  const { stream, texts } = streamOf(terminal);
  let time = 0;
  const meter = meterOn(stream, "files", () => time);
  for (let done = 1; done <= 1000; done += 1) {
    time += 20;
    meter.update(done, 1000);
  }
  meter.end();
  return texts;
}

describe("the progress of a long step", () => {
  it("is a bar on a terminal, drawn over ten times a second and taken away at the end", () => {
    const texts = run({ columns: 80 });
    expect(texts.length).toBeGreaterThan(100);
    expect(texts.length).toBeLessThan(210);
    expect(texts[0]).toBe(`\r${"━".repeat(1)}${"─".repeat(39)} 25 of 1,000 files`);
    expect(texts.join("")).not.toContain("\n");
    expect(texts.at(-1)).toBe("\r\u001b[K");
  });

  it.each([70, 40, 24, 12])("fits a terminal of %d columns", (columns) => {
    for (const text of run({ columns }).slice(0, -1))
      expect(text.replace("\r", "").length).toBeLessThan(columns);
  });

  it("is a line every five seconds elsewhere", () => {
    expect(run(undefined)).toEqual(
      [250, 500, 750].map((n) => `· ${n} of 1,000 files\n`).concat("· 1,000 of 1,000 files\n"),
    );
  });

  it("shows nothing of what is short, and nothing without a stream", () => {
    const { stream, texts } = streamOf({ columns: 80 });
    const meter = meterOn(stream, "files");
    meter.update(1, 2);
    meter.update(2, 2);
    meter.end();
    expect(texts).toEqual([]);
    expect(() => meterOn(undefined, "files").update(1, 2)).not.toThrow();
  });
});
