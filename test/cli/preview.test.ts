import { spawnSync } from "node:child_process";
import { join } from "node:path";

const executable = join(__dirname, "../../dist/cli/main.js");

/** Runs the built command with a text on its standard input. */
function run(input: string, ...args: readonly string[]) {
  return spawnSync(process.execPath, [executable, "preview", ...args], { encoding: "utf8", input });
}

const printed = JSON.stringify({
  steps: [
    {
      op: "delete",
      urn: "urn:pulumi:dev::shop::kubernetes:core/v1:Service::shop/east/default/cart",
      oldState: {
        inputs: {
          apiVersion: "v1",
          kind: "Service",
          metadata: { name: "cart", namespace: "default" },
        },
      },
    },
  ],
});

describe("meshspan preview", () => {
  it("reads what pulumi prints, and writes it as text, Markdown or data", () => {
    expect(run(printed)).toMatchObject({
      status: 0,
      stderr: "",
      stdout: "east: 1 deleted\n  -  core/Service/default/cart\n",
    });
    expect(run(printed, "-", "--output", "markdown").stdout).toContain("- **east**: 1 deleted");
    expect(JSON.parse(run(printed, "--output", "json").stdout)).toMatchObject({
      clusters: [{ cluster: "east", deleted: ["core/Service/default/cart"] }],
    });
  });

  it.each([
    [
      "Previewing update (dev)",
      [],
      1,
      "meshspan: standard input isn't what pulumi preview --json prints",
    ],
    ["{}", [], 1, "meshspan: standard input isn't"],
    ["", ["nope.json"], 1, "meshspan: ENOENT"],
    ["", ["a", "b"], 2, "too many arguments"],
  ])("says what is wrong with %j %j", (input, args, status, message) => {
    const result = run(input, ...args);
    expect([result.status, result.stdout]).toEqual([status, ""]);
    expect(result.stderr).toContain(message);
  });
});
