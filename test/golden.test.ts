import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseMesh, planMesh } from "../src";
import { renderPlan } from "../src/render";
import { shopMesh } from "../src/demo";

const folder = join(__dirname, "golden/demo");

describe("the demo shop on two clusters, as it is committed (npm run generate writes it)", () => {
  const { description, workloads } = shopMesh();
  const plan = planMesh(parseMesh({ ...description, trust: { issuer: "existing" } }), {
    workloads,
  });
  const rendered = new Map(renderPlan(plan).map(({ path, content }) => [path, content]));

  it("has these files", () => {
    const committed = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".yaml"),
    );
    expect(committed.sort()).toEqual([...rendered.keys()].sort());
  });

  it.each([...rendered.keys()])("%s", (path) => {
    expect(readFileSync(join(folder, path), "utf8")).toBe(rendered.get(path));
  });
});
