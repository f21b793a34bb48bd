/** GitHub workflows of this repository, as far as tests look into them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parse } from "yaml";

export interface Step {
  readonly name?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, unknown>>;
}

export interface Job {
  /** Another workflow that is the job; it has no steps then. */
  readonly uses?: string;
  readonly if?: string;
  readonly needs?: string | readonly string[];
  readonly "timeout-minutes"?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix?: Readonly<Record<string, readonly unknown[]>> };
  readonly env?: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
}

export interface Workflow {
  /** Events by name; a list and a single name are read as such a map. */
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

export const repository = join(__dirname, "../..");

/** Every workflow file, from the repository's root: its own, and those of examples. */
export const workflowFiles: readonly string[] = [
  ".",
  ...readdirSync(join(repository, "examples")).map((name) => join("examples", name)),
].flatMap((folder) => {
  const workflows = join(repository, folder, ".github/workflows");
  return filesIn(workflows).map((name) => relative(repository, join(workflows, name)));
});

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

export function workflowText(file: string): string {
  return readFileSync(join(repository, file), "utf8");
}

export function readWorkflow(file: string): Workflow {
  const { on, ...workflow } = parse(workflowText(file)) as Omit<Workflow, "on"> & {
    readonly on: string | readonly string[] | Workflow["on"];
  };
  const names = typeof on === "string" ? [on] : on;
  const events = Array.isArray(names)
    ? Object.fromEntries((names as readonly string[]).map((name) => [name, null]))
    : (names as Workflow["on"]);
  return { ...workflow, on: events };
}
