/** The two sides of a comparison: descriptions out of git revisions, folders or files. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { formatIssue, type Issue, MeshError } from "../core/issues";
import { safeParseMeshYaml } from "../core/meshYaml";
import { type Plan, planMesh } from "../core/plan";
import { fileAt, findCommit } from "./gitFiles";

/** A description as text, and where it is from. */
export interface Side {
  /** `main:mesh.yaml`, or a path. */
  readonly name: string;
  /** `undefined` where the revision, or the working copy, has no such file. */
  readonly text: string | undefined;
}

/** Name of the description in a folder. */
const descriptionFile = "mesh.yaml";

/**
 * What stands on the command line.
 * @throws Error when it is neither a revision nor a path.
 */
export function readSide(given: string, file: string): Side {
  // Only a path starts like this, and revisions can't.
  const isPath = given === "." || given === ".." || /^\.{0,2}\//.test(given);
  const search = isPath ? undefined : findCommit(given, file);
  if (search?.commit !== undefined) {
    if (existsSync(given)) {
      process.stderr.write(
        `${given} is a revision and a path: the revision is taken; write ./${given} for the path\n`,
      );
    }
    return { name: `${given}:${file}`, text: fileAt(search.commit, file) };
  }
  if (existsSync(given)) return readPath(given);
  throw new Error(
    `${given} is ${isPath ? "" : "no revision, and "}no file or folder here${search?.why === undefined ? "" : ` (${search.why})`}`,
  );
}

/** The file as it is now. */
export function workingCopy(file: string): Side {
  return existsSync(file) ? readPath(file) : { name: file, text: undefined };
}

function readPath(path: string): Side {
  const file = statSync(path).isDirectory() ? join(path, descriptionFile) : path;
  if (!existsSync(file)) throw new Error(`${path} has no ${descriptionFile}: ${resolve(file)}`);
  return { name: file, text: readFileSync(file, "utf8") };
}

/** The plan of a side, `undefined` for one that isn't there; or its faults, each on one line. */
export type PlannedSide =
  | { readonly ok: true; readonly plan: Plan | undefined }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Parses and plans a side. */
export function planSide({ name, text }: Side): PlannedSide {
  if (text === undefined) return { ok: true, plan: undefined };
  const parsed = safeParseMeshYaml(text);
  if (!parsed.ok) {
    return {
      ok: false,
      faults: parsed.issues.map((issue) => {
        const { line, column } = parsed.positionOf(issue);
        return `${name}:${line}:${column}: ${faultText(issue)}`;
      }),
    };
  }
  try {
    return { ok: true, plan: planMesh(parsed.mesh) };
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    return { ok: false, faults: error.issues.map((issue) => `${name}: ${faultText(issue)}`) };
  }
}

function faultText(issue: Issue): string {
  return `${formatIssue(issue)} [${issue.code}]`;
}
