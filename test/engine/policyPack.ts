/** A policy pack in a folder of its own, as a user has one. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { MeshspanPolicyOptions } from "../../src/policy";

const repository = resolve(__dirname, "../..");

/** Writes a pack with these options. @returns its folder */
export function writePolicyPack(
  folder: string,
  name: string,
  options: MeshspanPolicyOptions,
): string {
  const pack = join(folder, name);
  mkdirSync(pack);
  symlinkSync(join(repository, "node_modules"), join(pack, "node_modules"));
  const files = {
    "PulumiPolicy.yaml": "runtime: nodejs\nmain: index.js\n",
    "package.json": JSON.stringify({ name, version: "1.2.3" }),
    "index.js": `const { MeshspanPolicy } = require("meshspan/policy");\nnew MeshspanPolicy(${JSON.stringify(name)}, ${JSON.stringify(options)});\n`,
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(pack, file), text);
  return pack;
}
