/** A cluster joins a mesh that carries traffic, and leaves it again. */
import type { MeshDescription, Workloads } from "../../src";
import { caller, echo, echoClusters, echoPorts } from "./echoMesh";
import { eventually } from "./eventually";
import { callOnce, Calls, patient } from "./exec";
import { Lab } from "./lab";
import { PulumiMesh, withoutAddresses } from "./pulumiMesh";
import { proxiesThatKnow, Traffic } from "./traffic";

type Name = "east" | "west" | "north";

const ports = [...echoPorts];

function description(names: readonly Name[]): MeshDescription {
  return withoutAddresses({
    name: "growing",
    clusters: echoClusters(...names),
    services: {
      "far.default": { ports, serviceAccount: "far", servedBy: ["west"] },
      "near.default": { ports, serviceAccount: "near", servedBy: [...names] },
      ...(names.includes("north")
        ? { "new.default": { ports, serviceAccount: "new", servedBy: ["north"] } }
        : {}),
    },
  });
}

function workloads(names: readonly Name[]): Workloads {
  const served = { east: ["near"], west: ["near", "far"], north: ["near", "new"] };
  return Object.fromEntries(
    names.map((cluster) => [
      cluster,
      [...served[cluster].flatMap((name) => echo({ name, cluster })), ...caller()],
    ]),
  );
}

const input = (...names: Name[]) => ({
  description: description(names),
  workloads: workloads(names),
});

let lab: Lab;
let mesh: PulumiMesh;
let traffic = new Traffic();

beforeAll(async () => {
  lab = await Lab.start({ clusters: { east: {}, west: {} }, name: "growth" });
  mesh = await PulumiMesh.create(lab, input("east", "west"));
  await mesh.up();
  for (const service of ["far", "near"])
    await eventually(service, async () => {
      const pod = lab.cluster("east").podOf("caller");
      return (await callOnce(pod, `http://${service}.default.global/`)).ok;
    });
  traffic = new Traffic(
    await Promise.all(
      ["far", "near"].map((service) =>
        Calls.start(lab.cluster("east").podOf("caller"), {
          target: `http://${service}.default.global/`,
          intervalMs: 100,
          ...patient,
        }),
      ),
    ),
  );
}, 400_000);

afterAll(async () => {
  await traffic.stop();
  mesh.remove();
  await lab.stop();
});

const northAddress = "203.0.113.30";

const whoKnowsNorth = () =>
  proxiesThatKnow(lab, {
    name: "north",
    traces: [northAddress, "north", "new.default"],
    proxies: 6,
  });

it("takes a third cluster in while calls go on, and reaches it both ways", async () => {
  expect(await whoKnowsNorth()).toEqual([]);
  const started = performance.now();
  await lab.addCluster("north");
  const { changes } = await mesh.up(input("east", "west", "north"));
  for (const [from, service] of [
    ["east", "new"],
    ["north", "far"],
  ] as const) {
    const { found } = await eventually(`${service} from ${from}`, async () => {
      const pod = lab.cluster(from).podOf("caller");
      const result = await callOnce(pod, `http://${service}.default.global/`);
      return result.ok && result;
    });
    expect(found.body.cluster).toBe({ new: "north", far: "west" }[service]);
  }
  const seconds = (performance.now() - started) / 1000;
  expect(await whoKnowsNorth()).not.toEqual([]);
  console.log(
    `joined in ${seconds.toFixed(1)} s (cluster, Istio and mesh: ${JSON.stringify(changes)}), ${traffic.calm()} calls meanwhile, none failed`,
  );
}, 180_000);

it("lets it go again while calls go on, and no proxy has anything left of it", async () => {
  const before = traffic.calm();
  await mesh.up(input("east", "west"));
  await lab.removeCluster("north");
  const { ms } = await eventually("nothing of north", async () => {
    const traces = await whoKnowsNorth();
    return traces.length === 0 || Promise.reject(new Error(traces.join("; ")));
  });
  console.log(
    `left; proxies forgot it ${ms} ms later; ${traffic.calm() - before} calls meanwhile, none failed`,
  );
  expect(traffic.calm()).toBeGreaterThan(before);
}, 180_000);
