/** Hostile texts in every place of a description: refused with a readable issue, or data in what is made of it. */
import { parseAllDocuments } from "yaml";
import { formatPath, type Manifest, planMesh, safeParseMesh } from "../../../src";
import { formatIssue, MeshError } from "../../../src/core/issues";
import { toLiteral } from "../../../src/core/literals";
import { renderPlan } from "../../../src/render";
import { baseDescription } from "../description/base";
import { hostileTexts } from "./texts";

type Way = readonly (string | number)[];

/** Ways to every text of a value, and to every map, where keys are planted. */
function waysTo(value: unknown, isWanted: (part: unknown) => boolean): readonly Way[] {
  const inside =
    typeof value === "object" && value !== null
      ? (Array.isArray(value) ? [...value.entries()] : Object.entries(value)).flatMap(
          ([key, part]: [string | number, unknown]) =>
            waysTo(part, isWanted).map((way): Way => [key, ...way]),
        )
      : [];
  return isWanted(value) ? [[], ...inside] : inside;
}

/** The base, rendered to files: every address that files need is there. */
function description(): Record<string, unknown> {
  const base = baseDescription() as any;
  base.clusters.north.gateway.address = "203.0.113.30";
  base.clusters.north.gateway.addressType = undefined;
  base.clusters.east.dns.address = "10.96.0.53";
  base.trust = { issuer: "existing" };
  base.services["pay.default"].routes[0].match = {
    uri: { prefix: "/a" },
    authority: "pay",
    headers: { "x-user": "ann" },
    queryParams: { q: { exact: "1" } },
  };
  return JSON.parse(JSON.stringify(base));
}

function planted(way: Way, change: (parent: any, key: string | number) => void): unknown {
  const copy = description();
  const parent = way.slice(0, -1).reduce<any>((part, key) => part[key], copy);
  change(parent, way.at(-1)!);
  return copy;
}

const isText = (part: unknown) => typeof part === "string";
const isPlainMap = (part: unknown) =>
  typeof part === "object" && part !== null && !Array.isArray(part);

/** One cluster and one service stand for all. */
const isOne = (way: Way) => !way.includes("west") && !way.includes("cart.default");
const ways = waysTo(description(), isText).filter(isOne);
const maps = waysTo(description(), isPlainMap).filter(isOne);

const plants: readonly (readonly [place: string, plant: (text: string) => unknown])[] = [
  ...ways.map(
    (way) =>
      [
        `the text at ${formatPath(way)}`,
        (text: string) => planted(way, (parent, key) => (parent[key] = text)),
      ] as const,
  ),
  ...maps.map(
    (way) =>
      [
        `a key at ${way.length === 0 ? "the top" : formatPath(way)}`,
        (text: string) =>
          planted([...way, "x"], (parent) =>
            // As JSON.parse does it, also for "__proto__".
            Object.defineProperty(parent, text, {
              value: Object.values(parent)[0],
              enumerable: true,
              configurable: true,
              writable: true,
            }),
          ),
      ] as const,
  ),
];

/** Characters that steer a terminal or its reader's eyes. */
const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

let accepted = 0;
let refused = 0;

describe.each(Object.entries(hostileTexts))("%s", (_, text) => {
  test("is refused in words that can be shown, or is data and nothing else", () => {
    for (const [place, plant] of plants) {
      const result = safeParseMesh(plant(text));
      if (!result.ok) {
        refused++;
        for (const issue of result.issues) {
          const line = formatIssue(issue);
          expect(`${place}: ${line}`).not.toMatch(steering);
          expect(line.replace(formatPath(issue.path), "").length).toBeLessThan(1500);
        }
        continue;
      }
      accepted++;
      expectNothingButData(result.mesh);
    }
    expect(Object.prototype).not.toHaveProperty("admin");
  });
});

/** Files are read back as what was planned, below the clusters' folders. */
function expectNothingButData(mesh: Parameters<typeof planMesh>[0]): void {
  let plan;
  try {
    plan = planMesh(mesh);
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    return;
  }
  const clusters = new Set(mesh.clusters.map(({ name }) => name));
  const files = renderPlan(plan);
  for (const { path } of files) {
    const [cluster = "", ...rest] = path.split("/");
    expect(clusters).toContain(cluster);
    expect(rest.join("/")).toMatch(/^(?:helm\/)?[a-z0-9-]+\.yaml$/);
  }
  for (const { cluster, objects } of plan.clusters) {
    const own = files.filter(
      ({ path }) => path.startsWith(`${cluster.name}/`) && !path.includes("/helm/"),
    );
    const read = own.flatMap(({ content }) =>
      parseAllDocuments(content, { version: "1.1" }).map((document): unknown => document.toJS()),
    );
    const meant = objects.map(({ manifest }): Manifest => toLiteral(manifest));
    expect(JSON.stringify(read)).toBe(JSON.stringify(meant));
  }
}

afterAll(() => {
  expect(accepted).toBeGreaterThan(150);
  expect(refused).toBeGreaterThan(1500);
});
