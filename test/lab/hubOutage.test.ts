/** Hubs that are down, one of them or all, and clusters that start cold. */
import { rejectedByProxies } from "./agreement";
import { installCdk8s, type MeshInput, synthesise } from "./cdk8sMesh";
import { eventually } from "./eventually";
import { callOnce, Calls, patient } from "./exec";
import {
  clusters,
  type ClusterName,
  configOf,
  echoService,
  hubMesh,
  hubWorkloads,
  istiodOf,
  killIstiod,
  reached,
  scaleHub,
  urlOf,
} from "./hubMesh";
import { Lab } from "./lab";
import { Traffic } from "./traffic";

const hubs = ["east", "west"] as const;
const input = (...more: string[]): MeshInput => ({
  description: hubMesh({
    services: Object.assign({}, ...more.map((name) => echoService(name, ["west"]))),
  }),
  workloads: hubWorkloads("during", "after"),
});

let lab: Lab;
let traffic = new Traffic();

beforeAll(async () => {
  lab = await Lab.start({ clusters: { east: {}, west: {}, north: {} }, name: "hubOutage" });
  await installCdk8s(lab, input());
  for (const from of ["east", "north"] as const) await reached(lab, from, "far");
  traffic = new Traffic(
    await Promise.all(
      (["east", "north"] as const).map((from) =>
        Calls.start(lab.cluster(from).podOf("caller"), {
          ...{ target: urlOf("far"), intervalMs: 200 },
          ...patient,
        }),
      ),
    ),
  );
}, 500_000);

afterAll(async () => {
  await traffic.stop();
  await lab.stop();
});

const readyAgain = (from: ClusterName) =>
  eventually(`istiod of ${from}`, () => istiodOf(lab, from).isReady);

/** Applies what another description adds. */
async function apply(...services: string[]): Promise<void> {
  const { filesOf } = await synthesise(input(...services));
  for (const name of clusters) {
    const added = filesOf(name).objects.filter(({ kind, metadata }) =>
      [metadata.name, kind].some((text) => /^(during|after)\.|^Gateway$/.test(text)),
    );
    await lab.cluster(name).apply(added);
  }
}

/** A pod more that calls, by an istiod that runs. */
async function anotherCaller(from: ClusterName): Promise<void> {
  const cluster = lab.cluster(from);
  const replicas = cluster.podsOf("caller").length + 1;
  await cluster.scale("caller", replicas);
  await eventually(`a new caller in ${from} that reaches far`, async () => {
    const pod = cluster.podsOf("caller").at(-1);
    if (cluster.podsOf("caller").length < replicas || pod?.isReady !== true) return false;
    return (await callOnce(pod, urlOf("far"))).ok;
  });
}

describe("one of two hubs is down", () => {
  it.each(hubs)(
    "%s's: nobody notices, and istiods start as ever",
    async (down) => {
      const before = traffic.calm();
      await scaleHub(lab, down, 0);
      for (const from of ["north", down] as const) {
        await killIstiod(istiodOf(lab, from));
        const { ms } = await readyAgain(from);
        console.log(`istiod of ${from} ready again after ${ms} ms, without the hub of ${down}`);
      }
      await anotherCaller("north");
      await scaleHub(lab, down, 1);
      expect(traffic.calm()).toBeGreaterThan(before);
    },
    400_000,
  );
});

it("goes on without any hub, starts proxies, and catches up by itself when there is one again", async () => {
  const before = traffic.calm();
  await Promise.all(hubs.map((name) => scaleHub(lab, name, 0)));
  await apply("during");
  await anotherCaller("east");
  // A control plane that starts now waits; its proxies go on with what they have.
  await killIstiod(istiodOf(lab, "north"));
  await expect(eventually("istiod", () => istiodOf(lab, "north").isReady, 15)).rejects.toThrow();
  const { ok } = await callOnce(lab.cluster("east").podOf("caller"), urlOf("during"));
  expect(ok).toBe(false);
  await scaleHub(lab, "west", 1);
  const { ms } = await readyAgain("north");
  const found = await Promise.all(
    (["east", "north"] as const).map((from) => reached(lab, from, "during")),
  );
  console.log(
    `with one hub again: north's istiod ready after ${ms} ms, the service that was added meanwhile reached after ${found.map((one) => one.ms).join(" and ")} ms more; ${traffic.calm() - before} calls meanwhile, none failed`,
  );
  await scaleHub(lab, "east", 1);
  await apply("during", "after");
  await reached(lab, "north", "after");
}, 400_000);

it("comes up by itself where everything was down", async () => {
  traffic.calm();
  await traffic.stop();
  const started = performance.now();
  const old = new Map(
    lab.clusters.map(({ name, pods }) => [
      name,
      new Set(pods.map(({ object }) => object.metadata.uid as string)),
    ]),
  );
  // As after a blackout: all pods of all clusters are gone at once, those of both hubs too.
  await Promise.all(
    lab.clusters.map(async ({ api }) => {
      const { items } = await api.find("/api/v1/pods");
      for (const { metadata } of items as readonly any[])
        await api.delete(
          `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}?gracePeriodSeconds=0`,
        );
    }),
  );
  await eventually(
    "new pods, as many as before, all ready",
    () => {
      const late = lab.clusters.flatMap(({ name, pods }) => {
        const before = old.get(name) ?? new Set();
        const isNew = pods.every(({ object }) => !before.has(object.metadata.uid));
        const waiting = pods.filter(({ isReady }) => !isReady).map(({ key }) => key);
        return isNew && pods.length === before.size && waiting.length === 0
          ? []
          : [`${name}: ${pods.length} of ${before.size} pods, not ready ${waiting.join(", ")}`];
      });
      return late.length === 0 || Promise.reject(new Error(late.join("; ")));
    },
    300,
  );
  const ready = performance.now();
  await Promise.all(clusters.map((from) => reached(lab, from, "far")));
  const ms = [ready - started, performance.now() - ready].map(Math.round);
  console.log(`all pods of three clusters anew: ready after ${ms[0]} ms, calls ${ms[1]} ms later`);
  for (const name of clusters)
    expect((await configOf(istiodOf(lab, name))).map(({ metadata }) => metadata.name)).toContain(
      "far.default",
    );
  await eventually("every proxy connected", async () => {
    const problems = await rejectedByProxies(lab);
    return problems.length === 0 || Promise.reject(new Error(problems.join("; ")));
  });
}, 500_000);
