/** A gateway joins a mesh that carries traffic, by `meshspan join`, and leaves it again. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { MeshDescription, Workloads } from "../../src";
import { createRoot } from "../../src/pki";
import { parsed, type Run } from "../cli/run";
import { installIstio, synthesise } from "./cdk8sMesh";
import { caller, echo, echoClusters, echoPorts } from "./echoMesh";
import { eventually } from "./eventually";
import { callOnce, Calls } from "./exec";
import { Lab, workFolder } from "./lab";
import { Operator } from "./operator";
import { proxiesThatKnow, Traffic } from "./traffic";

const ports = [...echoPorts];
const northAddress = "203.0.113.30";
const file = join(workFolder, "mesh.yaml");
const comment = "# The lab's mesh.\n";

const describe_ = (withNorth: boolean): MeshDescription => {
  const north = withNorth ? ["north"] : [];
  return {
    name: "joining",
    clusters: {
      ...echoClusters("east", "west"),
      // As join writes it.
      ...(withNorth ? { north: { gateway: { address: northAddress } } } : {}),
    },
    services: {
      "far.default": { ports, serviceAccount: "far", servedBy: ["west", ...north] },
      "near.default": {
        ...{ ports, serviceAccount: "near", servedBy: ["east"] },
        callers: ["caller.default"],
      },
    },
  };
};

const workloads: Workloads = {
  east: [...echo({ name: "near", cluster: "east" }), ...caller()],
  west: [...echo({ name: "far", cluster: "west" }), ...caller()],
  north: [...echo({ name: "far", cluster: "north" }), ...caller()],
};

let lab: Lab;
let operator: Operator;
/** Puts all that the mesh needs into north; the others don't know of it. */
let prepareNorth: () => Promise<unknown>;
let traffic = new Traffic();

/** Runs the executable where load balancers and API servers are reached from, as people do. */
const meshspan = (...args: readonly string[]): Promise<Run> => operator.meshspan(args);

/** Everything in a cluster that the mesh may have changed, but for what the API server and controllers keep count of. */
async function objectsOf(cluster: string): Promise<ReadonlyMap<string, string>> {
  const { api } = lab.cluster(cluster);
  const kinds = [
    "api/v1/namespaces",
    ...["services", "serviceaccounts", "configmaps", "secrets"].map((kind) => `api/v1/${kind}`),
    ...["deployments", "replicasets"].map((kind) => `apis/apps/v1/${kind}`),
    ...["roles", "rolebindings"].map((kind) => `apis/rbac.authorization.k8s.io/v1/${kind}`),
    "apis/autoscaling/v2/horizontalpodautoscalers",
    "apis/policy/v1/poddisruptionbudgets",
    ...["gateways", "serviceentries", "destinationrules", "virtualservices"].map(
      (kind) => `apis/networking.istio.io/v1/${kind}`,
    ),
    ...["authorizationpolicies", "peerauthentications"].map(
      (kind) => `apis/security.istio.io/v1/${kind}`,
    ),
  ];
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const { items } = await api.find(`/${kind}`);
      return (items as readonly any[]).map(
        ({ metadata, spec, data, rules, roleRef, subjects }): [string, string] => {
          const { name, namespace = "", labels, annotations = {} } = metadata;
          const kept = Object.entries(annotations).filter(([key]) => !/leader|revision/.test(key));
          const shown = { labels, annotations: kept, spec, data, rules, roleRef, subjects };
          return [`${cluster} ${kind}/${namespace}/${name}`, JSON.stringify(shown)];
        },
      );
    }),
  );
  return new Map(lists.flat().sort());
}

const whoKnowsNorth = () =>
  proxiesThatKnow(lab, { name: "north", traces: [northAddress, "north"], proxies: 5 });

const clusters = ["east", "west", "north"] as const;

interface Everything {
  readonly text: string;
  readonly objects: ReadonlyMap<string, string>;
}

/** The description and all clusters' objects, now. */
async function everything(): Promise<Everything> {
  const objects = await Promise.all(clusters.map(async (name) => [...(await objectsOf(name))]));
  return { text: readFileSync(file, "utf8"), objects: new Map(objects.flat()) };
}

/** What isn't as it was: keys of objects, and the description. */
async function changedSince({ text, objects }: Everything): Promise<readonly string[]> {
  const now = await everything();
  const keys = new Set([...objects.keys(), ...now.objects.keys()]);
  const changed = [...keys].filter((key) => objects.get(key) !== now.objects.get(key));
  return [...changed, ...(now.text === text ? [] : ["the description"])];
}

beforeAll(async () => {
  lab = await Lab.start({ clusters: { east: {}, west: {}, north: {} }, name: "join" });
  operator = await Operator.arrive(lab, "192.0.2.30");
  const { plan, filesOf } = await synthesise({ description: describe_(true), workloads });
  const injected = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "default", labels: { "istio-injection": "enabled" } },
  };
  prepareNorth = () => lab.cluster("north").apply(filesOf("north").objects);
  await Promise.all(
    plan.clusters.map(async ({ cluster: { name }, helm }) => {
      const cluster = lab.cluster(name);
      await installIstio(lab, cluster, plan, filesOf(name).trust, helm);
      if (name === "north") await prepareNorth();
      else await cluster.apply([injected, ...workloads[name]!]);
    }),
  );
  writeFileSync(file, `${comment}${stringify(describe_(false), { aliasDuplicateObjects: false })}`);
  const { status, stderr } = await meshspan("join", "203.0.113.10", "--apply");
  expect([status, stderr]).toEqual([0, expect.stringContaining("east: ")]);
  const ways = [
    ["east", "http://far.default.global/"],
    ["west", "http://near.default.global/"],
    ["east", "tcp://far.default.global:9000"],
  ] as const;
  traffic = new Traffic(
    await Promise.all(
      ways.map(async ([from, target]) => {
        const pod = () => lab.cluster(from).podOf("caller");
        await eventually(target, async () => (await callOnce(pod(), target)).ok);
        return Calls.start(pod(), { target, intervalMs: 100 });
      }),
    ),
  );
}, 300_000);

afterAll(async () => {
  await traffic.stop();
  await lab.stop();
});

/** Clusters whose pods have answered calls to `far` that are made now. */
async function answering(from: string, service: string): Promise<ReadonlySet<string>> {
  const pod = lab.cluster(from).podOf("caller");
  const results = await Promise.all(
    Array.from({ length: 12 }, () => callOnce(pod, `http://${service}.default.global/`)),
  );
  return new Set(results.filter(({ ok }) => ok).map(({ body }) => body.cluster as string));
}

it("applies what is planned already again, and changes nothing", async () => {
  const before = await everything();
  const { status, stdout } = await meshspan("join", "203.0.113.20", "--apply", "-o", "json");
  expect(status).toBe(0);
  const data = parsed("join", stdout);
  expect(data.state).toBe("already there");
  expect(data.applied.length).toBeGreaterThan(20);
  expect(data.applied.filter(({ action }: any) => action !== "unchanged")).toEqual([]);
  expect(await changedSince(before)).toEqual([]);
}, 240_000);

describe("changes neither the description nor a cluster", () => {
  let before: Everything;
  beforeAll(async () => {
    before = await everything();
  }, 240_000);

  const options = ["--cluster", "north", "--apply", "--timeout", "3"];

  it.each<[string, readonly string[], RegExp]>([
    ["for a gateway that is down", ["203.0.113.40"], /can't be reached on port 15443/],
    ["behind a wrong port", [`${northAddress}:15444`], /can't be reached on port 15444/],
    ["for one that exports nothing", ["203.0.113.10:15021"], /doesn't speak TLS|exports none/],
  ])("%s", async (_, address, message) => {
    const { status, stderr } = await meshspan("join", ...address, ...options);
    expect([status, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(await changedSince(before)).toEqual([]);
  });

  it("for one below another root than ours", async () => {
    const root = join(workFolder, "other.pem");
    const { certificatePem } = await createRoot({ meshName: "other", now: new Date() });
    writeFileSync(root, certificatePem);
    const run = await meshspan("join", northAddress, ...options, "--root-cert", root);
    expect([run.status, run.stderr]).toEqual([
      1,
      expect.stringMatching(/below another root: its chain ends in "O=joining, CN=Root CA"/),
    ]);
    expect(await changedSince(before)).toEqual([]);
  });

  it("where somebody else manages a field, and names both", async () => {
    const { api } = lab.cluster("east");
    const path = "/apis/networking.istio.io/v1/namespaces/default/serviceentries/far";
    const entry = {
      apiVersion: "networking.istio.io/v1",
      kind: "ServiceEntry",
      metadata: { name: "far", namespace: "default" },
      spec: { resolution: "DNS" },
    };
    const type = "application/apply-patch+yaml";
    await api.request("PATCH", `${path}?fieldManager=somebody&force=true`, entry, type);
    const mine = await everything();
    const { status, stderr } = await meshspan("join", northAddress, ...options);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(
        /ServiceEntry default\/far of cluster east can't be applied: .*"somebody".*\.spec\.resolution/,
      ),
    ]);
    expect(await changedSince(mine)).toEqual([]);
    const back = { ...entry, spec: { resolution: "STATIC" } };
    await api.request("PATCH", `${path}?fieldManager=somebody&force=true`, back, type);
    const nothing = { ...entry, spec: {} };
    await api.request("PATCH", `${path}?fieldManager=somebody&force=true`, nothing, type);
    await meshspan("join", "203.0.113.10", "--apply");
    expect(await changedSince(before)).toEqual([]);
  }, 240_000);
});

it("probes it by packets, adds it, and calls arrive there", async () => {
  expect(await whoKnowsNorth()).toEqual([]);
  const started = performance.now();
  const before = traffic.calm();
  const args = ["join", northAddress, "--cluster", "north", "--apply", "-o", "json"];
  const { status, stdout, stderr } = await meshspan(...args);
  expect([status, stderr]).toEqual([0, ""]);
  const data = parsed("join", stdout);
  expect(data).toMatchObject({
    state: "added",
    gateway: { cluster: "north", address: northAddress, port: 15443 },
    probe: {
      serves: [
        {
          service: "far.default",
          versions: [],
          identity: "spiffe://cluster.local/ns/default/sa/far",
        },
      ],
      passedOver: [],
      clientAccepted: true,
      // One machine has one clock.
      skewSeconds: 0,
    },
  });
  expect(readFileSync(file, "utf8")).toMatch(/^# The lab's mesh\.\n/);
  const ms = Math.round(performance.now() - started);
  const { found } = await eventually("north's answers", async () => {
    const answers = await answering("east", "far");
    return answers.has("north") && answers;
  });
  expect([...found].sort()).toEqual(["north", "west"]);
  await eventually("north's own calls", async () => (await answering("north", "near")).has("east"));
  const done = data.applied.filter(({ action }: any) => action !== "unchanged");
  console.log(
    `joined in ${ms} ms: ${data.applied.length} objects, ${done.length} changed; ${traffic.calm() - before} calls meanwhile, none failed`,
  );
}, 400_000);

it("goes again, and nothing of it is left", async () => {
  const before = traffic.calm();
  const ours = async (mark: string) =>
    [...(await objectsOf("north"))].flatMap(([key, text]) => (text.includes(mark) ? [key] : []));
  const label = '"app.kubernetes.io/part-of":"joining"';
  expect((await ours(label)).length).toBeGreaterThan(8);
  const { status, stdout, stderr } = await meshspan("leave", "north", "--apply");
  expect([status, stderr]).toEqual([0, expect.stringContaining("north: ")]);
  expect(stdout).toContain(
    "Meshspan has taken out the cluster north with its gateway 203.0.113.30",
  );
  expect(readFileSync(file, "utf8")).toBe(
    `${comment}${stringify(describe_(false), { aliasDuplicateObjects: false })}`,
  );
  await eventually("nothing of north", async () => {
    const traces = await whoKnowsNorth();
    return traces.length === 0 || Promise.reject(new Error(traces.join("; ")));
  });
  expect(await ours(label)).toEqual([]);
  expect([...(await answering("east", "far"))]).toEqual(["west"]);
  console.log(`left; ${traffic.calm() - before} calls meanwhile, none failed`);
}, 400_000);

it("says on a terminal what it knows, tries and has done, as on the talk's slide", async () => {
  await prepareNorth();
  await eventually("north's gateway", async () => {
    const { status } = await meshspan("join", northAddress, "--cluster", "north", "--dry-run");
    return status === 0;
  });
  const command = `meshspan join ${northAddress} --cluster north --apply`;
  const { status, screen, raw } = await operator.onTerminal(command, "join.svg");
  expect([status, raw]).toEqual([0, expect.stringContaining("\u001b[32m")]);
  const lines = screen.split("\n");
  expect(lines.slice(0, 4)).toEqual([
    "Meshspan is aware of the following gateways:",
    "203.0.113.10  east",
    "203.0.113.20  west",
    `Meshspan is attempting to add the gateway ${northAddress}`,
  ]);
  expect(screen).toMatch(/^north: \d+ objects/m);
  expect(lines.at(-2)).toBe(`Meshspan was successful in adding the gateway ${northAddress}`);
}, 240_000);

it("lets a cluster go that doesn't run any more: the others forget it, and it is asked for nothing", async () => {
  const keys = async () => [...(await objectsOf("north")).keys()].sort();
  const before = await keys();
  const { status, stdout, stderr } = await meshspan("leave", "north", "--gone");
  expect([status, stderr]).toEqual([0, expect.not.stringContaining("north")]);
  expect(stdout).toContain("Meshspan has taken out the cluster north");
  await eventually("nothing of north", async () => (await whoKnowsNorth()).length === 0);
  expect(await keys()).toEqual(before);
}, 240_000);

it("takes out a cluster with the services that it alone serves, and what join itself had made there", async () => {
  await traffic.stop();
  const namespace = async (name: string) =>
    (await lab.cluster("west").api.find("/api/v1/namespaces")).items.find(
      ({ metadata }: any) => metadata.name === name,
    );
  const label = "topology.istio.io/network";
  expect((await namespace("istio-system")).metadata.labels).toHaveProperty([label], "west");
  expect(await namespace("istio-eastwest")).toBeDefined();
  const refused = await meshspan("leave", "west", "--apply");
  expect([refused.status, refused.stderr]).toEqual([
    1,
    expect.stringContaining("west alone serves it"),
  ]);
  const { status, stdout } = await meshspan(
    ...["leave", "west", "--apply", "--with-services", "-o", "json"],
  );
  expect(status).toBe(0);
  expect(parsed("leave", stdout)).toMatchObject({ state: "removed", services: ["far.default"] });
  expect((await namespace("istio-system")).metadata.labels).not.toHaveProperty([label]);
  expect(await namespace("istio-eastwest")).toBeUndefined();
  const gone = (await objectsOf("west")).keys();
  expect([...gone].filter((key) => key.includes("eastwest"))).toEqual([]);
  const east = [...(await objectsOf("east")).keys()];
  expect(east.filter((key) => /networking.*\/default\/far/.test(key))).toEqual([]);
}, 400_000);
