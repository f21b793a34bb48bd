/**
 * Loaded into Pulumi's own Node provider, which is real: what our shared objects do is logged and counted like what the
 * stand-ins do, so that the engine can be killed after each of them.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { record } from "./operations";

type Operation = (...values: readonly any[]) => Promise<unknown>;

const operations = ["create", "update", "delete"] as const;

function watch(provider: Record<(typeof operations)[number], Operation>): void {
  for (const operation of operations) {
    const original = provider[operation];
    provider[operation] = async (...values) => {
      const result = await original.apply(provider, [...values]);
      const id = operation === "create" ? (result as { id: string }).id : String(values[0]);
      const type = "pulumi-nodejs:dynamic/meshspan:SharedObject";
      const urn = `${type}::${id}`;
      record({ plugin: "pulumi-nodejs", operation, urn, type, id, phase: "done", performed: true });
      return result;
    };
  }
}

// It doesn't notice by itself when an engine was killed.
const engine = process.ppid;
setInterval(() => {
  if (process.ppid !== engine) process.exit(0);
}, 500).unref();

// A project that has no Meshspan has none of its resources.
try {
  const load = createRequire(join(process.cwd(), "project.js"));
  watch(load("meshspan/pulumi/shared-object").sharedObjectProvider);
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
}
