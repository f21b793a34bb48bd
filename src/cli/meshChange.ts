/** A change of the description in its file: checked as a whole before anything is written, and one at a time. */
import { readFile } from "node:fs/promises";
import { diffPlans } from "../core/diff/diff";
import type { MeshDiff } from "../core/diff/change";
import { type Plan, planMesh } from "../core/plan";
import { editFile } from "./editFile";
import { checkText, faultless, located, type MeshSource } from "./input";

/** A description before and after a change. */
export interface MeshChange {
  readonly before: Plan;
  readonly after: Plan;
  readonly diff: MeshDiff;
}

/**
 * Changes a description.
 * @param edit The new text of the description as it is now; another command may have changed it since it was read.
 * @param options.dryRun Whether nothing is written.
 * @throws Failure with the faults that the description has, or would have; then nothing is written.
 */
export async function changeMesh(
  file: string,
  edit: (source: MeshSource) => string,
  { dryRun }: { readonly dryRun: boolean },
): Promise<MeshChange> {
  let change: MeshChange | undefined;
  const make = async (text: string): Promise<string> => {
    const source = faultless(checkText({ file, text }));
    const edited = await located(source, () => edit(source));
    const result = faultless(checkText({ file, text: edited }));
    const before = await located(source, () => planMesh(source.mesh));
    const after = await located(result, () => planMesh(result.mesh));
    change = { before, after, diff: diffPlans(before, after) };
    return edited;
  };
  if (dryRun) await make(await readFile(file, "utf8"));
  else await editFile(file, make);
  if (change === undefined) throw new Error("an edit makes a change");
  return change;
}
