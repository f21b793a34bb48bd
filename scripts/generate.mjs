// Writes the files that are made of the sources and committed beside them: npm run generate
import { mkdir, rm, writeFile } from "node:fs/promises";
import schemas from "../dist/cli/schemas.js";
import policies from "../dist/core/policy/page.js";
import core from "../dist/index.js";
import demo from "../dist/demo/index.js";
import render from "../dist/render/index.js";

async function write(path, content) {
  const file = new URL(`../${path}`, import.meta.url);
  await mkdir(new URL(".", file), { recursive: true });
  await writeFile(file, content);
  console.error(`wrote ${path}`);
}

for (const [name, schema] of Object.entries(schemas.jsonSchemas())) {
  const file = name === "mesh" ? name : `cli-${name}`;
  await write(`schema/${file}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`);
}

await write("docs/policies.md", policies.policiesPage());

const { description, workloads } = demo.shopMesh();
const plan = core.planMesh(core.parseMesh(description), { workloads });
await write("docs/demo-topology.svg", await render.renderSvg(core.toDot(core.topologyOf(plan))));

// Certificates differ from run to run, so the demo's plan is kept as it is without them.
const { trust: _, ...rest } = description;
const golden = core.planMesh(core.parseMesh({ ...rest, trust: { issuer: "existing" } }), {
  workloads,
});
await rm(new URL("../test/golden/demo", import.meta.url), { recursive: true, force: true });
for (const { path, content } of render.renderPlan(golden))
  await write(`test/golden/demo/${path}`, content);
