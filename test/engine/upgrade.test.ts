/**
 * State that a released version left: this version updates it in place. `MESHSPAN_RECORD=1` records the state of this
 * version, once, when it's released; what is recorded is never edited.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Deployment } from "@pulumi/pulumi/automation";
import type { MeshDescription } from "../../src";
import { version } from "../../src/version";
import { type MeshStack, startMesh } from "./meshStack";
import { steps } from "./stack";

jest.setTimeout(180_000);

const folder = join(__dirname, "recorded");
const corefile = ".:53 {\n    errors\n}\n";

/** Every kind of resource that there is, on clusters with identities of their own, since addresses differ in each run. */
const description: MeshDescription = {
  name: "shop",
  clusters: {
    east: { provider: "existing", gateway: { address: "203.0.113.10" }, dns: "coredns" },
    west: { provider: "existing", gateway: { address: "203.0.113.20" } },
  },
  services: {
    "cart.shop": {
      ports: [{ name: "http", port: 80, protocol: "HTTP" }],
      serviceAccount: "cart",
      servedBy: { east: ["v1"], west: ["v1", "v2"] },
      callers: ["front.shop"],
      versions: { v1: { version: "v1" }, v2: { version: "v2" } },
      routes: [
        {
          to: [
            { version: "v1", weight: 9 },
            { version: "v2", weight: 1 },
          ],
        },
      ],
      shortName: true,
    },
  },
};

const identifiers = { east: "east", west: "west" };

async function start(): Promise<MeshStack> {
  return startMesh(["east", "west"], { description, identifiers }, { corefile });
}

const recorded = existsSync(folder) ? readdirSync(folder).sort() : [];

it("has the state of this version on record", () => {
  expect(recorded).toContain(`${version}.json`);
});

if (process.env.MESHSPAN_RECORD === "1") {
  it(`records the state of ${version}`, async () => {
    const mesh = await start();
    expect((await mesh.stack.up()).error).toBeUndefined();
    const state = mesh.stack.stored();
    mkdirSync(folder, { recursive: true });
    // Where in which file a resource was registered is none of its state.
    const placeless = (key: string, value: unknown) =>
      ["sourcePosition", "stackTrace"].includes(key) ? undefined : value;
    writeFileSync(join(folder, `${version}.json`), `${JSON.stringify(state, placeless, 1)}\n`);
    await mesh.stop();
  });
}

it.each(recorded)("updates the state of %s in place", async (file) => {
  const mesh = await start();
  const state = JSON.parse(readFileSync(join(folder, file), "utf8")) as Deployment;
  // The clusters as that version left them: another program made them, and this one takes its state over.
  expect((await mesh.stack.up()).error).toBeUndefined();
  await mesh.stack.imported(state);
  const run = await mesh.stack.up();
  expect(run.error).toBeUndefined();
  const kinds = steps(run).map((step) => step.replace(/^(\S+) (?:.*\$)?(\S+) .*$/, "$1 $2"));
  // Credentials of the clusters are other ones; all else is as it was, or is updated where it stands. But for what is new since,
  // and for what read a namespace's secrets.
  const others = kinds.filter((kind) => !kind.startsWith("update "));
  expect(new Set(others)).toEqual(
    new Set([
      "create kubernetes:networking.k8s.io/v1:NetworkPolicy",
      "delete kubernetes:rbac.authorization.k8s.io/v1:Role",
      "delete kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
    ]),
  );
  expect(steps(await mesh.stack.up())).toEqual([]);
  expect((await mesh.stack.destroy()).error).toBeUndefined();
  for (const cluster of Object.values(mesh.clusters)) expect(await cluster.leftovers()).toEqual([]);
  await mesh.stop();
});
