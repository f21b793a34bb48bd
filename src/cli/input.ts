/** The description that a command works on: read from a file or standard input, and checked. */
import { join } from "node:path";
import { MeshError } from "../core/issues";
import type { Mesh } from "../core/mesh";
import { safeParseMeshYaml } from "../core/meshYaml";
import { type Plan, planMesh } from "../core/plan";
import { shellWord } from "../core/shell";
import { exitCodes, Failure, type Fault, faultAt, type Located, type Told } from "./failure";
import { type InputText, readText } from "./inputText";

/** A description that was read, faulty or not. */
export interface Source extends InputText {
  /** Undefined where it is faulty. */
  readonly mesh: Mesh | undefined;
  readonly faults: readonly Fault[];
  /** An issue of the mesh, its plan or its certificates at its place; what else is told of the mesh too. */
  readonly locate: <C extends string>(told: Told<C>, certs?: string) => Located<C>;
}

/** A source that has no fault. */
export type MeshSource = Source & { readonly mesh: Mesh };

/** A description and what is planned of it. */
export interface PlannedSource {
  readonly source: MeshSource;
  readonly plan: Plan;
}

/**
 * Reads and checks a description; `-` is standard input.
 * @throws Failure when there is nothing that can be read. Faults are in the result.
 */
export async function readSource(given: string): Promise<Source> {
  return checkText(
    await readText(given, (file) => `name another, or write one: meshspan init ${shellWord(file)}`),
  );
}

/** Checks the text of a description. Faults are in the result. */
export function checkText({ file, text }: InputText): Source {
  const parsed = safeParseMeshYaml(text);
  const locate = <C extends string>(told: Told<C>, certs = "certs"): Located<C> =>
    told.path[0] === "certs"
      ? faultAt(told, join(certs, ...told.path.slice(1).map(String)))
      : faultAt(told, file, parsed.positionOf(told));
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
  return faultless(await readSource(given));
}

/**
 * A description and its plan.
 * @throws Failure with all faults of either.
 */
export async function loadPlan(given: string): Promise<PlannedSource> {
  return planSource(await readSource(given));
}

/**
 * The plan of a description that was read.
 * @throws Failure with all faults of either.
 */
export async function planSource(checked: Source): Promise<PlannedSource> {
  const source = faultless(checked);
  return { source, plan: await located(source, () => planMesh(source.mesh)) };
}

/** A source without faults. @throws Failure with all of them. */
export function faultless(source: Source): MeshSource {
  const { mesh } = source;
  if (mesh === undefined) throw new Failure(source.faults, exitCodes.faulty);
  return { ...source, mesh };
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
