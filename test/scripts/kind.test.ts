/** `.ci/kind`, which follows docs/tutorial-kind.md, up to the programs that it runs: stand-ins say what they were asked, and fail where a test wants it. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../cli/run";
import { blocksOf, readPage } from "../docs/pages";

const folder = temporaryFolder();
const bin = join(folder, "bin");
const log = join(folder, "calls");
mkdirSync(bin);

function program(name: string, script: string): void {
  const path = join(bin, name);
  writeFileSync(path, `#!/bin/bash\necho "${name} $*" >> "${log}"\n${script}\n`);
  chmodSync(path, 0o755);
}

/** What each program does where it does what it should. */
const usual = {
  npm: "",
  npx: `[ "$2" != status ] || echo "it is scaled to 0 [gateway_not_ready]"`,
  kind: "",
  pulumi: "",
  kubectl: `case $3 in port-forward) exec sleep 30 ;; exec) echo "redis-cart.default.global::west::cx_total" ;; esac`,
  curl: `while [ $# -gt 1 ]; do [ "$1" != --output ] || file=$2; shift; done; echo "Online Boutique Sunglasses" > "$file"`,
};

/** Runs it, with some programs behaving otherwise. */
function run(other: Partial<typeof usual> = {}) {
  for (const [name, script] of Object.entries({ ...usual, ...other })) program(name, script);
  rmSync(log, { force: true });
  const { status, stdout } = spawnSync(join(__dirname, "../../.ci/kind"), {
    encoding: "utf8",
    env: { PATH: `${bin}:${process.env.PATH}`, TMPDIR: folder },
  });
  const calls = readFileSync(log, "utf8").trim().split("\n");
  return { status, stdout, calls };
}

const end = "the page does what it says: the shop answers, and its cart crosses";
const destroy = "pulumi destroy --yes --non-interactive --stack dev";
const fails = "exit 1";

/** The commands that the page has people run, as programs log them. */
const told = blocksOf(readPage("docs/tutorial-kind.md"))
  .filter(({ language }) => language === "sh")
  .flatMap(({ text }) => text.trim().split("\n"))
  .map((line) => line.replace(/ \| .*/, ""));

describe(".ci/kind", () => {
  it("runs the page, asks the shop for its front and its cart, and takes everything away", () => {
    const { status, stdout, calls } = run();
    expect([status, stdout.trim().split("\n").at(-1)]).toEqual([0, end]);
    expect(told.length).toBeGreaterThan(15);
    // That one goes on beside the others.
    const goesOn = (call: string) => call.includes(" port-forward ");
    expect(calls.filter(goesOn)).toEqual(told.filter(goesOn));
    const own = (call: string) => call.startsWith("curl ") || call.includes(" wait deployment ");
    expect(calls.filter((call) => !goesOn(call) && !own(call))).toEqual([
      ...told.filter((line) => !goesOn(line)),
      destroy,
      "kind get clusters",
    ]);
    // Once more when the gateway is back.
    expect(calls.filter((call) => call.includes(" wait deployment "))).toHaveLength(3);
    expect(calls.filter((call) => /^curl .*\/cart$/.test(call))).toHaveLength(3);
  });

  it.each([
    ["pulumi up fails", { pulumi: `[ "$1" != up ] || ${fails}` }],
    ["a deployment isn't there in time", { kubectl: fails }],
    ["the shop doesn't answer", { curl: fails }],
    ["the cart is empty", { curl: usual.curl.replace(" Sunglasses", "") }],
    ["no call crossed", { kubectl: usual.kubectl.replace("redis-cart", "redis") }],
    ["the fault isn't found", { npx: "" }],
  ])("fails where %s, and takes everything away", (_what, other) => {
    const { status, stdout, calls } = run(other);
    expect([status, stdout.includes(end)]).toEqual([1, false]);
    expect(calls).toContain(destroy);
  });

  it.each([
    ["destroying fails", { pulumi: `[ "$1" != destroy ] || ${fails}` }],
    ["a cluster stays", { kind: "echo shop-west" }],
  ])("fails where %s", (_what, other) => {
    expect(run(other).status).toBe(1);
  });
});
