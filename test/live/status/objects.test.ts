import type { KubernetesObject } from "@kubernetes/client-node";
import { fieldText } from "../../../src/core/diff/rows";
import { changesOf, differences } from "../../../src/live/status/comparison";
import { changedVerdict, judgeObjects } from "../../../src/live/status/objects";
import type { ClusterObservation } from "../../../src/live/status/observation";
import { answer, forbidden, plan, planOf, sound, withObject } from "./soundMesh";

const remedy = { hint: "apply it", fix: (cluster: string) => `apply ${cluster}` };

function judged(east: ClusterObservation, west = sound("west"), cluster: "east" | "west" = "east") {
  const observations = new Map([
    ["east", east],
    ["west", west],
  ]);
  const { verdicts, suspicions } = judgeObjects(plan, planOf(cluster), observations, remedy);
  return [
    ...verdicts,
    ...suspicions.map((one) => changedVerdict(one, one.changes, { hint: "apply it", fix: "" })),
  ].filter(({ state }) => state !== "ok");
}

const entry = "networking.istio.io/ServiceEntry/default/pay";
const rule = "networking.istio.io/DestinationRule/default/pay.global";
const gateway = "apps/Deployment/istio-eastwest/istio-eastwestgateway";

describe("objects", () => {
  it("are fine as planned, with late values as clusters have them", () => {
    expect(judged(sound("east"))).toEqual([]);
    expect(judged(sound("east"), sound("west"), "west")).toEqual([]);
  });

  it("are missing", () => {
    const seen = withObject(sound("east"), entry, () => undefined);
    expect(judged(seen)).toMatchObject([
      { state: "error", code: "object_missing", subject: entry, fix: "apply east" },
    ]);
  });

  it("are one finding where none of them is there", () => {
    const planned = new Map(
      [...sound("east").planned.keys()].map((key) => [key, answer(undefined)] as const),
    );
    expect(judged({ ...sound("east"), planned })).toMatchObject(
      [{ code: "object_missing", subject: "shop", message: /none of the mesh's \d+ objects/ }].map(
        (one) => ({ ...one, message: expect.stringMatching(one.message) }),
      ),
    );
  });

  it.each<[string, string, (live: any) => unknown, string]>([
    [
      "a server name",
      rule,
      (live) => (live.spec.trafficPolicy.tls.sni = "other"),
      'spec.trafficPolicy.tls.sni "other" → "outbound_.80_._.pay.default.svc.cluster.local" (there → planned)',
    ],
    [
      "a field that Istio's own objects have beside the plan",
      rule,
      (live) => (live.spec.workloadSelector = { matchLabels: { app: "other" } }),
      'spec.workloadSelector - {"matchLabels":{"app":"other"}} (there → planned)',
    ],
    [
      "somebody more whom a NetworkPolicy lets in",
      "networking.k8s.io/NetworkPolicy/istio-eastwest/istio-eastwestgateway",
      (live) => delete live.spec.ingress[2].from,
      'spec.ingress[2].from + [{"namespaceSelector":{}}] (there → planned)',
    ],
    [
      "a port more that a NetworkPolicy lets in",
      "networking.k8s.io/NetworkPolicy/istio-system/meshspan-istiod",
      (live) => live.spec.ingress[1].ports.push({ protocol: "TCP", port: 15010 }),
      'spec.ingress[1].ports[1] - {"protocol":"TCP","port":15010} (there → planned)',
    ],
    [
      "a container's setting",
      gateway,
      (live) => (live.spec.template.spec.containers[0].securityContext.privileged = true),
      "spec.template.spec.containers[name=istio-proxy].securityContext.privileged true → false (there → planned)",
    ],
    [
      "a label that says whose it is",
      rule,
      (live) => delete live.metadata.labels["app.kubernetes.io/part-of"],
      'metadata.labels["app.kubernetes.io/part-of"] + "shop" (there → planned)',
    ],
  ])("have changed: %s", (_, key, change, message) => {
    expect(judged(withObject(sound("east"), key, change))).toMatchObject([
      { state: "error", code: "object_changed", subject: key, message },
    ]);
  });

  it.each<[string, string, (live: any) => unknown]>([
    [
      "a default that the API server adds",
      gateway,
      (live) => (live.spec.progressDeadlineSeconds = 600),
    ],
    [
      "what a controller injects",
      gateway,
      (live) => live.spec.template.spec.containers.unshift({ name: "helper" }),
    ],
    ["an annotation of somebody", rule, (live) => (live.metadata.annotations = { by: "somebody" })],
    ["an empty field of an Istio object", rule, (live) => (live.spec.workloadSelector = {})],
  ])("are as planned for all that, beside %s", (_, key, change) => {
    expect(judged(withObject(sound("east"), key, change))).toEqual([]);
  });

  it("have a gateway's address that was, which is said as such", () => {
    const seen = withObject(
      sound("east"),
      entry,
      (live) => (live.spec.endpoints[0].address = "203.0.113.99"),
    );
    const [found] = judged(seen);
    expect(found).toMatchObject({ code: "gateway_address_stale", subject: entry });
    expect(found?.message).toContain('+ "203.0.113.20"'.slice(2));
  });

  it("aren't held against what nobody knows: an address that a gateway doesn't have yet", () => {
    const west = withObject(
      sound("west"),
      "core/Service/istio-eastwest/istio-eastwestgateway",
      (live) => (live.status = {}),
    );
    expect(judged(sound("east"), west)).toEqual([]);
  });

  it("have any of a gateway's addresses, whichever the cluster names first", () => {
    const west = withObject(
      sound("west"),
      "core/Service/istio-eastwest/istio-eastwestgateway",
      (live) => live.status.loadBalancer.ingress.unshift({ ip: "203.0.113.19" }),
    );
    expect(judged(sound("east"), west)).toEqual([]);
  });

  it("are on their way out, and what keeps them", () => {
    const key = "core/Service/istio-eastwest/istio-eastwestgateway";
    const seen = withObject(sound("east"), key, (live) =>
      Object.assign(live.metadata, {
        deletionTimestamp: new Date(),
        finalizers: ["service.kubernetes.io/load-balancer-cleanup"],
      }),
    );
    expect(judged(seen)).toMatchObject([
      {
        ...{ state: "error", code: "object_missing", subject: key },
        message:
          "it is planned and is being deleted, once service.kubernetes.io/load-balancer-cleanup let it",
      },
    ]);
  });

  it("that lead no names to the mesh's server are a matter of names", () => {
    const key = "core/ConfigMap/kube-system/coredns";
    const west = withObject(
      sound("west"),
      key,
      (live) => (live.data.Corefile = ".:53 {\n    errors\n}\n"),
    );
    expect(judged(sound("east"), west, "west")).toMatchObject([
      { code: "stub_domain_missing", subject: key },
    ]);
  });

  it("that somebody else serves the domain by are said to be in the way", () => {
    const key = "core/ConfigMap/kube-system/coredns";
    const west = withObject(
      sound("west"),
      key,
      (live) => (live.data.Corefile = "global:53 {\n    errors\n}\n.:53 {\n}\n"),
    );
    expect(judged(sound("east"), west, "west")).toMatchObject([
      { code: "object_changed", subject: key, message: expect.stringContaining("didn't write") },
    ]);
  });

  it("are left over: with the mesh's labels, and not in the plan", () => {
    const left = (metadata: object) =>
      ({
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: { namespace: "default", ...metadata },
      }) as KubernetesObject;
    const owned = new Map([
      [
        "security.istio.io/v1 PeerAuthentication",
        answer([
          left({ name: "gone.strict" }),
          left({ name: "made", ownerReferences: [{ kind: "Deployment", name: "x" }] }),
          left({ name: "going", deletionTimestamp: new Date() }),
        ]),
      ],
    ]);
    expect(judged({ ...sound("east"), owned })).toMatchObject([
      {
        code: "object_left_over",
        subject: "security.istio.io/PeerAuthentication/default/gone.strict",
        fix: "kubectl -n default delete peerauthentications.security.istio.io/gone.strict",
      },
    ]);
  });

  it("that may not be read are unknown, with the right that is missing", () => {
    const planned = new Map(sound("east").planned).set(entry, forbidden("get serviceentries"));
    expect(judged({ ...sound("east"), planned })).toMatchObject(
      [
        {
          state: "unknown",
          code: "permission_missing",
          subject: entry,
          hint: /may get serviceentries/,
        },
      ].map((one) => ({ ...one, hint: expect.stringMatching(one.hint) })),
    );
  });
});

describe("differences", () => {
  it("never tell what a Secret holds", () => {
    const secret = (key: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "cacerts" },
      data: { "ca-key.pem": key },
    });
    const [change] = differences(secret("c2VjcmV0"), secret("b3RoZXI="));
    expect(change).toMatchObject({ path: 'data["ca-key.pem"]' });
    expect(fieldText(change!)).toBe("changed (not shown)");
  });

  it("of what an API server would apply leave its own records out", () => {
    const live = {
      metadata: { name: "a", resourceVersion: "1", labels: { a: "1" } },
      status: { x: 1 },
    };
    const applied = { metadata: { name: "a", resourceVersion: "2", labels: { a: "2" } } };
    expect(changesOf(live, live)).toEqual([]);
    expect(changesOf(live, applied).map(({ path }) => path)).toEqual(["metadata.labels.a"]);
  });
});
