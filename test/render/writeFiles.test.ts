import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFiles } from "../../src/render/writeFiles";

describe("writing files", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "meshspan-"))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const read = (path: string) => readFileSync(join(folder, path), "utf8");

  it("makes folders, and leaves nothing but the files and their list", async () => {
    const result = await writeFiles(folder, [
      { path: "a/b.yaml", content: "b" },
      { path: "c.yaml", content: "c" },
    ]);
    expect(result).toEqual({
      written: ["a/b.yaml", "c.yaml"],
      unchanged: [],
      removed: [],
      secrets: [],
    });
    expect([read("a/b.yaml"), read("c.yaml")]).toEqual(["b", "c"]);
    expect(readdirSync(folder).sort()).toEqual([".meshspan-files.json", "a", "c.yaml"]);
    expect(readdirSync(join(folder, "a"))).toEqual(["b.yaml"]);
  });

  it("doesn't touch a file whose content is the same", async () => {
    await writeFiles(folder, [
      { path: "a.yaml", content: "a" },
      { path: "b.yaml", content: "b" },
    ]);
    const past = new Date("2020-01-01T00:00:00Z");
    for (const name of ["a.yaml", "b.yaml", ".meshspan-files.json"])
      utimesSync(join(folder, name), past, past);
    const result = await writeFiles(folder, [
      { path: "a.yaml", content: "a" },
      { path: "b.yaml", content: "new" },
    ]);
    expect(result).toEqual({
      written: ["b.yaml"],
      unchanged: ["a.yaml"],
      removed: [],
      secrets: [],
    });
    expect(statSync(join(folder, "a.yaml")).mtime).toEqual(past);
    expect(statSync(join(folder, ".meshspan-files.json")).mtime).toEqual(past);
    expect(statSync(join(folder, "b.yaml")).mtime).not.toEqual(past);
  });

  it("removes what an earlier run wrote and this one doesn't, and nobody else's files", async () => {
    await writeFiles(folder, [
      { path: "old/x.yaml", content: "x" },
      { path: "keep/y.yaml", content: "y" },
    ]);
    writeFileSync(join(folder, "keep", "mine.txt"), "mine");
    const result = await writeFiles(folder, [{ path: "new.yaml", content: "n" }]);
    expect(result.removed).toEqual(["keep/y.yaml", "old/x.yaml"]);
    expect(existsSync(join(folder, "old"))).toBe(false);
    expect(readdirSync(join(folder, "keep"))).toEqual(["mine.txt"]);
  });

  it("lets only the owner read key material, also where a file was open before", async () => {
    const files = [{ path: "secret.yaml", content: "key", secret: true }];
    await writeFiles(folder, files);
    expect(statSync(join(folder, "secret.yaml")).mode & 0o777).toBe(0o600);
    chmodSync(join(folder, "secret.yaml"), 0o644);
    await writeFiles(folder, files);
    expect(statSync(join(folder, "secret.yaml")).mode & 0o777).toBe(0o600);
  });

  it.each(["../outside.yaml", "/etc/outside.yaml", "a/../../outside.yaml"])(
    "refuses %s, and writes nothing",
    async (path) => {
      await expect(
        writeFiles(folder, [
          { path: "fine.yaml", content: "" },
          { path, content: "" },
        ]),
      ).rejects.toThrow("leads out of the folder");
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it("ignores paths out of the folder in the list of an earlier run", async () => {
    const victim = join(folder, "..", `victim-${process.pid}.txt`);
    writeFileSync(victim, "safe");
    const below = join(folder, "below");
    mkdirSync(below);
    writeFileSync(
      join(below, ".meshspan-files.json"),
      JSON.stringify([`../../victim-${process.pid}.txt`, 7, null]),
    );
    await writeFiles(below, []);
    expect(readFileSync(victim, "utf8")).toBe("safe");
    rmSync(victim);
  });

  it("follows no link out of the folder, whoever put it there", async () => {
    const outside = mkdtempSync(join(tmpdir(), "meshspan-outside-"));
    writeFileSync(join(outside, "a.yaml"), "safe", { mode: 0o644 });
    try {
      symlinkSync(outside, join(folder, "east"));
      const files = [
        { path: "fine.yaml", content: "" },
        { path: "east/b/a.yaml", content: "new" },
      ];
      await expect(writeFiles(folder, files)).rejects.toThrow(
        `${join(folder, "east")} is a link: put a folder in its place`,
      );
      expect(readdirSync(folder)).toEqual(["east"]);
      // Nor when an earlier run is said to have written there.
      writeFileSync(join(folder, ".meshspan-files.json"), '["east/a.yaml"]');
      await expect(writeFiles(folder, [])).rejects.toThrow("is a link");
      expect(readFileSync(join(outside, "a.yaml"), "utf8")).toBe("safe");
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  it.each(["safe", "new"])("puts a file in the place of a link to one with %j", async (content) => {
    const outside = mkdtempSync(join(tmpdir(), "meshspan-outside-"));
    writeFileSync(join(outside, "a.yaml"), "safe");
    chmodSync(join(outside, "a.yaml"), 0o644);
    try {
      for (const name of ["a.yaml", ".meshspan-files.json"])
        symlinkSync(join(outside, "a.yaml"), join(folder, name));
      const result = await writeFiles(folder, [{ path: "a.yaml", content, secret: true }]);
      expect(result.written).toEqual(["a.yaml"]);
      expect(lstatSync(join(folder, "a.yaml")).isSymbolicLink()).toBe(false);
      expect(lstatSync(join(folder, ".meshspan-files.json")).isSymbolicLink()).toBe(false);
      expect(read("a.yaml")).toBe(content);
      expect(readFileSync(join(outside, "a.yaml"), "utf8")).toBe("safe");
      expect(statSync(join(outside, "a.yaml")).mode & 0o777).toBe(0o644);
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  it("lists what it will write before it does, so that a run after one that was killed removes it", async () => {
    const files = ["a/1.yaml", "b/2.yaml", "c/3.yaml"].map((path) => ({ path, content: path }));
    mkdirSync(join(folder, "c"), { recursive: true });
    writeFileSync(join(folder, "c/3.yaml"), "somebody else's");
    const listed: string[] = [];
    await writeFiles(folder, files, {
      progress: () => {
        const index = readFileSync(join(folder, ".meshspan-files.json"), "utf8");
        listed.push(...(JSON.parse(index) as string[]));
      },
    });
    expect([...new Set(listed)]).toEqual(["a/1.yaml", "b/2.yaml"]);
    writeFileSync(join(folder, ".meshspan-files.json"), JSON.stringify([...new Set(listed)]));
    const { removed } = await writeFiles(folder, []);
    expect(removed).toEqual(["a/1.yaml", "b/2.yaml"]);
  });

  it("leaves no half-written file behind when it fails", async () => {
    mkdirSync(join(folder, "taken.yaml"));
    await expect(writeFiles(folder, [{ path: "taken.yaml", content: "x" }])).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(["taken.yaml"]);
  });
});
