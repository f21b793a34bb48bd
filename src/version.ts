import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Version of this package. */
export const version: string = readVersion();

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(join(__dirname, "..", "package.json"), "utf8")) as {
    readonly version: string;
  };
  return manifest.version;
}
