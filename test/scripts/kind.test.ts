/** `.ci/kind` up to the programs that it runs: stand-ins say what they were asked, and fail where a test wants it. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../cli/run";

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
  kind: "",
  pulumi: `[ "$2" != output ] || echo '{"east": "kubeconfig of east", "west": "kubeconfig of west"}'`,
  kubectl: `grep -q "kubeconfig of" "$2" && if [ "$3" = port-forward ]; then exec sleep 30; fi`,
  curl: `while [ $# -gt 1 ]; do [ "$1" != --output ] || file=$2; shift; done; echo "Online Boutique Sunglasses" > "$file"`,
};

/** Runs it, with some programs behaving otherwise. */
function run(other: Partial<typeof usual> = {}) {
  for (const [name, script] of Object.entries({ ...usual, ...other })) program(name, script);
  rmSync(log, { force: true });
  const { status, stdout, stderr } = spawnSync(join(__dirname, "../../.ci/kind"), {
    encoding: "utf8",
    env: { PATH: `${bin}:${process.env.PATH}`, TMPDIR: folder },
  });
  const calls = readFileSync(log, "utf8").trim().split("\n");
  return { status, stdout, said: stdout + stderr, calls };
}

const destroy = "pulumi destroy --yes --non-interactive --stack dev";
const fails = "exit 1";

describe(".ci/kind", () => {
  it("makes the shop, asks for its front and its cart, and takes everything away", () => {
    const { status, said, calls } = run();
    expect([status, said]).toEqual([0, "the shop answers, and its cart crosses\n"]);
    // That one goes on beside the others.
    const forwards = calls.filter((call) => call.includes(" port-forward "));
    expect(forwards).toHaveLength(1);
    const others = calls.filter((call) => !forwards.includes(call));
    expect(others.map((call) => call.split(" --")[0])).toEqual([
      "npm ci",
      "npm run build",
      "pulumi stack init dev",
      "pulumi up",
      "pulumi stack output",
      "kubectl",
      "kubectl",
      "curl",
      "curl",
      "curl",
      "pulumi destroy",
      "kind get clusters",
    ]);
    expect(others.at(-2)).toBe(destroy);
    expect(calls.filter((call) => call.includes("wait deployment"))).toHaveLength(2);
  });

  it.each([
    ["pulumi up fails", { pulumi: `[ "$1" != up ] || ${fails}; ${usual.pulumi}` }],
    ["a deployment isn't there in time", { kubectl: fails }],
    ["the shop doesn't answer", { curl: fails }],
    ["the cart is empty", { curl: usual.curl.replace(" Sunglasses", "") }],
  ])("fails where %s, and takes everything away", (_what, other) => {
    const { status, stdout, calls } = run(other);
    expect([status, stdout]).toEqual([1, ""]);
    expect(calls).toContain(destroy);
  });

  it.each([
    ["destroying fails", { pulumi: `[ "$1" != destroy ] || ${fails}; ${usual.pulumi}` }],
    ["a cluster stays", { kind: "echo shop-west" }],
  ])("fails where %s", (_what, other) => {
    expect(run(other).status).toBe(1);
  });
});
