import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hopKinds } from "../../src/core/trace/hop";
import { hopTexts } from "../../scripts/reference/hopTexts";
import { wayScene } from "../../scripts/reference/hopPictures";
import { sceneSvg } from "../../scripts/reference/scene";
import { shopCall } from "../../scripts/reference/shownCall";
import { writtenPages } from "../../scripts/reference/pages";
import { meshJsonSchema } from "../../src";
import { repository } from "./pages";

const pages = writtenPages();

it("is as the sources have it (npm run generate writes it)", () => {
  for (const [path, content] of Object.entries(pages))
    expect([path, readFileSync(join(repository, path), "utf8")]).toEqual([path, content]);
  const { properties } = meshJsonSchema() as { readonly properties: Record<string, unknown> };
  for (const key of Object.keys(properties))
    expect(pages["docs/reference/description.md"]).toContain(`## ${key}\n`);
  expect(pages["docs/reference/description.md"]).toContain("`clusters.<name>.gateway.address`");
  expect(pages["docs/reference/cli.md"]).toContain("## certs rotate\n");
  // Nobody exports it, and it's what arguments of a mesh are made of.
  expect(pages["docs/reference/api/meshspan-pulumi.md"]).toContain("\ninterface CommonArgs ");
});

describe("the data path", () => {
  const page = pages["docs/data-path.md"] ?? "";

  it("has each hop of the demo's call, and that of routes, which it has none of, apart", () => {
    const told = hopKinds.filter((kind) => page.includes(`. ${hopTexts[kind].title}\n`));
    expect(told).toEqual(hopKinds.filter((kind) => kind !== "route"));
  });

  it("has a picture of each hop, all that are there and no other", () => {
    const shown = [...page.matchAll(/^!\[.*\]\((.*\.svg)\)$/gm)].map(([, path = ""]) => path);
    expect(
      shown.filter((path) => hopKinds.some((kind) => path === `data-path/${kind}.svg`)),
    ).toHaveLength(hopKinds.length);
    const there = readdirSync(join(repository, "docs/data-path")).map(
      (name) => `data-path/${name}`,
    );
    expect([...shown].sort()).toEqual(there.sort());
  });

  it.each([
    ["name", "redis-cart.default.global"],
    ["endpoint", "203.0.113.20:15443"],
    ["tls", "outbound_.6379_._.redis-cart.default.svc.cluster.local"],
    ["tls", "spiffe://cluster.local/ns/default/sa/cartservice"],
    ["identity", "spiffe://cluster.local/ns/default/sa/redis-cart"],
    ["authentication", "STRICT"],
    ["authorization", "cluster.local/ns/default/sa/cartservice"],
  ])("shows what the plan has in the picture of the hop %s: %s", (kind, value) => {
    expect(pages[`docs/data-path/${kind}.svg`]).toContain(`>${value}</text>`);
  });

  it("refuses to draw what would be cut", () => {
    const scene = { ...wayScene(shopCall()), facts: [["server name", "x".repeat(200)]] as const };
    expect(() => sceneSvg(scene)).toThrow("characters");
  });
});
