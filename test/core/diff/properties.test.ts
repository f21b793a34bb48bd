import fc from "fast-check";
import {
  type Change,
  type ChangeKind,
  diffPlans,
  formatDiff,
  isEmptyDiff,
  type MeshDescription,
  type MeshDiff,
  parseMesh,
  type Plan,
  planMesh,
} from "../../../src";
import { clusterOfChange } from "../../../src/core/diff/diff";
import { generatedMeshes } from "../../generatedMesh";

const descriptions = generatedMeshes(40);
const plans = descriptions.map((description) => planMesh(parseMesh(description)));

/** Meshes with the same names and addresses, so that what differs is what they describe. */
function together(description: MeshDescription): MeshDescription {
  const slot = description.name.replace("mesh-", "");
  const text = JSON.stringify(description)
    .replaceAll(`-${slot}"`, '-x"')
    .replaceAll(`app-${slot}`, "app-x")
    .replaceAll(`"g${slot}"`, '"gx"')
    .replaceAll(`245.${slot}.0.0`, "245.1.0.0");
  return JSON.parse(text) as MeshDescription;
}
const alike = descriptions.map((description) => planMesh(parseMesh(together(description))));

const anyPlan = fc.constantFrom<Plan | undefined>(undefined, ...plans, ...alike);
const anyAlike = fc.constantFrom(...alike);

/** Kinds that are of one side only, and those of the other. */
const opposites: readonly (readonly [ChangeKind, ChangeKind])[] = [
  ["exposureAdded", "exposureRemoved"],
  ["clusterAdded", "clusterRemoved"],
  ["reachable", "unreachable"],
  ["placeAdded", "placeRemoved"],
  ["gatewayOpened", "gatewayClosed"],
  ["callersAdded", "callersRemoved"],
  ["callersOpened", "callersRestricted"],
  ["portsAdded", "portsRemoved"],
  ["versionAdded", "versionRemoved"],
  ["shortNameAdded", "shortNameRemoved"],
];
const opposite = new Map(opposites.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]));

/** What a change is about, without what it means in that direction. */
function factsOf(change: Change): Record<string, unknown> {
  const { risk: _, why: _why, text: _text, ...facts } = change;
  if (facts.kind !== "gatewaySourcesChanged") return { ...facts };
  const { widened: _widened, ...rest } = facts;
  return rest;
}

function swapped<T extends object>(value: T): Record<string, unknown> {
  const { before, after, ...rest } = value as Record<string, unknown>;
  return {
    ...rest,
    ...("before" in value ? { after: before } : {}),
    ...("after" in value ? { before: after } : {}),
  };
}

function swapChange(change: Change): Record<string, unknown> {
  const facts = swapped(factsOf(change));
  return { ...facts, kind: opposite.get(change.kind) ?? change.kind };
}

function swapObjects({ cluster, added, removed, changed }: MeshDiff["objects"][number]) {
  const change = { added: "removed", removed: "added", changed: "changed" } as const;
  return {
    cluster,
    added: removed,
    removed: added,
    changed: changed.map(({ fields, ...ref }) => ({
      ...ref,
      fields: inOrder(fields.map((field) => ({ ...swapped(field), change: change[field.change] }))),
    })),
  };
}

function inOrder(values: readonly object[]): readonly string[] {
  return values
    .map((value) =>
      JSON.stringify(
        Object.entries(value)
          .filter(([, item]) => item !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    )
    .sort();
}

describe("the difference of meshes", () => {
  it("is empty for a mesh and itself, also when it is parsed again", () => {
    fc.assert(
      fc.property(fc.constantFrom(...descriptions), (description) => {
        const [a, b] = [planMesh(parseMesh(description)), planMesh(parseMesh(description))];
        for (const diff of [diffPlans(a, a), diffPlans(a, b)]) {
          expect([diff.changes, diff.objects]).toEqual([[], []]);
          expect(isEmptyDiff(diff)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("turns around when the sides are swapped", () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(anyPlan, anyPlan), fc.tuple(anyAlike, anyAlike)), ([a, b]) => {
        const there = diffPlans(a, b);
        const back = diffPlans(b, a);
        // What a mesh or a cluster opens is told when it comes, and not when it goes.
        const isLasting = (change: Change) =>
          !change.kind.startsWith("exposure") ||
          [a, b].every(
            (plan) =>
              plan !== undefined &&
              (clusterOfChange(change) === "" ||
                plan.clusters.some(({ cluster }) => cluster.name === clusterOfChange(change))),
          );
        expect(inOrder(there.changes.filter(isLasting).map(swapChange))).toEqual(
          inOrder(back.changes.filter(isLasting).map(factsOf)),
        );
        expect(there.objects.map(swapObjects)).toEqual(
          back.objects.map(({ changed, ...rest }) => ({
            ...rest,
            changed: changed.map(({ fields, ...ref }) => ({ ...ref, fields: inOrder(fields) })),
          })),
        );
      }),
      { numRuns: 150 },
    );
  });

  it("is not empty when the descriptions aren't the same, and says the same again", () => {
    fc.assert(
      fc.property(fc.tuple(anyAlike, anyAlike), ([a, b]) => {
        const diff = diffPlans(a, b);
        const isSame = JSON.stringify(a.mesh) === JSON.stringify(b.mesh);
        expect(isEmptyDiff(diff)).toBe(isSame);
        expect(diffPlans(a, b)).toEqual(diff);
      }),
      { numRuns: 100 },
    );
  });

  it("has the objects that one plan has and the other hasn't", () => {
    fc.assert(
      fc.property(fc.tuple(anyAlike, anyAlike), ([a, b]) => {
        const keys = (plan: Plan) =>
          plan.clusters.flatMap(({ cluster, objects }) =>
            objects.map(({ key }) => `${cluster.name} ${key}`),
          );
        const old = new Set(keys(a));
        const added = diffPlans(a, b).objects.flatMap((one) =>
          one.added
            .filter(({ key }) => !key.startsWith("helm/"))
            .map(({ key }) => `${one.cluster} ${key}`),
        );
        expect(added.sort()).toEqual(
          keys(b)
            .filter((key) => !old.has(key))
            .sort(),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("is sorted by risk, then by cluster, then by service", () => {
    const rank = { high: "0", medium: "1", low: "2" };
    fc.assert(
      fc.property(fc.tuple(anyAlike, anyAlike), ([a, b]) => {
        const keys = diffPlans(a, b).changes.map((change) => [
          rank[change.risk],
          "cluster" in change ? change.cluster : "",
          "service" in change ? change.service : "",
        ]);
        const sorted = [...keys].sort((x, y) => (x.join("\0") < y.join("\0") ? -1 : 1));
        expect(keys.map((key) => key.join("\0"))).toEqual(sorted.map((key) => key.join("\0")));
      }),
      { numRuns: 60 },
    );
  });

  it("fits into a comment, with every table and fold closed, however short that is", () => {
    fc.assert(
      fc.property(anyPlan, anyPlan, fc.integer({ min: 1000, max: 8000 }), (a, b, maxLength) => {
        const text = formatDiff(diffPlans(a, b), "markdown", { maxLength });
        expect(text.length).toBeLessThanOrEqual(maxLength);
        expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
        expect(text.endsWith("\n")).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
