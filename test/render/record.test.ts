import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf, type RenderedFile, writeFiles } from "../../src/render";

const files: readonly RenderedFile[] = [
  { path: "east/a.yaml", content: "a: 1\n" },
  { path: "east/key.yaml", content: "key\n", secret: true },
];

describe("a run with what the last one had", () => {
  let folder: string;
  let out: string;
  let cache: string | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "meshspan-"));
    out = join(folder, "out");
    mkdirSync(out);
    cache = process.env.XDG_CACHE_HOME;
    process.env.XDG_CACHE_HOME = join(folder, "cache");
  });
  afterEach(() => {
    if (cache === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = cache;
    rmSync(folder, { recursive: true });
  });

  /** Writes the files, and says whether they were made for it. */
  async function run(madeOf: string, made: readonly RenderedFile[] = files) {
    let isMade = false;
    const make = () => {
      isMade = true;
      return made;
    };
    return { ...(await writeFiles(out, make, { madeOf })), isMade };
  }
  const records = () => readdirSync(join(folder, "cache/meshspan/files"));
  const recordPath = () => join(folder, "cache/meshspan/files", records()[0] ?? "");

  it("makes nothing, and says what is there", async () => {
    const paths = files.map(({ path }) => path);
    const first = await run("x");
    expect(first).toMatchObject({ isMade: true, written: paths, secrets: ["east/key.yaml"] });
    const nothing = { written: [], removed: [], unchanged: paths, secrets: ["east/key.yaml"] };
    expect(await run("x")).toEqual({ isMade: false, ...nothing });
  });

  it("keeps nothing beside the files but their list, which has no digest and no time", async () => {
    await run("x");
    expect(readdirSync(out)).toEqual([".meshspan-files.json", "east"]);
    const index: unknown = JSON.parse(readFileSync(join(out, ".meshspan-files.json"), "utf8"));
    expect(index).toEqual(["east/a.yaml", "east/key.yaml"]);
  });

  it("makes them when they are of something else, and takes away what is no more", async () => {
    await run("x");
    expect(await run("y", files.slice(1))).toMatchObject({
      isMade: true,
      written: [],
      removed: ["east/a.yaml"],
    });
    expect(await run("y")).toMatchObject({ isMade: false });
  });

  it.each<[string, (path: string) => void]>([
    ["changed", (path) => writeFileSync(path, "a: 2\n")],
    ["longer", (path) => writeFileSync(path, "a: 1\n\n")],
    ["gone", (path) => rmSync(path)],
    ["a folder of the same name away", (path) => rmSync(join(path, ".."), { recursive: true })],
    [
      "a link to the same content",
      (path) => {
        renameSync(path, `${path}.moved`);
        symlinkSync(`${path}.moved`, path);
      },
    ],
  ])("restores a file that is %s", async (_, change) => {
    await run("x");
    change(join(out, "east/a.yaml"));
    const result = await run("x");
    expect(result.isMade).toBe(true);
    expect(result.written).toContain("east/a.yaml");
    expect(readFileSync(join(out, "east/a.yaml"), "utf8")).toBe("a: 1\n");
    expect(statSync(join(out, "east/key.yaml")).mode & 0o777).toBe(0o600);
    expect(await run("x")).toMatchObject({ isMade: false });
  });

  it("mends the mode of a file with key material", async () => {
    await run("x");
    chmodSync(join(out, "east/key.yaml"), 0o644);
    expect(await run("x")).toMatchObject({ isMade: false });
    expect(statSync(join(out, "east/key.yaml")).mode & 0o777).toBe(0o600);
  });

  it("mends the list of files", async () => {
    await run("x");
    for (const text of ["[]", '["../../outside"]', "no JSON", '["mine.txt"]']) {
      writeFileSync(join(out, ".meshspan-files.json"), text);
      expect(await run("x")).toMatchObject({ isMade: true });
      expect(await run("x")).toMatchObject({ isMade: false });
    }
  });

  it("refuses a folder that has become a link", async () => {
    await run("x");
    renameSync(join(out, "east"), join(folder, "elsewhere"));
    symlinkSync(join(folder, "elsewhere"), join(out, "east"));
    await expect(run("x")).rejects.toThrow("is a link");
  });

  it("takes no record's word for what it can't be", async () => {
    await run("x");
    const record = JSON.parse(readFileSync(recordPath(), "utf8")) as { files: object[] };
    for (const text of [
      "",
      "[]",
      JSON.stringify({ ...record, files: [{ ...record.files[0], path: "../outside" }] }),
      JSON.stringify({ ...record, files: [{ ...record.files[0], sha256: "" }] }),
    ]) {
      writeFileSync(recordPath(), text);
      expect(await run("x")).toMatchObject({ isMade: true, written: [] });
      expect(await run("x")).toMatchObject({ isMade: false });
    }
  });

  it("trusts no cache that others may write to", async () => {
    await run("x");
    chmodSync(join(folder, "cache/meshspan/files"), 0o777);
    expect(await run("x")).toMatchObject({ isMade: true });
  });

  it("does without a cache", async () => {
    writeFileSync(join(folder, "file"), "");
    process.env.XDG_CACHE_HOME = join(folder, "file");
    expect(await run("x")).toMatchObject({ isMade: true, removed: [] });
    expect(await run("x")).toMatchObject({ isMade: true, written: [], removed: [] });
  });

  it("remembers nothing of a run that says nothing of what its files are made of", async () => {
    await writeFiles(out, files);
    expect(existsSync(join(folder, "cache"))).toBe(false);
  });

  it("forgets the folders that were written least lately", async () => {
    await run("x");
    const [own] = records();
    for (let index = 0; index < 250; index += 1)
      writeFileSync(join(folder, "cache/meshspan/files", `${index}.json`), "");
    await run("y");
    expect(records()).toHaveLength(200);
    expect(records()).toContain(own);
  });
});

describe("the digest of what files are made of", () => {
  it("is the same for the same data, and another for other data", () => {
    expect(digestOf({ a: [1, "x"] })).toBe(digestOf({ a: [1, "x"] }));
    const others = [digestOf({ a: [1] }), digestOf({}, {}), digestOf([{}, {}]), digestOf(null)];
    expect(new Set(others).size).toBe(others.length);
  });

  it.each([new Map(), () => 1, Symbol("x"), new Set()])("refuses %p", (value) => {
    expect(() => digestOf({ value })).toThrow('"value" is no plain data');
  });
});
