/**
 * The difference of two meshes: in the words of a mesh, and object by object. It is what a reviewer reads before anything is
 * applied.
 */
import type { Plan } from "../plan";
import { compareText } from "../words";
import { type Change, type ChangeFacts, type MeshDiff, risks } from "./change";
import { clusterChanges } from "./clusterChanges";
import { exposureChanges } from "./exposureChanges";
import { meshChanges } from "./meshChanges";
import { objectChanges } from "./objectChanges";
import { judge } from "./risk";
import { sentenceOf } from "./sentences";
import { serviceChanges } from "./serviceChanges";

/**
 * How one mesh differs from another. A side that is `undefined` isn't there: everything of the other is new, or gone. The
 * same plans give the same difference; it's empty for two that are the same. The cost grows with what differs: what the
 * clusters of a plan share is compared once.
 */
export function diffPlans(before: Plan | undefined, after: Plan | undefined): MeshDiff {
  const isSame = before === after;
  return {
    before: before?.mesh.name,
    after: after?.mesh.name,
    changes: isSame ? [] : inOrder(factsOf(before, after).map(toChange)),
    objects: isSame ? [] : objectChanges(before, after),
  };
}

/** Whether nothing changes. */
export function isEmptyDiff({ changes, objects }: MeshDiff): boolean {
  return changes.length === 0 && objects.length === 0;
}

function factsOf(before: Plan | undefined, after: Plan | undefined): readonly ChangeFacts[] {
  const settings =
    before === undefined || after === undefined ? [] : meshChanges(before.mesh, after.mesh);
  return [
    ...settings,
    ...exposureChanges(before?.mesh, after?.mesh),
    ...clusterChanges(before?.mesh, after?.mesh),
    ...serviceChanges(before?.mesh, after?.mesh),
  ];
}

function toChange(facts: ChangeFacts): Change {
  return { ...facts, ...judge(facts), text: sentenceOf(facts) };
}

function inOrder(changes: readonly Change[]): readonly Change[] {
  return [...changes].sort(
    (a, b) =>
      risks.indexOf(a.risk) - risks.indexOf(b.risk) ||
      compareText(clusterOfChange(a), clusterOfChange(b)) ||
      compareText(serviceOfChange(a), serviceOfChange(b)) ||
      compareText(a.kind, b.kind) ||
      compareText(a.text, b.text),
  );
}

/** The cluster that a change is of; empty for the whole mesh. */
export function clusterOfChange(change: Change): string {
  return "cluster" in change ? (change.cluster ?? "") : "";
}

/** The service that a change is of; empty where it is of none. */
export function serviceOfChange(change: Change): string {
  return "service" in change ? change.service : "";
}
