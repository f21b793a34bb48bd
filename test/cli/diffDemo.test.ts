/** The demo shop, when cartservice follows its Redis from east to west, through the built command. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatYaml } from "../../src/core/yaml";
import { defaultPlacement, type Placement, shopMesh } from "../../src/demo";
import { fileIn, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();
const golden = (name: string) => readFileSync(join(__dirname, "../golden", name), "utf8");

function describeShop(file: string, placement: Placement): string {
  return fileIn(folder, file, formatYaml([shopMesh({ placement }).description]));
}

const apart = defaultPlacement(["east", "west"]);
const before = describeShop("before.yaml", apart);
const after = describeShop("after.yaml", {
  east: apart.east!.filter((name) => name !== "cartservice"),
  west: [...apart.west!, "cartservice"],
});

const diff = (...args: readonly string[]) => meshspan(["diff", ...args]);

describe("meshspan diff, when a service of the demo moves to the other cluster", () => {
  it.each([
    ["text", "diff-moved.txt"],
    ["markdown", "diff-moved.md"],
  ])("prints the %s that is committed", async (output, file) => {
    const { status, stdout, stderr } = await diff(before, after, "--output", output);
    expect([status, stderr, stdout]).toEqual([0, "", golden(file)]);
  });

  it("prints as JSON who reaches it, and who reaches what it calls", async () => {
    const { status, stdout } = await diff(before, after, "--output", "json", "--exit-code");
    expect(status).toBe(4);
    const { changes, objects } = parsed("diff", stdout);
    expect(changes.map((change: any) => [change.kind, change.cluster, change.service])).toEqual(
      expect.arrayContaining([
        ["reachable", "east", "cartservice.default"],
        ["unreachable", "east", "redis-cart.default"],
      ]),
    );
    expect(objects.map(({ cluster }: { readonly cluster: string }) => cluster)).toEqual([
      "east",
      "west",
    ]);
  });

  it("says of each of them that nothing changes from it to itself", async () => {
    for (const file of [before, after]) {
      const { status, stdout } = await diff(file, file, "--exit-code", "-o", "json");
      expect([status, parsed("diff", stdout)]).toEqual([
        0,
        { before: "shop", after: "shop", changes: [], objects: [] },
      ]);
    }
  });
});
