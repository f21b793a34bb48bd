/** Changes to planned objects, each put where the trace says that it breaks a call, or that it doesn't. */
import type { HopKind, Plan } from "../../src";
import { objectsOf, withChange, without } from "../core/sampleMesh";
import { type Change, withObject } from "../core/trace/changes";
import { clusterNames, type Placement, type PlacedService } from "./placements";
import { type Expectations, expectationsOf, type Request } from "./traceExpectations";

/** A service, in a cluster that consumes or serves it. */
export interface Spot {
  readonly namespace: string;
  readonly service: PlacedService;
  readonly cluster: string;
}

/** A change to an object of a service. */
export interface ChangeRow {
  readonly what: string;
  /** What is missing then; `undefined` where calls still work. */
  readonly hop: HopKind | undefined;
  /** Whose object it is. */
  readonly side: "consumer" | "server";
  /** Key of the object; where it is added, of no use. */
  readonly key: (spot: Spot) => string;
  readonly change: (spot: Spot) => Change;
}

/** A change that was put somewhere. */
export interface PlacedChange {
  readonly what: string;
  readonly hop: HopKind | undefined;
  readonly where: string;
  readonly namespace: string | undefined;
  readonly apply: (plan: Plan) => Plan;
  /** Requests that it breaks; of one that breaks nothing, those that it is on the way of. */
  readonly inQuestion: readonly string[];
}

/**
 * Changes by round, in each at most one per placement and of every sort some: each row goes to the placement
 * with the fewest changes of those where it does what it says.
 * @throws Error for a row that does so nowhere
 */
export function placeChanges(
  plan: Plan,
  placements: readonly Placement[],
  requests: readonly Request[],
  rows: readonly ChangeRow[],
): readonly (readonly PlacedChange[])[] {
  const before = expectationsOf(plan, requests);
  const lists = new Map<string, PlacedChange[]>(placements.map(({ namespace }) => [namespace, []]));
  const countOf = ({ namespace }: Placement) => lists.get(namespace)?.length ?? 0;
  for (const row of rows) {
    const fewestFirst = [...placements].sort((one, other) => countOf(one) - countOf(other));
    const found = firstOf(
      fewestFirst.flatMap((placement) => spotsOf(placement, row)),
      (spot) => placedAt(plan, requests, before, row, spot),
    );
    if (found === undefined) throw new Error(`no placement for ${row.what}`);
    lists.get(found.namespace ?? "")?.push(found);
  }
  const count = Math.max(...placements.map(countOf));
  const rounds = Array.from({ length: count }, (): PlacedChange[] => []);
  [...lists.values()].forEach((list, first) =>
    list.forEach((change, index) => rounds[(first + index) % count]?.push(change)),
  );
  return rounds;
}

function spotsOf({ namespace, services }: Placement, { side }: ChangeRow): readonly Spot[] {
  return services.flatMap((service) =>
    clusterNames
      .filter((cluster) =>
        side === "consumer"
          ? service.consumedBy.includes(cluster)
          : service.servedBy[cluster] !== undefined,
      )
      .map((cluster) => ({ namespace, service, cluster })),
  );
}

function firstOf<T, R>(candidates: readonly T[], look: (one: T) => R | undefined): R | undefined {
  for (const candidate of candidates) {
    const found = look(candidate);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The row's change at a spot, where it does there what it says. */
function placedAt(
  plan: Plan,
  requests: readonly Request[],
  before: Expectations,
  row: ChangeRow,
  spot: Spot,
): PlacedChange | undefined {
  const { namespace, service, cluster } = spot;
  const key = row.key(spot);
  const change = row.change(spot);
  const isThere = objectsOf(plan, cluster).some((object) => object.key === key);
  if (!isThere && typeof change !== "object") return undefined;
  const apply = (to: Plan) => changedPlan(to, cluster, key, change);
  const own = requests.filter((request) => request.namespace === namespace);
  const inQuestion = questionsOf(before, expectationsOf(apply(plan), own), row.hop).filter((id) => {
    const { call, service: asked } = requests.find((request) => request.id === id)!;
    const isOnWay =
      row.side === "consumer"
        ? call.cluster === cluster
        : [...before.get(id)!.from].some((place) => place.startsWith(`${cluster}/`));
    return asked === service && isOnWay;
  });
  if (inQuestion.length === 0) return undefined;
  const where = `${service.name}.${namespace} in ${cluster}`;
  return { what: row.what, hop: row.hop, where, namespace, apply, inQuestion };
}

export function changedPlan(plan: Plan, cluster: string, key: string, change: Change): Plan {
  if (typeof change === "object") return withObject(plan, cluster, change);
  return change === "removed"
    ? without(plan, cluster, key)
    : withChange(plan, cluster, key, change);
}

/** Requests that worked, and that now miss the hop; without one, those that still work when none has become worse. */
export function questionsOf(
  before: Expectations,
  after: Expectations,
  hop: HopKind | undefined,
): readonly string[] {
  const worked = [...after].filter(([id]) => before.get(id)?.verdict === "works");
  if (hop === undefined && worked.some(([, { verdict }]) => verdict !== "works")) return [];
  return worked
    .filter(([, { verdict, missing }]) =>
      hop === undefined ? verdict === "works" : verdict === "fails" && missing.has(hop),
    )
    .map(([id]) => id);
}
