// Writes the files that are made of the sources and committed beside them: npm run generate
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tsImport } from "tsx/esm/api";
import schemas from "../dist/cli/schemas.js";
import explanations from "../dist/cli/explanations.js";
import plugin from "../dist/pulumi/plugin/schema.js";
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

const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
const pulumiSchema = JSON.stringify(plugin.packageSchema(version), null, 2);
await write("schema/pulumi-package.json", `${pulumiSchema}\n`);

await write("docs/policies.md", policies.policiesPage());
await write("docs/reference/errors.md", explanations.errorsPage());
const { staleReports, writtenPages } = await tsImport("./reference/pages.ts", import.meta.url);
for (const [path, content] of Object.entries(writtenPages())) await write(path, content);

for (const path of staleReports({ write: true })) console.error(`wrote ${path}`);

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
