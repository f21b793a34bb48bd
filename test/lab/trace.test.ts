/** Where a trace says that a call works, it works, and where it names a missing hop, the call fails: over generated placements. */
import { type HopKind, hopKinds, parseMesh, type Plan, planMesh, tracePlan } from "../../src";
import { installCdk8s } from "./cdk8sMesh";
import { eventually } from "./eventually";
import { Lab } from "./lab";
import { clusters, generatedPlacements, placedMesh } from "./placements";
import { placedWorkloads } from "./placementWorkloads";
import { putInto } from "./traceApply";
import { breakingRows, harmlessRows } from "./traceBreaks";
import { type Settlement, settle } from "./traceCalls";
import { placeChanges, type PlacedChange } from "./traceChanges";
import { clusterChanges } from "./traceClusters";
import { waysOf } from "./traceEvidence";
import { type Expectation, expectationsOf, requestsOf } from "./traceExpectations";
import { TraceReport } from "./traceReport";

const placements = generatedPlacements(21);
const description = placedMesh(placements);
const workloads = placedWorkloads(placements);
const plan = planMesh(parseMesh(description), { workloads });
const requests = requestsOf(placements);
const expectations = expectationsOf(plan, requests);
const working = requests.filter(({ id }) => expectations.get(id)?.verdict === "works");
const rounds = [
  ...placeChanges(plan, placements, requests, [...breakingRows, ...harmlessRows]),
  ...clusterChanges(plan, requests),
];
const changes = rounds.flat();
const report = new TraceReport(placements.length);

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.start({ clusters, name: "trace" });
  await installCdk8s(lab, { description, workloads });
  await eventually(
    "pods of all workloads",
    () => plan.clusters.every(({ cluster }) => isWhole(cluster.name)),
    120,
  );
}, 300_000);

afterAll(async () => {
  await lab.stop();
  console.log(report.toString());
});

/** Whether every Deployment of the cluster's workloads has a pod, and all pods are ready. */
function isWhole(name: string): boolean {
  const { pods } = lab.cluster(name);
  const deployments = (workloads[name] ?? []).filter(({ kind }) => kind === "Deployment");
  return (
    pods.every(({ isReady }) => isReady) &&
    deployments.every(({ metadata }) =>
      pods.some(({ key }) => key.startsWith(`${metadata.namespace}/${metadata.name}-`)),
    )
  );
}

function merged(changed: readonly PlacedChange[], before: Plan = plan): Plan {
  return changed.reduce((result, { apply }) => apply(result), before);
}

/** Whether the trace says of a round's changes together what it says of each. */
function isAsPlaced({ verdict, missing }: Expectation, hop: HopKind | undefined): boolean {
  return hop === undefined ? verdict === "works" : verdict === "fails" && missing.has(hop);
}

it("is asked about twenty placements and more, and breaks each of them, at every kind of hop", () => {
  expect(placements.length).toBeGreaterThanOrEqual(20);
  const breaking = changes.filter(({ hop }) => hop !== undefined);
  const broken = new Set(breaking.map(({ namespace }) => namespace));
  expect(placements.filter(({ namespace }) => !broken.has(namespace))).toEqual([]);
  const kinds = new Set(breaking.map(({ hop }) => hop));
  expect(hopKinds.filter((kind) => !kinds.has(kind))).toEqual([]);
});

it("says that every call that workloads make works, and of any other whether it does", () => {
  const traces = tracePlan(plan);
  expect(traces.filter(({ ok }) => !ok)).toEqual([]);
  const known = new Set(working.map(({ call }) => JSON.stringify(call)));
  expect(traces.filter(({ call }) => !known.has(JSON.stringify(call)))).toEqual([]);
  const undecided = [...expectations].filter(([, { verdict }]) => verdict === "undecided");
  expect(undecided).toEqual([]);
});

it("is right about every caller, in every cluster, at every port, and through gateways goes what crosses", async () => {
  const { outcomes, calls, disagreements } = await settle(lab, requests, expectations);
  expect(disagreements).toEqual([]);
  const ways = await waysOf(lab, outcomes);
  expect(ways.filter(({ isRight }) => !isRight)).toEqual([]);
  expect(ways.some(({ crosses }) => crosses) && ways.some(({ crosses }) => !crosses)).toBe(true);
  report.planned(calls, outcomes, ways);
}, 400_000);

describe("after changes to planned objects", () => {
  it.each(rounds.map((round, index) => [index + 1, round] as const))(
    "is right about what fails and what works, and all works when they are undone: round %d",
    async (_, round) => {
      const harmless = merged(round.filter(({ hop }) => hop === undefined));
      const broken = merged(
        round.filter(({ hop }) => hop !== undefined),
        harmless,
      );
      const said = expectationsOf(broken, requests);
      const otherwise = round.flatMap(({ hop, inQuestion, what }) =>
        inQuestion.filter((id) => !isAsPlaced(said.get(id)!, hop)).map((id) => `${what}: ${id}`),
      );
      expect(otherwise).toEqual([]);
      const inQuestion = new Set(round.flatMap((change) => change.inQuestion));
      const others = requests.filter(
        ({ id }) => said.get(id)?.verdict !== expectations.get(id)?.verdict,
      );
      const asked = [...new Set([...working, ...others])];
      let after: Settlement;
      // What calls don't tell comes first, so that proxies have it when they tell the rest.
      try {
        await putInto(lab, plan, harmless);
        await putInto(lab, harmless, broken);
        after = await settle(lab, asked, said, inQuestion);
      } finally {
        await putInto(lab, broken, plan);
      }
      const again = await settle(lab, working, expectations);
      expect(after.disagreements).toEqual([]);
      expect(again.disagreements).toEqual([]);
      report.changed(round, said, after, again);
    },
    180_000,
  );
});
