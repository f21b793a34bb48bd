/** The description that a command works on: read from a file or standard input, and checked. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { type Issue, MeshError } from "../core/issues";
import type { Mesh } from "../core/mesh";
import { safeParseMeshYaml } from "../core/meshYaml";
import { type Plan, planMesh } from "../core/plan";
import { type CliCode, exitCodes, Failure, type Fault, faultAt } from "./failure";

/** A description that was read, faulty or not. */
export interface Source {
  /** As it is shown: the file as given, or `stdin`. */
  readonly file: string;
  readonly text: string;
  /** Undefined where it is faulty. */
  readonly mesh: Mesh | undefined;
  readonly faults: readonly Fault[];
  /** An issue of the mesh, its plan or its certificates at its place. */
  readonly locate: (issue: Issue, certs?: string) => Fault;
}

/** A source that has no fault. */
export type MeshSource = Source & { readonly mesh: Mesh };

/**
 * Reads and checks a description; `-` is standard input.
 * @throws Failure when there is nothing that can be read. Faults are in the result.
 */
export async function readSource(given: string): Promise<Source> {
  const file = given === "-" ? "stdin" : given;
  return sourceOf(await readText(given, file), file);
}

/** A text that was read, checked. @param file As it is shown. */
export function sourceOf(text: string, file: string): Source {
  const parsed = safeParseMeshYaml(text);
  const locate = (issue: Issue, certs = "certs"): Fault =>
    issue.path[0] === "certs"
      ? faultAt(issue, join(certs, ...issue.path.slice(1).map(String)))
      : faultAt(issue, file, parsed.positionOf(issue));
  return {
    file,
    text,
    mesh: parsed.ok ? parsed.mesh : undefined,
    faults: parsed.ok ? [] : parsed.issues.map((issue) => locate(issue)),
    locate,
  };
}

/**
 * A description without faults.
 * @throws Failure with all of its faults.
 */
export async function loadMesh(given: string): Promise<MeshSource> {
  return sound(await readSource(given));
}

/** A source without faults. @throws Failure with all of them. */
export function sound(source: Source): MeshSource {
  const { mesh } = source;
  if (mesh === undefined) throw new Failure(source.faults, exitCodes.faulty);
  return { ...source, mesh };
}

/** The plan of a description. */
export async function loadPlan(
  given: string,
): Promise<{ readonly source: MeshSource; readonly plan: Plan }> {
  const source = await loadMesh(given);
  return { source, plan: await located(source, () => planMesh(source.mesh)) };
}

/** Runs something over a mesh; its issues get their places in the description, or in the folder of certificates. */
export async function located<T>(
  source: Pick<Source, "locate">,
  run: () => T | Promise<T>,
  certs?: string,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    throw new Failure(
      error.issues.map((issue) => source.locate(issue, certs)),
      exitCodes.faulty,
    );
  }
}

async function readText(given: string, file: string): Promise<string> {
  try {
    const bytes = given === "-" ? await buffer(process.stdin) : await readFile(given);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    const failure = (kind: CliCode, text: string, hint: string) =>
      new Failure([{ code: kind, path: [], message: text, hint, file }], exitCodes.failure);
    switch (code) {
      case "ENOENT":
        throw failure(
          "file_not_found",
          `there is no file ${file}`,
          `name another, or write one: meshspan init ${file}`,
        );
      case "EISDIR":
        throw failure("file_unreadable", `${file} is a folder`, "name the file in it");
      case "ERR_ENCODING_INVALID_ENCODED_DATA":
        throw failure("file_unreadable", `${file} is not a text file`, "write it in UTF-8");
      default:
        throw failure(
          "file_unreadable",
          `${file} can't be read (${code || message})`,
          "name another",
        );
    }
  }
}
