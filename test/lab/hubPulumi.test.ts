/** A mesh with hubs by `pulumi up`: everything comes up in one, and goes back to objects in two steps under traffic. */
import type { MeshDescription } from "../../src";
import { caller, echo, echoClusters, echoPorts } from "./echoMesh";
import { eventually } from "./eventually";
import { callOnce, Calls, patient } from "./exec";
import { configOf, istiodOf, urlOf } from "./hubMesh";
import { Lab } from "./lab";
import { PulumiMesh, withoutAddresses } from "./pulumiMesh";

const ports = [...echoPorts];

const input = (how: Pick<MeshDescription, "distribution" | "hubs">) => ({
  description: withoutAddresses({
    ...{ name: "pulumi-hubs", istio: { version: "1.31.0" }, ...how },
    clusters: echoClusters("east", "west"),
    services: { "far.default": { ports, serviceAccount: "far", servedBy: ["west"] } },
  }),
  workloads: { east: caller(), west: echo({ name: "far", cluster: "west" }) },
});

let lab: Lab;
let mesh: PulumiMesh;

beforeAll(async () => {
  lab = await Lab.start({ clusters: { east: {}, west: {} }, name: "hubPulumi" });
  mesh = await PulumiMesh.create(lab, input({ distribution: "hub" }));
}, 120_000);

afterAll(async () => {
  mesh.remove();
  await lab.stop();
});

const call = () => callOnce(lab.cluster("east").podOf("caller"), urlOf("far"));
const entries = async () =>
  (await configOf(istiodOf(lab, "east")))
    .filter(({ kind, metadata }) => kind === "ServiceEntry" && metadata.name.startsWith("far"))
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    .sort()
    .join();

it("comes up by one pulumi up, and changes nothing in a second", async () => {
  const { seconds, changes } = await mesh.up();
  const { ms } = await eventually("far", async () => (await call()).ok);
  expect(await entries()).toBe("mesh-config-all/far.default");
  console.log(
    `up of ${changes.create} resources: ${seconds.toFixed(1)} s, a call ${ms} ms after that`,
  );
  const again = await mesh.up();
  expect(again.output.split("\n").filter((line) => /updat|creat|delet|replac/.test(line))).toEqual(
    [],
  );
  expect(Object.keys(again.changes)).toEqual(["same"]);
}, 500_000);

it("goes back to objects in two steps: no call fails, but for one that the old gateway cuts", async () => {
  const calls = await Calls.start(lab.cluster("east").podOf("caller"), {
    ...{ target: urlOf("far"), intervalMs: 100 },
    ...patient,
  });
  try {
    await eventually("calls", () => calls.results.length > 10);
    await mesh.up(input({ distribution: "objects", hubs: ["east", "west"] }));
    await eventually("both", async () =>
      /^default\/far,mesh-config-all\/far.default$/.test(await entries()),
    );
    await mesh.up(input({ distribution: "objects" }));
    await eventually("objects alone", async () => (await entries()) === "default/far");
    const count = calls.results.length;
    await eventually("a hundred calls more", () => calls.results.length > count + 100);
    expect(calls.failed).toEqual([]);
    console.log(`back to objects: ${calls.results.length} calls meanwhile, none failed`);
  } finally {
    await calls.stop();
  }
}, 600_000);
