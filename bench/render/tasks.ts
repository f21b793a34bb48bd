/** Ways to get a mesh's objects to disk: ours, what people would use in its place, and what the bytes alone take. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { ApiObject, App, Chart } from "cdk8s";
import { dump } from "js-yaml";
import { type Manifest, type MeshDescription, parseMesh, planMesh } from "../../src";
import { toLiteral } from "../../src/core/literals";
import { digestOf, renderPlan, writeFiles } from "../../src/render";
import type { Task } from "../measure";
import { helmTemplate } from "./helm";

/** After so many, a run takes as long as the one before it. */
const warmUps = 4;

export const tasks = {
  /** From the description to files, checks and plan included. */
  meshspan: (description, folder) => Promise.resolve(() => render(description, folder)),

  /** The same once more: every file is there. */
  "meshspan, unchanged": async (description, folder) => {
    await render(description, folder);
    return () => render(description, folder);
  },

  /** The same where other folders were written before, by the same process: without what Node compiles meanwhile. */
  "meshspan, warm": async (description, folder) => {
    for (let run = 0; run < warmUps; run += 1)
      await render(structuredClone(description), join(folder, `before-${run}`));
    return () => render(description, join(folder, "measured"));
  },

  /** The command, as it was built: with its start, and with a description in YAML. */
  "meshspan render": (description, folder) => Promise.resolve(command(description, folder)),

  "meshspan render, unchanged": (description, folder) => {
    const run = command(description, folder);
    run();
    return Promise.resolve(run);
  },

  /** Objects that are there, in a chart per cluster. */
  cdk8s: (description, folder) => {
    const objects = objectsOf(description);
    return Promise.resolve(() => {
      const app = new App({ outdir: folder });
      for (const [cluster, manifests] of objects) {
        const chart = new Chart(app, cluster);
        for (const [index, manifest] of manifests.entries())
          new ApiObject(chart, String(index), manifest);
      }
      app.synth();
    });
  },

  /** From values that are there. */
  "helm template": helmTemplate,

  /** Objects that are there, in a file per cluster. */
  "js-yaml": (description, folder) => {
    const objects = objectsOf(description);
    const text = (manifest: Manifest) => dump(manifest, { noRefs: true, lineWidth: -1 });
    return Promise.resolve(() => write(folder, objects, "---\n", text));
  },

  "JSON.stringify": (description, folder) => {
    const objects = objectsOf(description);
    return Promise.resolve(() =>
      write(folder, objects, "\n", (manifest) => JSON.stringify(manifest)),
    );
  },

  /** What meshspan has written, copied. */
  copy: async (description, folder) => {
    const from = join(folder, "from");
    await render(description, from);
    return () => cp(from, join(folder, "to"), { recursive: true });
  },
} as const satisfies Readonly<Record<string, Task>>;

export type RenderTask = keyof typeof tasks;

async function render(description: MeshDescription, folder: string): Promise<void> {
  const files = () => renderPlan(planMesh(parseMesh(description)));
  await writeFiles(folder, files, { madeOf: digestOf(description) });
}

/** `meshspan render mesh.yaml --out …`. */
function command(description: MeshDescription, folder: string): () => void {
  const file = join(folder, "mesh.yaml");
  writeFileSync(file, dump(description, { noRefs: true }));
  const args = [join(__dirname, "../../dist/cli/main.js"), "render", file, "--out"];
  return () =>
    void execFileSync(process.execPath, [...args, join(folder, "out")], { stdio: "ignore" });
}

type Objects = readonly (readonly [cluster: string, manifests: readonly Manifest[]])[];

function objectsOf(description: MeshDescription): Objects {
  return planMesh(parseMesh(description)).clusters.map(
    ({ cluster, objects }) =>
      [cluster.name, objects.map(({ manifest }) => toLiteral(manifest))] as const,
  );
}

function write(
  folder: string,
  objects: Objects,
  separator: string,
  text: (manifest: Manifest) => string,
): void {
  mkdirSync(folder, { recursive: true });
  for (const [cluster, manifests] of objects)
    writeFileSync(join(folder, cluster), manifests.map(text).join(separator));
}
