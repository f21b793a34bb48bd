/** Istio's own verdicts: `istioctl validate`, and `istioctl analyze` over files alone. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { promisify } from "node:util";
import type { Manifest } from "../../../src";
import { componentPath } from "../toolchain";

const run = promisify(execFile);

interface Printed {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

async function istioctl(...args: readonly string[]): Promise<Printed> {
  const options = { maxBuffer: 256 * 1024 * 1024 };
  try {
    return { ok: true, ...(await run(componentPath("istioctl"), [...args], options)) };
  } catch (error) {
    const { stdout, stderr, code } = error as Partial<Printed> & { readonly code?: unknown };
    if (typeof code !== "number" || stdout === undefined || stderr === undefined) throw error;
    return { ok: false, stdout, stderr };
  }
}

/** JSON documents are YAML, which is what it reads. */
function write(file: string, manifests: readonly Manifest[]): void {
  writeFileSync(file, manifests.map((manifest) => JSON.stringify(manifest)).join("\n---\n"));
}

/** Without these labels a workload's metrics have no version; that is no fault of an object. */
const noteAboutLabels = "may not provide Istio metrics and telemetry labels";

/** What `istioctl validate` refuses or warns about, a line each: `kind/namespace/name: why`. */
export async function validate(
  file: string,
  manifests: readonly Manifest[],
): Promise<readonly string[]> {
  write(file, manifests);
  const { ok, stdout, stderr } = await istioctl("validate", "-f", file);
  const told = `${stdout}\n${stderr}`
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.includes(noteAboutLabels));
  return ok ? told.filter((line) => !line.endsWith("is valid")) : told;
}

/** What `istioctl analyze` tells of a cluster's objects, of any severity. */
export async function analyze(
  file: string,
  manifests: readonly Manifest[],
): Promise<readonly string[]> {
  write(file, manifests);
  const { stdout, stderr } = await istioctl(
    "analyze",
    "--use-kube=false",
    "--all-namespaces",
    "--output",
    "json",
    file,
  );
  if (stderr.includes("Error") || !stdout.trimStart().startsWith("[")) {
    if (stderr.includes("No validation issues found")) return [];
    throw new Error(`istioctl analyze failed: ${stdout.slice(0, 500)} ${stderr.slice(0, 1000)}`);
  }
  const messages = JSON.parse(stdout) as readonly Record<
    "code" | "level" | "message" | "origin",
    string
  >[];
  return messages.map(
    ({ code, level, message, origin }) => `${origin}: ${level} ${code} ${message}`,
  );
}
