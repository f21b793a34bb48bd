/** What NetworkPolicies of the callers' pods leave of a call. */
import { parseMesh, type Plan, planMesh } from "../../../src";
import { sampleDescription, samplePlan, sampleWorkloads } from "../sampleMesh";
import { cart, changed, hopsWith, missingHops, object, pay, traceOf } from "./changes";

type Rule = object;

/** The plan with a policy that leaves the pods of `front` in east these ways out. */
function withEgress(egress: readonly Rule[], spec: object = {}, plan: Plan = samplePlan): Plan {
  const policy = object("networking.k8s.io/v1", "NetworkPolicy", "default", {
    podSelector: { matchLabels: { app: "front" } },
    policyTypes: ["Egress"],
    egress,
    ...spec,
  });
  return changed(plan, "east", "", policy);
}

const tcp = (...ports: readonly (number | string)[]) => ports.map((port) => ({ port }));
const names = { ports: [{ protocol: "UDP", port: 53 }] };
const named = (name: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});
const istiod = { to: [named("istio-system")], ports: tcp(15012) };
const block = (cidr: string, ...except: readonly string[]) => ({
  ipBlock: { cidr, ...(except.length > 0 && { except }) },
});
/** The gateway of west is 203.0.113.20:15443. */
const gateway = { to: [block("203.0.113.0/24")], ports: tcp(15443) };
const others = [names, istiod];

describe("a call whose caller's pods have egress policies", () => {
  const open: readonly (readonly [string, readonly Rule[]])[] = [
    ["all that it needs", [...others, gateway]],
    ["everything", [{}]],
    ["every address outside", [...others, { to: [block("0.0.0.0/0")] }]],
    ["every address but others", [...others, { to: [block("0.0.0.0/0", "203.0.113.128/25")] }]],
    ["a range of ports", [...others, { ports: [{ port: 15000, endPort: 16000 }] }]],
    ["a port by name, which may be the one", [...others, { ports: tcp("tls") }]],
    [
      "a namespace by a label that it may have",
      [names, gateway, { to: [{ namespaceSelector: { matchLabels: { team: "mesh" } } }] }],
    ],
    [
      "a namespace by an expression",
      [
        names,
        gateway,
        { to: [{ namespaceSelector: { matchExpressions: [{ key: "a", operator: "Exists" }] } }] },
      ],
    ],
    [
      "istiod's pods by labels that they may have",
      [
        names,
        gateway,
        { to: [{ ...named("istio-system"), podSelector: { matchLabels: { app: "istiod" } } }] },
      ],
    ],
    [
      "DNS servers at a port of their own",
      [{ ports: [{ protocol: "UDP", port: 5353 }] }, istiod, gateway],
    ],
  ];
  it.each(open)("arrives where they open %s", (_what, egress) => {
    const plan = withEgress(egress);
    expect(missingHops(plan, cart)).toEqual([]);
    expect(hopsWith("assumed", plan, cart)).toEqual([]);
  });

  const shut: readonly (readonly [string, readonly Rule[], string])[] = [
    ["nothing", [], "east caller"],
    ["another port of istiod", [names, gateway, { ports: tcp(15010) }], "east caller"],
    ["another namespace", [names, gateway, { to: [named("shop")] }], "east caller"],
    ["no gateway", others, "east endpoint"],
    ["pods alone", [...others, { to: [{ namespaceSelector: {} }] }], "east endpoint"],
    ["another range", [...others, { to: [block("198.51.100.0/24")] }], "east endpoint"],
    [
      "a range without the gateway",
      [...others, { to: [block("203.0.113.0/24", "203.0.113.16/28")] }],
      "east endpoint",
    ],
    ["the other family of addresses", [...others, { to: [block("::/0")] }], "east endpoint"],
    [
      "another port of the gateway",
      [...others, { to: [block("0.0.0.0/0")], ports: tcp(443) }],
      "east endpoint",
    ],
  ];
  it.each(shut)("fails where they open %s", (_what, egress, expected) => {
    const plan = withEgress(egress);
    expect(missingHops(plan, cart)).toEqual([expected]);
    const texts = traceOf(plan, cart).paths.flatMap(({ hops }) => hops.map(({ text }) => text));
    expect(texts.join("\n")).toContain("NetworkPolicy default/added");
  });

  it("is assumed to find a DNS server on its own node where they open none", () => {
    const plan = withEgress([istiod, gateway]);
    expect(traceOf(plan, cart).ok).toBe(true);
    expect(hopsWith("assumed", plan, cart)).toEqual(["east caller"]);
  });

  it("fails to own pods that they, or these pods' own, keep it from", () => {
    const own = withEgress([...others, gateway]);
    expect(missingHops(own, pay)).toEqual(["east pods"]);
    const theirs = (from: readonly object[]) =>
      changed(
        samplePlan,
        "east",
        "",
        object("networking.k8s.io/v1", "NetworkPolicy", "default", {
          podSelector: { matchLabels: { app: "pay" } },
          ingress: [{ from }],
        }),
      );
    expect(missingHops(theirs([named("shop")]), pay)).toEqual(["east pods"]);
    expect(missingHops(theirs([{ podSelector: { matchLabels: { app: "front" } } }]), pay)).toEqual(
      [],
    );
  });

  it.each([
    ["other pods", { podSelector: { matchLabels: { app: "other" } } }],
    ["who comes in", { policyTypes: ["Ingress"] }],
  ])("isn't kept from anything by a policy for %s", (_what, spec) => {
    expect(missingHops(withEgress([], spec), cart)).toEqual([]);
  });

  it("arrives where a second policy opens what the first one doesn't", () => {
    const first = withEgress([]);
    const manifest = object("networking.k8s.io/v1", "NetworkPolicy", "default", {
      podSelector: {},
      policyTypes: ["Egress"],
      egress: [...others, gateway],
    });
    const second = { ...manifest, metadata: { name: "second", namespace: "default" } };
    expect(missingHops(changed(first, "east", "", second), cart)).toEqual([]);
  });
});

describe("a gateway whose address isn't known yet, or is a name", () => {
  const withGateway = (gateway: object) => {
    const west = { ...sampleDescription.clusters.west, gateway };
    const mesh = parseMesh({
      ...sampleDescription,
      clusters: { ...sampleDescription.clusters, west },
    });
    return planMesh(mesh, { workloads: sampleWorkloads });
  };
  const range = [...others, { to: [block("198.51.100.0/24")] }];

  it.each([
    ["not known yet", {}],
    ["a name", { address: "west.example.com" }],
  ])("may be in any range: %s", (_what, gateway) => {
    const plan = withGateway(gateway);
    expect(missingHops(withEgress(range, {}, plan), cart)).toEqual([]);
    expect(missingHops(withEgress(others, {}, plan), cart)).toEqual(["east endpoint"]);
  });
});
