/** Control planes that read each other's pods, in place of objects that say where services are. */
import type { ClusterDescription, MeshDescription, Workloads } from "../../src";
import { remoteSecretName } from "../../src/core/objects/remoteSecrets";
import { ApiClient } from "../engine/apiClient";
import { caller, echo, echoClusters, echoPorts, setReady } from "./echoMesh";
import { eventually } from "./eventually";
import { call, callOnce, Calls, patient } from "./exec";
import { Lab } from "./lab";
import { configOf } from "./proxy";
import { PulumiMesh, withoutAddresses } from "./pulumiMesh";
import { proxiesThatKnow, Traffic } from "./traffic";

type Name = "east" | "west" | "north";

const ports = [...echoPorts];
const versions = { v1: { version: "v1" }, v2: { version: "v2" } };

/** `withoutAddresses`: gateways are load balancers, which control planes find by their Services. */
function description(names: readonly Name[], readerToken = 1): MeshDescription {
  const clusters = Object.entries(withoutAddresses(of(names)).clusters);
  return {
    ...of(names),
    // North's is described: control planes are told of it.
    clusters: Object.fromEntries(
      clusters.map(([name, cluster]): [string, ClusterDescription] => [
        name,
        name === "north"
          ? { ...cluster, gateway: { ...cluster.gateway, address: "203.0.113.30" } }
          : { ...cluster, ...(name === "west" ? { readerToken } : {}) },
      ]),
    ),
  };
}

const of = (names: readonly Name[]): MeshDescription => ({
  name: "reading",
  distribution: "endpoints",
  clusters: echoClusters(...names),
  services: {
    "far.default": {
      ports,
      serviceAccount: "far",
      servedBy: ["west"],
      callers: ["caller.default"],
    },
    "near.default": { ports, serviceAccount: "near", servedBy: ["east", "west"] },
    "mixed.default": {
      ports,
      serviceAccount: "mixed",
      servedBy: { east: ["v1"], west: ["v2"] },
      versions,
      routes: [
        { port: 80, match: { headers: { "x-version": "v2" } }, to: [{ version: "v2" }] },
        { to: [{ version: "v1" }] },
      ],
    },
    ...(names.includes("north")
      ? { "new.default": { ports, serviceAccount: "new", servedBy: ["north"] } }
      : {}),
  },
});

/** `own` runs in every cluster, and no description says so. */
function workloads(names: readonly Name[]): Workloads {
  const served = { east: ["near", "own"], west: ["near", "far", "own"], north: ["new", "own"] };
  const mixed = { east: ["v1"], west: ["v2"], north: [] };
  return Object.fromEntries(
    names.map((cluster) => [
      cluster,
      [
        ...served[cluster].flatMap((name) => echo({ name, cluster })),
        ...(mixed[cluster].length > 0
          ? echo({ name: "mixed", cluster, versions: mixed[cluster] })
          : []),
        ...caller(),
      ],
    ]),
  );
}

const input = (names: readonly Name[], readerToken?: number) => ({
  description: description(names, readerToken),
  workloads: workloads(names),
});
const two = ["east", "west"] as const;

let lab: Lab;
let mesh: PulumiMesh;
let traffic = new Traffic();
const callerOf = (name: Name) => lab.cluster(name).podOf("caller");

beforeAll(async () => {
  lab = await Lab.start({
    // North is there, and no part of the mesh until it joins: two cores that start a cluster have pods miss their probes.
    clusters: { east: {}, west: {}, north: {} },
    name: "endpoints",
    openApiServers: true,
  });
  mesh = await PulumiMesh.create(lab, input(two));
  await mesh.up();
  const started = performance.now();
  const ways = [
    ["east", "http://far.default.global/"],
    ["west", "http://near.default.global/"],
    ["east", "http://own.default.svc.cluster.local/"],
    ["east", "tcp://far.default.global:9000"],
  ] as const;
  traffic = new Traffic(
    await Promise.all(
      ways.map(async ([from, target]) => {
        await eventually(target, async () => {
          const result = await callOnce(callerOf(from), target);
          return result.ok || Promise.reject(new Error(JSON.stringify(result)));
        });
        return Calls.start(callerOf(from), { target, intervalMs: 100, ...patient });
      }),
    ),
  );
  console.log(`every way is open ${((performance.now() - started) / 1000).toFixed(1)} s after up`);
}, 400_000);

afterAll(async () => {
  await traffic.stop();
  mesh.remove();
  await lab.stop();
});

const gateways = {
  east: "203.0.113.10:15443",
  west: "203.0.113.20:15443",
  north: "203.0.113.30:15443",
};

/** Endpoints of a service, as a proxy has them. */
async function endpointsOf(name: Name, cluster: string): Promise<readonly string[]> {
  const { configs } = JSON.parse(await configOf(callerOf(name)));
  const found = configs
    .flatMap((config: any) => config.dynamic_endpoint_configs ?? [])
    .map((config: any) => config.endpoint_config)
    .find((config: any) => config.cluster_name === cluster);
  return (found?.endpoints ?? [])
    .flatMap(({ lb_endpoints = [] }: any) => lb_endpoints)
    .map(({ endpoint }: any) => endpoint.address.socket_address)
    .map(({ address, port_value: port }: any) => `${address}:${port}`)
    .sort();
}

it("has remote pods arrive as endpoints by way of their network's gateway, and no object names them", async () => {
  const entries = mesh.plan.clusters.flatMap(({ objects }) =>
    objects.filter(({ manifest }) => manifest.kind === "ServiceEntry"),
  );
  expect(JSON.stringify(entries)).not.toContain("203.0.113");
  expect(await endpointsOf("east", "outbound|80||far.default.global")).toEqual([gateways.west]);
  const own = lab.cluster("east").podOf("near").address;
  expect(await endpointsOf("east", "outbound|80||near.default.global")).toEqual(
    [`${own}:8080`, gateways.west].sort(),
  );
});

it("keeps to pods of the own cluster while these are ready, and goes to others when they aren't", async () => {
  const callNear = async () => {
    const answers = await call(callerOf("east"), {
      target: "http://near.default.global/",
      count: 20,
      ...patient,
    });
    return [...new Set(answers.map(({ ok, body }) => (ok ? body.cluster : "failed")))];
  };
  expect(await callNear()).toEqual(["east"]);
  const pod = lab.cluster("east").podOf("near");
  await setReady(pod, false);
  await eventually("an answer of west", async () => (await callNear()).includes("west"));
  expect(await callNear()).toEqual(["west"]);
  await setReady(pod, true);
  await eventually("an answer of east", async () => (await callNear()).includes("east"));
  traffic.calm();
});

it("sends requests to the version that only the other cluster runs", async () => {
  const [plain, chosen] = await Promise.all([
    callOnce(callerOf("east"), "http://mixed.default.global/"),
    call(callerOf("east"), {
      target: "http://mixed.default.global/",
      headers: { "x-version": "v2" },
    }),
  ]);
  expect(plain.body).toMatchObject({ version: "v1", cluster: "east" });
  expect(chosen[0]?.body).toMatchObject({ version: "v2", cluster: "west" });
});

it("leaves Kubernetes' own names to the own cluster, though the same Service is in each", async () => {
  const answers = await call(callerOf("east"), {
    target: "http://own.default.svc.cluster.local/",
    count: 50,
    ...patient,
  });
  expect(new Set(answers.map(({ body }) => body?.cluster))).toEqual(new Set(["east"]));
});

/** What the control plane of east has for the API server of west. */
async function kubeconfigOfWest() {
  const path = `/api/v1/namespaces/istio-system/secrets/${remoteSecretName("west")}`;
  const { data } = await lab.cluster("east").api.find(path);
  const { clusters, users } = JSON.parse(Buffer.from(data.west, "base64").toString("utf8"));
  const { server, "certificate-authority-data": authority } = clusters[0].cluster;
  const ca = Buffer.from(authority, "base64").toString("utf8");
  const ask = async (what: string) => {
    const api = new ApiClient(server, ca, users[0].user.token);
    const { status } = await api.request("GET", what);
    api.close();
    return status;
  };
  return { server, token: users[0].user.token as string, ask };
}

it("lets control planes read where pods are, the Secrets that istiod insists on, and nothing else", async () => {
  const { server, ask } = await kubeconfigOfWest();
  expect(server).toBe(`https://${lab.cluster("west").range.node}:6443`);
  expect(await ask("/api/v1/pods")).toBe(200);
  expect(await ask("/api/v1/namespaces/istio-system/configmaps/istio")).toBe(200);
  expect(await ask("/api/v1/secrets")).toBe(200);
  expect(await ask("/api/v1/namespaces/kube-system/configmaps/coredns")).toBe(403);
  expect(await ask("/apis/networking.istio.io/v1/gateways")).toBe(403);
  expect(await ask("/apis/apps/v1/deployments")).toBe(403);
});

/** Milliseconds until east's proxies know that a pod of west isn't ready, and that it is again. */
async function untilEastHears(): Promise<readonly number[]> {
  const pod = lab.cluster("west").podOf("near");
  const knows = async () =>
    (await endpointsOf("east", "outbound|80||near.default.global")).includes(gateways.west);
  await setReady(pod, false);
  const gone = await eventually("an endpoint that goes", async () => !(await knows()));
  await setReady(pod, true);
  const back = await eventually("an endpoint that comes", knows);
  return [gone.ms, back.ms];
}

it("loses no call while a token is replaced, and the one before is worth nothing then", async () => {
  await untilEastHears();
  const before = traffic.calm();
  const old = await kubeconfigOfWest();
  await mesh.up(input(two, 2));
  const renewed = await kubeconfigOfWest();
  expect(renewed.token).not.toBe(old.token);
  await eventually("an end of the old token", async () => (await old.ask("/api/v1/pods")) === 401);
  expect(await renewed.ask("/api/v1/pods")).toBe(200);
  const heard = await untilEastHears();
  console.log(
    `a token was replaced, ${traffic.calm() - before} calls meanwhile, none failed; east hears of west's pods after ${heard.join(" and ")} ms`,
  );
}, 600_000);

const whoKnowsNorth = () =>
  proxiesThatKnow(lab, {
    name: "north",
    traces: ["203.0.113.30", "north", "new.default"],
    proxies: 1,
  });

it("takes a third cluster in and lets it go again: nothing is left of it, and no call is lost", async () => {
  const before = traffic.calm();
  expect(await whoKnowsNorth()).toEqual([]);
  await mesh.up(input(["east", "west", "north"], 2));
  for (const [from, service, answers] of [
    ["east", "new", "north"],
    ["north", "far", "west"],
  ] as const) {
    const { found } = await eventually(`${service} from ${from}`, async () => {
      const result = await callOnce(callerOf(from), `http://${service}.default.global/`);
      return result.ok && result;
    });
    expect(found.body.cluster).toBe(answers);
  }
  expect(await endpointsOf("east", "outbound|80||new.default.global")).toEqual([gateways.north]);
  await mesh.up(input(two, 2));
  await lab.removeCluster("north");
  await eventually("nothing of north", async () => {
    const traces = await whoKnowsNorth();
    return traces.length === 0 || Promise.reject(new Error(traces.join("; ")));
  });
  for (const name of two) {
    const path = "/api/v1/namespaces/istio-system/secrets?labelSelector=istio/multiCluster=true";
    const { items } = await lab.cluster(name).api.find(path);
    expect(items.map(({ metadata }: any) => metadata.name)).toEqual([
      remoteSecretName(name === "east" ? "west" : "east"),
    ]);
  }
  console.log(`north came and went, ${traffic.calm() - before} calls meanwhile, none failed`);
}, 600_000);
