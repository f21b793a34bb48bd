/** Where this repository is, seen from its sources and from what they are compiled to. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

function find(folder: string): string {
  const manifest = join(folder, "package.json");
  if (existsSync(manifest) && readFileSync(manifest, "utf8").includes('"name": "meshspan"'))
    return folder;
  return find(dirname(folder));
}

/** The root of the working tree. */
export const repository = find(__dirname);
