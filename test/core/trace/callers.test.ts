/** Which workloads make calls, and what of their environment is one. */
import { callsOf, localCallsOf, type Manifest, type Plan, topologyOf } from "../../../src";
import { samplePlan } from "../sampleMesh";
import { call, cart, changed, missingHops, object, traceOf, withObject } from "./changes";

const podSpec = (env: Readonly<Record<string, string>>) => ({
  serviceAccountName: "front",
  containers: [
    { name: "main", env: Object.entries(env).map(([name, value]) => ({ name, value })) },
  ],
});

const cartEnv = podSpec({ CART: "cart.default.global:7070" });

const template = { metadata: { labels: { app: "batch" } }, spec: cartEnv };

/** A caller by the name of `added`. */
const callers: readonly (readonly [string, Manifest])[] = [
  ["Job", object("batch/v1", "Job", "default", { template })],
  ["CronJob", object("batch/v1", "CronJob", "default", { jobTemplate: { spec: { template } } })],
  [
    "suspended CronJob",
    object("batch/v1", "CronJob", "default", {
      suspend: true,
      jobTemplate: { spec: { template } },
    }),
  ],
  ["ReplicaSet", object("apps/v1", "ReplicaSet", "default", { template })],
  ["Rollout of Argo", object("argoproj.io/v1alpha1", "Rollout", "default", { template })],
  ["Deployment scaled to 0", object("apps/v1", "Deployment", "default", { replicas: 0, template })],
  ["Pod", object("v1", "Pod", "default", cartEnv)],
];

const addedTo = (plan: Plan) => callsOf(plan).filter(({ caller }) => caller?.name === "added");

describe("a caller", () => {
  it.each(callers)("may be a %s", (_what, manifest) => {
    const plan = withObject(samplePlan, "east", manifest);
    const [added, ...others] = addedTo(plan);
    expect(others).toEqual([]);
    expect(added).toEqual({
      ...cart,
      caller: { name: "added", namespace: "default", serviceAccount: "front" },
    });
    const trace = traceOf(plan, added!);
    expect(trace.ok).toBe(true);
    expect(trace.paths[0]!.hops[0]).toMatchObject({
      kind: "caller",
      status: "planned",
      object: expect.stringContaining(`/${manifest.kind}/default/added`),
    });
    const east = topologyOf(plan).clusters.find(({ name }) => name === "east");
    expect(east?.nodes).toContainEqual(
      expect.objectContaining({ name: "added.default", kind: "workload" }),
    );
  });

  it.each(callers)("that is a %s has to get a sidecar", (_what, manifest) => {
    const none = changed(samplePlan, "east", "Namespace default", (m) => delete m.metadata.labels);
    const plan = withObject(none, "east", manifest);
    expect(missingHops(plan, addedTo(plan)[0]!)).toEqual(["east caller"]);
  });

  it("is none where another object made it, and stands for it", () => {
    const manifest = object("apps/v1", "ReplicaSet", "default", { template });
    const ownerReferences = [{ kind: "Deployment", name: "x", controller: true }];
    const owned: Manifest = {
      ...manifest,
      metadata: { ...manifest.metadata, ...{ ownerReferences } },
    };
    expect(addedTo(withObject(samplePlan, "east", owned))).toEqual([]);
  });

  it("may be one of two with a name, of which the call is as badly off as the worse", () => {
    const job = object("batch/v1", "Job", "default", {
      template: { ...template, metadata: { labels: { "sidecar.istio.io/inject": "false" } } },
    });
    const named = { ...job, metadata: { name: "front", namespace: "default" } };
    expect(missingHops(withObject(samplePlan, "east", named), cart)).toEqual(["east caller"]);
  });
});

describe("pods by themselves", () => {
  const labels = { app: "cart" };
  const spec = {
    serviceAccountName: "cart",
    containers: [{ name: "server", ports: [{ containerPort: 7070 }] }],
  };
  const none = changed(samplePlan, "west", "Deployment cart", "removed");

  it("serve, and so do a ReplicaSet's; a Job's are soon gone", () => {
    const pod = object("v1", "Pod", "default", spec);
    const labelled = { ...pod, metadata: { ...pod.metadata, labels } };
    const replicas = object("apps/v1", "ReplicaSet", "default", {
      template: { metadata: { labels }, spec },
    });
    expect(missingHops(none, cart)).toEqual(["west pods"]);
    expect(missingHops(withObject(none, "west", labelled), cart)).toEqual([]);
    expect(missingHops(withObject(none, "west", replicas), cart)).toEqual([]);
    const job = { ...replicas, apiVersion: "batch/v1", kind: "Job" };
    expect(missingHops(withObject(none, "west", job), cart)).toEqual(["west pods"]);
  });
});

describe("a value of the environment", () => {
  const planWith = (value: string) =>
    withObject(samplePlan, "east", object("v1", "Pod", "default", podSpec({ URL: value })));
  const asAdded = ({ host, port }: { readonly host: string; readonly port: number }) =>
    `${host}:${port}`;

  it.each([
    ["http://pay.default.global", ["pay.default.global:80"]],
    ["http://pay.default.global/charge", ["pay.default.global:80"]],
    ["http://pay.default.global:90/", ["pay.default.global:90"]],
    // Nobody serves these ports.
    ["https://pay.default.global/", []],
    ["http://cart.default.global/", []],
    ["http://nobody.default.global/", []],
    // Of other schemes, and of none, the port isn't known.
    ["redis://pay.default.global", []],
    ["pay.default.global", []],
    ["http://pay.default.global and more", []],
  ])("is a call where it is an address: %s", (value, expected) => {
    expect(addedTo(planWith(value)).map(asAdded)).toEqual(expected);
  });

  it.each([
    ["http://pay/charge", ["pay.default:80"]],
    ["http://pay.default.svc.cluster.local", ["pay.default:80"]],
    ["https://pay", []],
    ["pay:81", ["pay.default:81"]],
  ])("is a local call, too: %s", (value, expected) => {
    const calls = localCallsOf(planWith(value)).filter(({ caller }) => caller?.name === "added");
    expect(calls.map(asAdded)).toEqual(expected);
  });

  it("is traced", () => {
    const [added] = addedTo(planWith("http://pay.default.global"));
    expect(traceOf(planWith("http://pay.default.global"), added!).ok).toBe(true);
    expect(added).toMatchObject({ ...call("east", "pay", 80), caller: { name: "added" } });
  });
});
