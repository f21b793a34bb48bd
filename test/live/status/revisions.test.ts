/** Several control planes in a cluster: of the mesh's revision, of its gateways', and of others. */
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { KubernetesObject } from "@kubernetes/client-node";
import { type Manifest, parseMesh, planMesh } from "../../../src";
import type { ListOptions, LiveCluster } from "../../../src/live/liveCluster";
import { judgeIstiod } from "../../../src/live/status/istiod";
import { judgeSync, observeSync } from "../../../src/live/status/istiodSync";
import { observe } from "../../../src/live/status/observe";
import { description, istiod, pod } from "./soundMesh";

const mesh = parseMesh({
  ...{ ...description, distribution: "hub", hubs: ["west"] },
  istio: { revision: "stable", version: "1.31.0" },
});
const plan = planMesh(mesh).clusters.find(({ cluster }) => cluster.name === "east");

/** Proxies that each istiod has, by its pod. */
const connected: Readonly<Record<string, readonly string[]>> = {
  "istiod-stable-1": ["web-1.default"],
  "istiod-stable-gateways-1": ["istio-eastwestgateway-1.istio-eastwest"],
  "istiod-before-1": ["pay-1.default"],
};

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => server.close()));

async function debugOf(name: string): Promise<number> {
  const proxies = (connected[name] ?? []).map((proxy) => ({ proxy, resources: {} }));
  const server = createServer((_request, response) => response.end(JSON.stringify(proxies)));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function labelled<T extends KubernetesObject>(object: T, labels: Record<string, string>): T {
  const { name = "", namespace = "" } = object.metadata ?? {};
  return Object.assign(object, { metadata: { name, namespace, labels } });
}

/** `east` with these control planes, of which each is ready or not. */
async function clusterWith(
  revisions: Readonly<Record<string, boolean>>,
  ended: readonly string[] = [],
): Promise<LiveCluster> {
  const names = Object.keys(revisions);
  const ports = new Map<string, number>();
  for (const name of names) ports.set(`istiod-${name}-1`, await debugOf(`istiod-${name}-1`));
  const labelsOf = (revision: string) => ({ app: "istiod", "istio.io/rev": revision });
  const gatewayLabels = { app: "istio-eastwestgateway", "meshspan.dev/gateway": "shop" };
  const objects: Readonly<Record<string, readonly KubernetesObject[]>> = {
    Deployment: names.map((name) =>
      labelled(
        Object.assign(istiod({ availableReplicas: revisions[name] === true ? 1 : 0 }), {
          metadata: { name: `istiod-${name}`, namespace: "istio-system" },
        }),
        labelsOf(name),
      ),
    ),
    Pod: [
      ...names.map((name) => labelled(pod(`istiod-${name}`, "istio-system"), labelsOf(name))),
      labelled(pod("istio-eastwestgateway", "istio-eastwest"), gatewayLabels),
      pod("web"),
      pod("pay"),
    ],
  };
  return {
    name: "east",
    find: ({ kind, metadata }: Manifest) =>
      Promise.resolve(
        kind === "Pod" && !ended.includes(metadata.name)
          ? objects.Pod?.find((one) => one.metadata?.name === metadata.name)
          : undefined,
      ),
    list: (_version: string, kind: string, { namespace, labels = {} }: ListOptions = {}) =>
      Promise.resolve(
        (objects[kind] ?? [])
          .filter(({ metadata }) => (namespace ?? metadata?.namespace) === metadata?.namespace)
          .filter(({ metadata }) =>
            Object.entries(labels).every(([key, value]) => metadata?.labels?.[key] === value),
          ),
      ),
    forward: ({ pod: name }: { readonly pod: string }) =>
      Promise.resolve(connect(ports.get(name) ?? 0, "127.0.0.1")),
  } as unknown as LiveCluster;
}

async function look(...args: Parameters<typeof clusterWith>) {
  const live = await clusterWith(...args);
  if (plan === undefined) throw new Error("no east");
  const seen = await observe(live, mesh, plan);
  return {
    sync: judgeSync(seen, await observeSync(live, seen)),
    istiods: judgeIstiod(mesh, plan, seen).map(({ subject, code }) => [subject, code]),
  };
}

it("has proxies that are connected to the istiod of any revision", async () => {
  const { sync } = await look({ before: true, stable: true, "stable-gateways": true });
  expect(sync).toMatchObject([{ state: "ok" }]);
});

it("misses those that are connected to none", async () => {
  const { sync } = await look({ stable: true, "stable-gateways": true });
  expect(sync).toMatchObject([{ code: "proxy_out_of_sync", subject: "core/Pod/default/pay-1" }]);
});

it("misses none whose pod has ended since it was listed", async () => {
  const { sync } = await look({ stable: true, "stable-gateways": true }, ["pay-1"]);
  expect(sync).toMatchObject([{ state: "ok" }]);
});

it("tells of the gateways' istiod, and not of another mesh's or an earlier one", async () => {
  const { istiods } = await look({ before: false, stable: true, "stable-gateways": false });
  expect(istiods.filter(([, code]) => code !== "ok")).toEqual([
    ["apps/Deployment/istio-system/istiod-stable-gateways", "istiod_not_ready"],
    ["core/ConfigMap/istio-system/istio-stable", "istiod_settings_differ"],
  ]);
});
