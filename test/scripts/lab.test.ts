/** What the lab's command says where it can't run. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const script = resolve(__dirname, "../../scripts/lab.mjs");

/** The command on a machine that has no programs. */
function run(what: string, env: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "meshspan-path-"));
  try {
    const { status, stdout } = spawnSync(process.execPath, [script, what], {
      env: { PATH: folder, HOME: folder, ...env },
      encoding: "utf8",
    });
    return { status, lines: stdout.trimEnd().split("\n") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What mends it, as far as this machine lets it get. */
const mend =
  process.platform !== "linux"
    ? "it needs Linux"
    : process.getuid?.() === 0
      ? "programs are missing: apt-get install --no-install-recommends bubblewrap curl dnsmasq-base"
      : "it needs root";

test("of the tests it leaves its tier out, in one line that says how to mend it", () => {
  const { status, lines } = run("test");
  expect(status).toBe(0);
  expect(lines).toEqual([expect.stringContaining(`the lab tests are left out: ${mend}`)]);
});

test("where the tier is required that fails", () => {
  const { status, lines } = run("test", { MESHSPAN_REQUIRE_LAB: "1" });
  expect(status).toBe(1);
  expect(lines).toEqual([expect.stringContaining(`the lab tests can't run: ${mend}`)]);
});

test("a lab that is asked for fails", () => {
  const { status, lines } = run("show");
  expect(status).toBe(1);
  expect(lines).toEqual([expect.stringContaining(`the lab can't run: ${mend}`)]);
});

test("there is nothing to enter where none runs", () => {
  expect(run("enter").status).toBe(1);
});
