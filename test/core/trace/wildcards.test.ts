/** Which DestinationRule and VirtualService count for a host, where wildcards cover it too. */
import type { Call, Manifest } from "../../../src";
import { samplePlan } from "../sampleMesh";
import { call, cart, changed, front, hopsWith, missingHops, object, pay, traceOf } from "./changes";

/** Called by pods of another namespace than the service's. */
const fromShop: Call = { ...cart, caller: { ...front, namespace: "shop" } };
const ruleName = "networking.istio.io/DestinationRule/default/cart.global";

/** The plan with the host and its rule for callers of all namespaces. */
const openPlan = ["ServiceEntry cart", "DestinationRule cart"].reduce(
  (plan, which) => changed(plan, "east", which, (m) => (m.spec.exportTo = ["*"])),
  samplePlan,
);

function withObjects(...manifests: readonly Manifest[]) {
  return manifests.reduce(
    (plan, { metadata, ...manifest }, at) =>
      changed(plan, "east", "", {
        ...manifest,
        metadata: { ...metadata, name: `added-${at}` },
      } as Manifest),
    openPlan,
  );
}

const rule = (namespace: string, host: string, mode = "DISABLE", exportTo?: readonly string[]) =>
  object("networking.istio.io/v1", "DestinationRule", namespace, {
    host,
    ...(exportTo && { exportTo }),
    trafficPolicy: {
      tls: {
        mode,
        sni: "outbound_.7070_._.cart.default.global",
        subjectAltNames: ["spiffe://cluster.local/ns/default/sa/cart"],
      },
    },
  });

/** The hops `tls` of a call's ways: status and object. */
function tlsHops(plan: Parameters<typeof traceOf>[0], traced: Call): readonly string[] {
  const hops = traceOf(plan, traced).paths.flatMap((path) => path.hops);
  return hops.filter(({ kind }) => kind === "tls").map((hop) => `${hop.status} ${hop.object}`);
}

const added = (namespace: string, at = 0) =>
  `networking.istio.io/DestinationRule/${namespace}/added-${at}`;

describe("the DestinationRule of a host", () => {
  it("is the caller's namespace's, be it a wildcard", () => {
    const plan = withObjects(rule("shop", "*.global"));
    expect(tlsHops(plan, fromShop)).toEqual([`missing ${added("shop")}`]);
    expect(tlsHops(plan, cart)).toEqual([`planned ${ruleName}`]);
  });

  it("is the most specific of a namespace, however long wildcards beside it are", () => {
    const wildcards = [rule("shop", "*"), rule("shop", "*.global"), rule("shop", "*.com")];
    const narrow = rule("shop", "*.default.global", "ISTIO_MUTUAL");
    const plan = withObjects(...wildcards, narrow);
    expect(tlsHops(plan, fromShop)).toEqual([`planned ${added("shop", 3)}`]);
    const exact = rule("shop", "cart.default.global");
    expect(tlsHops(withObjects(narrow, exact), fromShop)).toEqual([`missing ${added("shop", 1)}`]);
  });

  it.each([
    ["a wildcard beside it in its own namespace", rule("default", "*.global")],
    ["a wildcard in the root namespace", rule("istio-system", "*.global")],
    ["a wildcard in a third namespace", rule("other", "*.global")],
    ["a wildcard for another domain", rule("shop", "*.example")],
    [
      "a wildcard that isn't exported to its own namespace",
      rule("shop", "*.global", "DISABLE", ["x"]),
    ],
  ])("is the exact one in spite of %s", (_what, manifest) => {
    expect(tlsHops(withObjects(manifest), fromShop)).toEqual([`planned ${ruleName}`]);
  });

  it("may be the root namespace's wildcard where nobody else has one", () => {
    const none = changed(openPlan, "east", "DestinationRule cart", "removed");
    const plan = changed(none, "east", "", rule("istio-system", "*.global", "ISTIO_MUTUAL"));
    const named = "networking.istio.io/DestinationRule/istio-system/added";
    expect(tlsHops(plan, fromShop)).toEqual([`planned ${named}`]);
  });

  it("isn't taken from the root namespace before the service's by callers there, but where it is for them alone", () => {
    const fromRoot: Call = { ...cart, caller: { ...front, namespace: "istio-system" } };
    const open = withObjects(rule("istio-system", "*.global"));
    expect(tlsHops(open, fromRoot)).toEqual([`planned ${ruleName}`]);
    const own = withObjects(rule("istio-system", "*.global", "DISABLE", ["."]));
    expect(tlsHops(own, fromRoot)).toEqual([`missing ${added("istio-system")}`]);
    expect(tlsHops(own, fromShop)).toEqual([`planned ${ruleName}`]);
  });
});

const routes = (hosts: readonly string[], to: string, family = "http") =>
  object("networking.istio.io/v1", "VirtualService", "default", {
    hosts,
    [family]: [{ route: [{ destination: { host: to } }] }],
  });

describe("the VirtualService of a host", () => {
  it("is a wildcard where none is for the host itself", () => {
    const plan = withObjects(routes(["*.global"], "other"));
    expect(missingHops(plan, cart)).toEqual(["east route"]);
    expect(traceOf(plan, pay).ok).toBe(true);
  });

  it("is the longest of the wildcards", () => {
    const [wide, narrow] = [
      routes(["*.global"], "other"),
      routes(["*.default.global"], "cart.default.global"),
    ];
    expect(missingHops(withObjects(wide, narrow), cart)).toEqual([]);
    expect(missingHops(withObjects(narrow, wide), cart)).toEqual([]);
  });

  it("leaves requests alone where its wildcard is for another domain", () => {
    expect(missingHops(withObjects(routes(["*.example"], "other")), cart)).toEqual([]);
  });

  it("may be an older wildcard for connections", () => {
    let plan = withObjects(routes(["*.global"], "pay.default.global", "tcp"));
    plan = changed(plan, "east", "VirtualService pay", (m) => {
      m.spec = {
        hosts: m.spec.hosts,
        tcp: [{ route: [{ destination: { host: "pay.default.global", subset: "v1" } }] }],
      };
    });
    for (const entry of ["ServiceEntry pay", "ServiceEntry pay.local"])
      plan = changed(plan, "east", entry, (m) => (m.spec.ports[0].protocol = "TCP"));
    expect(hopsWith("assumed", plan, call("east", "pay", 80))).toEqual(["east route"]);
  });
});
