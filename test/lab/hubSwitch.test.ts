/** A mesh that carries traffic goes from objects to hubs and back. */
import type { Plan } from "../../src";
import { helmInstall, helmUninstall } from "../engine/standins/helm";
import { installCdk8s, type MeshInput, synthesise } from "./cdk8sMesh";
import { caller, echo, type EchoAnswer, echoClusters, echoPorts } from "./echoMesh";
import { eventually } from "./eventually";
import { callOnce, Calls, patient } from "./exec";
import { helmTools, labValues } from "./helm";
import { configOf, istiodOf, urlOf } from "./hubMesh";
import { Lab } from "./lab";
import { Traffic } from "./traffic";

const names = ["east", "west"] as const;
const ports = [...echoPorts];
const gateway = ["istio-eastwestgateway", "istio-eastwest"] as const;

/** One word is another. */
const input = (distribution: "objects" | "hub"): MeshInput => ({
  description: {
    ...{ name: "switch", distribution, istio: { version: "1.31.0" } },
    clusters: echoClusters(...names),
    services: {
      "far.default": { ports, serviceAccount: "far", servedBy: ["west"] },
      "near.default": { ports, serviceAccount: "near", servedBy: [...names] },
    },
  },
  workloads: {
    east: [...echo({ name: "near", cluster: "east" }), ...caller()],
    west: [...["near", "far"].flatMap((name) => echo({ name, cluster: "west" })), ...caller()],
  },
});

let lab: Lab;
let plan: Plan;
let far: Calls;
let traffic = new Traffic();

beforeAll(async () => {
  lab = await Lab.start({ clusters: { east: {}, west: {} }, name: "hubSwitch" });
  plan = await installCdk8s(lab, input("objects"));
  const pod = () => lab.cluster("east").podOf("caller");
  for (const service of ["far", "near"])
    await eventually(service, async () => (await callOnce(pod(), urlOf(service))).ok);
  const callsOf = (service: string) =>
    Calls.start(pod(), { target: urlOf(service), intervalMs: 100, ...patient });
  far = await callsOf("far");
  traffic = new Traffic([far, await callsOf("near")]);
}, 500_000);

afterAll(async () => {
  await traffic.stop();
  await lab.stop();
});

/** In the order of docs/distribution-hub.md: what is new, then control planes, then what is left over goes. */
async function change(to: MeshInput): Promise<void> {
  const before = plan;
  const { plan: after, filesOf } = await synthesise(to);
  plan = after;
  const { namespace } = plan.mesh.istio;
  const install = async (cluster: string, name: string, values: object) => {
    const release = { name, chart: "istiod", namespace };
    await helmInstall(helmTools(), lab.cluster(cluster).kubeconfig, release, [values, labValues]);
  };
  await Promise.all(
    plan.clusters.map(async ({ cluster: { name }, helm }) => {
      if (helm.gateways !== undefined) await install(name, "istiod-gateways", helm.gateways);
    }),
  );
  await Promise.all(
    plan.clusters.map(async ({ cluster: { name } }) =>
      lab.cluster(name).apply(filesOf(name).objects),
    ),
  );
  await eventually("gateways and hubs", () =>
    lab.clusters.every(({ pods }) => pods.every((pod) => pod.isReady || pod.isEnding())),
  );
  for (const { cluster, helm } of plan.clusters) await install(cluster.name, "istiod", helm.istiod);
  await Promise.all(
    before.clusters.map(async ({ cluster: { name }, objects, helm }, index) => {
      const kept = new Set(plan.clusters[index]?.objects.map(({ key }) => key));
      for (const { key, manifest } of objects.toReversed())
        if (!kept.has(key)) await lab.cluster(name).delete(manifest);
      if (helm.gateways === undefined || plan.clusters[index]?.helm.gateways !== undefined) return;
      const release = { name: "istiod-gateways", chart: "istiod", namespace };
      await helmUninstall(helmTools(), lab.cluster(name).kubeconfig, release);
    }),
  );
}

const entriesOf = async (cluster: (typeof names)[number]) =>
  (await configOf(istiodOf(lab, cluster)))
    .filter(({ kind, metadata }) => kind === "ServiceEntry" && metadata.namespace !== "istio-hub")
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    .sort();

// Gateways have another revision with hubs, so that each way replaces them once.
it("goes from objects to hubs, and no call fails", async () => {
  const before = traffic.calm();
  expect(await entriesOf("east")).toEqual(["default/far", "default/near", "default/near.local"]);
  await change(input("hub"));
  await eventually("what only the hub has", async () => {
    const entries = await entriesOf("east");
    return entries.join() === "default/near,default/near.local,mesh-config-all/far.default";
  });
  await traffic.goesOn();
  console.log(`to hubs: ${traffic.calm() - before} calls meanwhile, none failed`);
}, 600_000);

it("goes back from hubs to objects, and no call fails", async () => {
  const before = traffic.calm();
  await change(input("objects"));
  await eventually("what only objects are", async () => {
    const entries = await entriesOf("east");
    return entries.join() === "default/far,default/near,default/near.local";
  });
  await traffic.goesOn();
  console.log(`back to objects: ${traffic.calm() - before} calls meanwhile, none failed`);
}, 600_000);

// Connections stay where they were made, and nobody on the way can end them between two calls but who calls.
it("has gateways that were replaced end when nobody is left on them, and a pod that is added its share of the calls", async () => {
  const before = traffic.calm();
  await lab.cluster("west").scale("far", 2);
  const [ended, shared] = await Promise.all([
    eventually("gateways that were replaced", () =>
      lab.clusters.every((cluster) => cluster.podsOf(...gateway).length === 1),
    ),
    eventually("calls of both pods", () => {
      const pods = far.results.slice(-100).map(({ body }) => (body as EchoAnswer).pod);
      return new Set(pods).size === 2;
    }),
  ]);
  await traffic.goesOn();
  console.log(
    `gateways that were replaced ended after ${ended.ms} ms, a pod that was added was called after ${shared.ms} ms; ${traffic.calm() - before} calls meanwhile, none failed`,
  );
}, 600_000);
