/** A mesh that was built by hand becomes Meshspan's while calls cross it, step by step as docs/tasks/adopt.md says. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type Manifest, type MeshDescription, readManifests } from "../../src";
import { parsed } from "../cli/run";
import { keyOf } from "../engine/apiClient";
import { type Run, steps } from "../engine/stack";
import { exact, exactImported, importedRows } from "../handBuilt";
import { installIstio, synthesise } from "./cdk8sMesh";
import { caller, echo, echoClusters } from "./echoMesh";
import { eventually } from "./eventually";
import { callOnce, Calls, patient } from "./exec";
import { Lab, workFolder } from "./lab";
import { Operator } from "./operator";
import { PulumiMesh } from "./pulumiMesh";
import { Traffic } from "./traffic";

const names = ["east", "west"] as const;
const meshFile = join(workFolder, "mesh.yaml");
/** Where west's own gateway is: what the lab gives the first load balancer that isn't a mesh's. */
const handBuiltGateway = "203.0.113.21";

/** What east's pod calls, each by 50 ms: a service with names of objects that are another's, and one with the plan's. */
const targets = [
  "http://far.default.global/",
  "http://orders.default.global/",
  "tcp://orders.default.global:9000",
];

const namespaces = (network: string): readonly Manifest[] => {
  const labels = {
    default: { "istio-injection": "enabled" },
    "istio-system": { "topology.istio.io/network": network },
  };
  return Object.entries(labels).map(([name, labels]) => ({
    ...{ apiVersion: "v1", kind: "Namespace" },
    metadata: { name, labels },
  }));
};
const read = (text: string) =>
  readManifests(text).manifests.map(({ manifest }) => manifest as Manifest);
const byHand = exact(handBuiltGateway);
/** What somebody applied, by cluster. */
const handBuilt: Readonly<Record<(typeof names)[number], readonly Manifest[]>> = {
  east: [...namespaces("east"), ...caller(), ...read(byHand.east)],
  west: [
    ...namespaces("west"),
    ...echo({ name: "far", cluster: "west", versions: ["v1", "v2"] }),
    ...echo({ name: "orders", cluster: "west" }),
    ...read(byHand.west),
  ],
};

let lab: Lab;
let operator: Operator;
let mesh: PulumiMesh | undefined;
let calls: readonly Calls[] = [];
let traffic = new Traffic();
/** What `meshspan import` said of each object. */
let imported: readonly any[] = [];
/** `uidsNow` of before the mesh was there. */
let uids: ReadonlyMap<string, string>;

beforeAll(async () => {
  lab = await Lab.start({ clusters: { east: {}, west: {} }, name: "adopt" });
  operator = await Operator.arrive(lab, "192.0.2.20");
  const description = { name: "by-hand", clusters: echoClusters(...names) };
  const { plan, filesOf } = await synthesise({ description });
  await Promise.all(
    plan.clusters.map(async ({ helm }, index) => {
      const name = names[index]!;
      await installIstio(lab, lab.cluster(name), plan, filesOf(name).trust, helm);
      await lab.cluster(name).apply(handBuilt[name]);
    }),
  );
  const pod = () => lab.cluster("east").podOf("caller");
  calls = await Promise.all(
    targets.map(async (target) => {
      await eventually(target, async () => (await callOnce(pod(), target)).ok);
      return Calls.start(pod(), { target, intervalMs: 50, ...patient });
    }),
  );
  traffic = new Traffic(calls);
}, 300_000);

afterAll(async () => {
  await traffic.stop();
  mesh?.remove();
  await lab.stop();
});

/** `<cluster> <key>` and UID of every object that no controller made of another. */
async function uidsNow(): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.all(
    names.map(async (name) =>
      (await lab.cluster(name).api.objects())
        .filter(({ metadata }) => metadata.ownerReferences === undefined)
        .map((object): [string, string] => [`${name} ${keyOf(object)}`, object.metadata.uid]),
    ),
  );
  return new Map(found.flat());
}

/** What Kubernetes and Istio put into each namespace. */
const inEachNamespace =
  /core\/(ServiceAccount\/[^/]+\/default|ConfigMap\/[^/]+\/(kube-root-ca\.crt|istio-ca-(root-cert|crl)))$/;

/** `<cluster> <key>` of what the page has people remove: what another object stands in for, and then the old gateway. */
const removed = () => [
  ...imported
    .filter(({ state }) => state === "renamed")
    .map(({ cluster, object }) => `${cluster} ${object}`),
  "west core/Service/edge/eastwest",
  "west apps/Deployment/edge/eastwest",
];

/** Runs the command, which succeeds. @returns its standard output */
async function meshspan(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await operator.meshspan(args);
  if (status !== 0) throw new Error(`meshspan ${args[0]}: exit code ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** What `meshspan status` finds but for what is fine. */
async function findings(): Promise<readonly string[]> {
  const { stdout } = await operator.meshspan(["status", "--output", "json"]);
  return parsed("status", stdout)
    .findings.filter(({ state }: any) => state !== "ok")
    .map(({ cluster, code }: any) => `${cluster} ${code}`);
}

const described = () => parse(readFileSync(meshFile, "utf8")) as MeshDescription;

/** `pulumi up` of the description as it is in the file, over what is there. */
async function up(): Promise<Run> {
  const input = { description: described(), adopt: true, hasIstio: true };
  mesh ??= await PulumiMesh.create(lab, input);
  return mesh.up(input);
}

/** Waits until there are more calls; none of all that were ever made failed. */
async function noCallFails(since: string): Promise<void> {
  await traffic.goesOn();
  console.log(`${since}: ${traffic.calm()} calls up to now, none failed`);
}

it("is read into a description whose calls arrive, and what becomes of each object is said", async () => {
  uids = await uidsNow();
  // By the clusters themselves, as their contexts are called: names, too, are Istio's.
  const contexts = names.flatMap((name) => ["--context", `${name}=${name}`]);
  const data = parsed("import", await meshspan("import", ...contexts, "--output", "json"));
  imported = data.objects;
  expect(data.mesh).toBe("by-hand");
  expect(data.findings).toEqual([]);
  const rows = importedRows(imported);
  const ofMesh = rows.filter(([row]) => !row!.endsWith("Namespace//istio-system"));
  expect(ofMesh).toEqual(exactImported);
  expect(rows.length - ofMesh.length).toBe(names.length);
  expect(described().clusters.west?.gateway).toEqual({ address: handBuiltGateway });
  await meshspan("trace");
});

it("is adopted by pulumi up: no call fails, and no object is another than it was", async () => {
  const run = await up();
  expect(steps(run).filter((step) => !step.startsWith("create "))).toEqual([]);
  await noCallFails(`adopted by an up of ${run.changes.create} resources`);
  const now = await uidsNow();
  expect([...uids].filter(([key, uid]) => now.get(key) !== uid)).toEqual([]);
  await eventually("a status that is fine, but for where peers dial west", async () => {
    expect(await findings()).toEqual(["west gateway_address_differs"]);
    return true;
  });
});

it("moves to the mesh's own gateway, and status is content: no call fails", async () => {
  const { clusters, ...rest } = described();
  const { address: _, ...gateway } = clusters.west!.gateway as { readonly address?: string };
  const description = { ...rest, clusters: { ...clusters, west: { ...clusters.west, gateway } } };
  writeFileSync(meshFile, stringify(description));
  await up();
  await noCallFails("moved");
  await eventually("a status that is fine", async () => (await findings()).length === 0);
});

it("goes on without what the mesh stands in for, one object after the other, and without the old gateway", async () => {
  for (const key of removed()) {
    const [, name = "", object = ""] = /^(\S+) (.*)$/.exec(key) ?? [];
    const { api } = lab.cluster(name);
    const found = (await api.objects()).find((one) => keyOf(one) === object);
    await lab.cluster(name).delete(found);
    await traffic.goesOn(20);
  }
  const pods = () => lab.cluster("west").pods.filter(({ key }) => key.startsWith("edge/"));
  await eventually("its pod to end", () => pods().length === 0);
  await noCallFails("removed");
});

it("changes as described from then on: no call fails, and nothing else is there than what was and what is planned", async () => {
  const { services = {}, ...rest } = described();
  const far = { ...services["far.default"]!, routes: [{ to: [{ version: "v2" }] }] };
  writeFileSync(meshFile, stringify({ ...rest, services: { ...services, "far.default": far } }));
  const versions = () => new Set(calls[0]!.results.slice(-50).map(({ body }) => body?.version));
  expect(versions()).toEqual(new Set(["v1", "v2"]));
  await up();
  await eventually("answers of v2 alone", () => versions().size === 1 && versions().has("v2"));
  await noCallFails("changed");
  expect(Object.keys((await up()).changes)).toEqual(["same"]);

  const now = await uidsNow();
  const gone = new Set(removed());
  expect([...uids].filter(([key, uid]) => now.get(key) !== uid && !gone.has(key))).toEqual([]);
  const planned = mesh!.plan.clusters.flatMap(({ cluster, objects }) =>
    objects.map(({ key }) => `${cluster.name} ${key}`),
  );
  const known = new Set([...uids.keys(), ...planned].filter((key) => !gone.has(key)));
  expect([...now.keys()].filter((key) => !known.has(key) && !inEachNamespace.test(key))).toEqual(
    [],
  );
});
