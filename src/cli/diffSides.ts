/** The two sides of a comparison: descriptions out of git revisions, folders, files, or standard input. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../core/plan";
import { exitCodes, Failure, type Fault, usageFailure } from "./failure";
import { fileAt, findCommit } from "./gitFiles";
import { checkText, planSource } from "./input";
import { inputFailure, readText } from "./inputText";

/** A description as text, and where it is from. */
export interface Side {
  /** `main:mesh.yaml`, a path, or `stdin`. */
  readonly file: string;
  /** `undefined` where the revision, or the working copy, has no such file. */
  readonly text: string | undefined;
  /** Whether it's of a git revision, beside which a file that isn't there was removed. */
  readonly isRevision?: true;
  /** A path that is here too, and has the name of the revision. */
  readonly shadowed?: string;
}

/** Name of the description in a folder. */
const descriptionFile = "mesh.yaml";

/**
 * What stands on the command line; `-` is standard input.
 * @throws Failure when it is neither a revision nor a path, or can't be read.
 */
export async function readSide(given: string, file: string): Promise<Side> {
  if (given === "-") return readText(given);
  // Only a path starts like this, and revisions can't.
  const isPath = given === "." || given === ".." || /^\.{0,2}\//.test(given);
  const search = isPath ? undefined : findCommit(given, file);
  if (search?.commit !== undefined) {
    const name = `${given}:${file}`;
    const text = fileAt(search.commit, file, name);
    return {
      file: name,
      text,
      isRevision: true,
      ...(existsSync(given) ? { shadowed: given } : {}),
    };
  }
  if (existsSync(given)) return readPath(given);
  throw usageFailure(
    `${given} is ${isPath ? "" : "no revision, and "}no file or folder here`,
    search?.why ?? "name a git revision, a folder with a mesh.yaml, or a file",
    "unknown_name",
  );
}

/** The file as it is now. */
export async function workingCopy(file: string): Promise<Side> {
  return existsSync(file) ? readPath(file) : { file, text: undefined };
}

async function readPath(path: string): Promise<Side> {
  if (!statSync(path).isDirectory()) return readText(path);
  const file = join(path, descriptionFile);
  if (existsSync(file)) return readText(file);
  throw inputFailure(
    "file_not_found",
    file,
    `${path} has no ${descriptionFile}`,
    "name the file in it that describes the mesh, or another folder",
  );
}

/**
 * The plans of both sides, `undefined` for one that isn't there.
 * @throws Failure with all faults of both.
 */
export async function planSides(
  sides: readonly [Side, Side],
): Promise<readonly [Plan | undefined, Plan | undefined]> {
  const faults: Fault[] = [];
  const planOf = async ({ file, text }: Side): Promise<Plan | undefined> => {
    if (text === undefined) return undefined;
    try {
      return (await planSource(checkText({ file, text }))).plan;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      faults.push(...error.faults);
      return undefined;
    }
  };
  const [before, after] = sides;
  const plans = [await planOf(before), await planOf(after)] as const;
  if (faults.length > 0) throw new Failure(faults, exitCodes.faulty);
  return plans;
}
