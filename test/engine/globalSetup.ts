/** Said once before the engine tests: what of it is real. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preparePlugins } from "./pluginHost";
import { componentPath, missingComponents } from "./toolchain";

export default function setup(): void {
  if (missingComponents.length > 0) return;
  const folder = mkdtempSync(join(tmpdir(), "meshspan-plugins-"));
  const { real, standIns } = preparePlugins({ folder });
  rmSync(folder, { recursive: true });
  const list = (names: readonly string[]) => (names.length === 0 ? "none" : names.join(", "));
  console.log(
    [
      "\nengine tests: real engine, real API servers",
      `  engine             ${componentPath("pulumi")}`,
      `  real plugins       ${list([...real, "pulumi-nodejs"])}`,
      `  stand-ins          ${list(standIns)} (MESHSPAN_REAL_PLUGINS=1 installs real ones)`,
    ].join("\n"),
  );
}
