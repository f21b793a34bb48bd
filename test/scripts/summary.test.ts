/** What `npm test` says of its tiers, and from what jest tells it. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { temporaryFolder } from "../cli/run";

const root = resolve(__dirname, "../..");
const folder = temporaryFolder();

/** What it says of such tiers. */
function summaryOf(tiers: readonly object[]): readonly string[] {
  const program = `import { summary } from "./scripts/testing/summary.mjs";
    console.log(summary(${JSON.stringify(tiers)}));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: root,
    encoding: "utf8",
  });
  return stdout.trim().split("\n");
}

const counts = (passed: number, failed = 0, skipped = 0) => ({
  ...{ passed, failed, skipped },
  total: passed + failed + skipped,
});

it("ends with one pair of lines for all tiers, as jest has them", () => {
  const lines = summaryOf([
    { name: "lint", code: 0, seconds: 31.4 },
    { name: "unit", code: 0, seconds: 99, suites: counts(117), tests: counts(3710, 0, 4) },
    { name: "engine", code: 0, seconds: 0.1, leftOut: "etcd is missing" },
    { name: "lab", code: 0, seconds: 400, suites: counts(14), tests: counts(143) },
  ]);
  expect(lines).toEqual([
    "lint    passed    31 s",
    "unit    passed    99 s  117 files, 3714 tests: 4 skipped",
    "engine             0 s  left out: etcd is missing",
    "lab     passed   400 s  14 files, 143 tests",
    "",
    "Test Suites: 131 passed, 131 total",
    "Tests:       4 skipped, 3853 passed, 3857 total",
  ]);
});

it("names every test that failed, and every file that failed without one, and says why", () => {
  const gateway = { name: "a gateway › is killed", why: ["Expected: 200", "Received: 503"] };
  const files = [
    { path: "test/lab/shop.test.ts", failed: true, failures: [gateway] },
    { path: "test/lab/dns.test.ts", failed: true, failures: [], why: ["no such module"] },
    { path: "test/lab/join.test.ts", failed: false, failures: [] },
    // It ended before it kept something.
    { path: "test/lab/trace.test.ts", failed: true, failures: [] },
  ];
  const lab = { name: "lab", code: 1, seconds: 9, suites: counts(1, 3), tests: counts(30, 1) };
  expect(summaryOf([{ ...lab, files }])).toEqual([
    "FAILED test/lab/shop.test.ts › a gateway › is killed",
    "  Expected: 200",
    "  Received: 503",
    "FAILED test/lab/dns.test.ts",
    "  no such module",
    "FAILED test/lab/trace.test.ts",
    "lab     FAILED     9 s  4 files, 31 tests: 1 failed",
    "",
    "Test Suites: 3 failed, 1 passed, 4 total",
    "Tests:       1 failed, 30 passed, 31 total",
  ]);
});

describe("a second try", () => {
  /** What is worth it of a tier's files, and the tier after it. */
  function secondTryOf(tier: object, again?: object): { paths: string[]; tier: object } {
    const program = `import { withSecondTry, worthAnother } from "./scripts/testing/secondTry.mjs";
      const [tier, again] = ${JSON.stringify([tier, again ?? null])};
      const paths = worthAnother(tier);
      console.log(JSON.stringify({ paths, tier: again === null ? tier : withSecondTry(tier, again) }));`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: root,
      encoding: "utf8",
    });
    return JSON.parse(stdout);
  }
  const fileOf = (index: number, failed: boolean) => ({
    path: `test/lab/${index}.test.ts`,
    failed,
    failures: failed ? [{ name: "is reached", why: ["Received: 503"] }] : [],
  });
  const tierOf = (passed: number, failed: number) => ({
    ...{ name: "lab", code: failed > 0 ? 1 : 0, seconds: 100, suites: counts(passed, failed) },
    tests: counts(10 * passed, failed),
    files: Array.from({ length: passed + failed }, (_, index) => fileOf(index, index < failed)),
  });

  it.each([
    ["none", 20, 0, 0],
    ["few", 20, 3, 3],
    ["many", 20, 4, 0],
    ["all", 0, 1, 0],
  ])("is for few of many files: %s", (_, passed, failed, worth) => {
    expect(secondTryOf(tierOf(passed, failed)).paths).toHaveLength(worth);
  });

  it("is told of, and counts", () => {
    const again = {
      ...{ code: 1, seconds: 20, suites: counts(1, 1), tests: counts(1, 1) },
      files: [fileOf(0, false), fileOf(1, true)],
    };
    expect(summaryOf([secondTryOf(tierOf(3, 2), again).tier])).toEqual([
      "PASSED AT THE SECOND TRY test/lab/0.test.ts › is reached",
      "  Received: 503",
      "FAILED test/lab/1.test.ts › is reached",
      "  Received: 503",
      "lab     FAILED   120 s  5 files, 32 tests: 1 failed",
      "",
      "Test Suites: 1 failed, 4 passed, 5 total",
      "Tests:       1 failed, 31 passed, 32 total",
    ]);
  });
});

const tier = temporaryFolder();

it("runs a tier's failed files once more, and none but these", () => {
  writeFileSync(join(tier, "good.test.js"), 'it("holds", () => undefined);');
  const flaky = `const { appendFileSync, readFileSync } = require("node:fs");
    it("holds at the second try", () => {
      appendFileSync("${tier}/tries", ".");
      expect(readFileSync("${tier}/tries", "utf8")).toBe("..");
    });`;
  writeFileSync(join(tier, "flaky.test.js"), flaky);
  const config = JSON.stringify({ rootDir: tier, transform: {} });
  const program = `import { jest, tierOptions } from "./scripts/testing/run.mjs";
    import { summary } from "./scripts/testing/summary.mjs";
    import { runTier } from "./scripts/testing/tier.mjs";
    const command = [...jest, "--runInBand", "--config", ${JSON.stringify(config)}, ...tierOptions];
    console.log(summary([await runTier("unit", command, { folder: ${JSON.stringify(tier)} })]));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: root,
    env: { ...process.env, MESHSPAN_SECOND_TRY: "1" },
    encoding: "utf8",
  });
  expect(stderr).not.toContain("Error");
  const lines = stdout.split("\n").map((line) => line.replace(/\d+ s/, "0 s"));
  expect(lines.filter((line) => /^unit|^PASSED|^Test/.test(line))).toEqual([
    expect.stringMatching(/^unit 1\/2 /),
    expect.stringMatching(/^unit 2\/2 /),
    "unit: once more flaky.test.js",
    "unit-again 1/1 flaky.test.js 0 s passed",
    "PASSED AT THE SECOND TRY flaky.test.js › holds at the second try",
    expect.stringMatching(/^unit +passed +0 s {2}2 files, 2 tests$/),
    "Test Suites: 2 passed, 2 total",
    "Tests:       2 passed, 2 total",
  ]);
});

it("has a line for each file, and the output of those that fail", () => {
  mkdirSync(join(folder, "test"));
  const fileOf = (name: string, body: string) =>
    writeFileSync(join(folder, `test/${name}.test.js`), body);
  fileOf("good", 'it("holds", () => console.log("a figure"));');
  fileOf("bad", 'it("breaks", () => { console.log("a hint"); throw new Error("broken"); });');
  fileOf("worse", 'require("./nowhere");');
  const results = join(folder, "out/test/unit.json");
  const config = JSON.stringify({ rootDir: folder, transform: {} });
  const reporters = ["lineReporter", "resultsReporter"].map(
    (name) => `--reporters=${join(root, `scripts/testing/${name}.cjs`)}`,
  );
  const jest = [join(root, "node_modules/jest/bin/jest.js"), ...reporters, "--config", config];
  const { status, stdout } = spawnSync(process.execPath, [...jest, "--runInBand"], {
    cwd: folder,
    env: { ...process.env, MESHSPAN_TEST_RESULTS: results },
    encoding: "utf8",
  });
  expect(status).toBe(1);
  const lines = stdout.split("\n").filter((line) => line.startsWith("unit "));
  expect(lines.map((line) => line.replace(/\d+ s /, "").slice(9)).sort()).toEqual([
    "bad.test.js FAILED",
    "good.test.js passed",
    "worse.test.js FAILED",
  ]);
  expect(stdout).toMatch(/a hint[^]*broken/);
  expect(stdout).not.toContain("a figure");
  expect(readFileSync(join(folder, "out/test/unit.txt"), "utf8")).toContain("a figure");
  const kept = JSON.parse(readFileSync(results, "utf8"));
  expect(kept).toMatchObject({ suites: counts(1, 2), tests: counts(1, 1) });
  const kinds = ["bad", "good", "worse"].map((name) =>
    kept.files.find(({ path }: any) => path === `test/${name}.test.js`),
  );
  expect(kinds).toMatchObject([
    { failed: true, failures: [{ name: "breaks" }] },
    { failed: false, failures: [], why: [] },
    { failed: true, failures: [] },
  ]);
  expect(kinds[0].failures[0].why[0]).toBe("Error: broken");
  expect(kinds[0].failures[0].why[1]).toContain("bad.test.js:1:");
  expect(kinds[2].why.join()).toContain("./nowhere");
});
