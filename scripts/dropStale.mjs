/** Removes what the compiler once made of a source that is gone: `npm pack` takes all of `dist`. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const made = readdirSync(join(root, "dist"), { recursive: true }).filter((path) =>
  /\.(?:js|d\.ts)$/.test(path),
);
for (const path of made) {
  const source = join(root, "src", path.replace(/\.(?:js|d\.ts)$/, ".ts"));
  if (!existsSync(source)) rmSync(join(root, "dist", path));
}
