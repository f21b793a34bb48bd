import {
  type Call,
  callsOf,
  explainTrace,
  formatTrace,
  hopKinds,
  localCallsOf,
  parseMesh,
  type Plan,
  planMesh,
  type Trace,
  traceIssues,
  tracePlan,
} from "../../../src";
import { sampleDescription, samplePlan, withChange, without } from "../sampleMesh";

const front = { name: "front", namespace: "default", serviceAccount: "front" };
const call = (cluster: string, host: string, port: number): Call => ({
  cluster,
  caller: front,
  host: `${host}.default.global`,
  port,
});
const cart = call("east", "cart", 7070);
const pay = call("east", "pay", 80);

function traceOf(plan: Plan, traced: Call): Trace {
  return tracePlan(plan, [traced])[0]!;
}

function missingHops(plan: Plan, traced: Call): readonly string[] {
  const hops = traceOf(plan, traced).paths.flatMap((path) =>
    path.hops.filter(({ status }) => status === "missing"),
  );
  return [...new Set(hops.map(({ cluster, kind }) => `${cluster} ${kind}`))];
}

describe("calls", () => {
  it("are read from the environment of planned workloads, with scheme and path or without", () => {
    expect(
      callsOf(samplePlan).map(
        ({ cluster, caller, host, port }) => `${cluster} ${caller?.name ?? ""} ${host}:${port}`,
      ),
    ).toEqual([
      "east front cart.default.global:7070",
      "east front pay.default.global:80",
      "east front pay.default.global:90",
      "west front cart.default.global:7070",
      "west front pay.default.global:80",
    ]);
  });

  it("come from the description where the workloads are somebody else's", () => {
    const plan = planMesh(parseMesh(sampleDescription));
    expect(callsOf(plan)).toHaveLength(2 * (1 + 2));
    expect(callsOf(plan)[0]).toEqual({
      cluster: "east",
      caller: front,
      host: "cart.default.global",
      port: 7070,
    });
  });

  it("inside a cluster are told apart from those to global names", () => {
    expect(localCallsOf(samplePlan)).toEqual([]);
    const plan = withChange(samplePlan, "west", "apps/Deployment/default/front", (manifest) => {
      manifest.spec.template.spec.containers[0].env[0].value = "cart:7070";
    });
    expect(localCallsOf(plan)).toEqual([
      { cluster: "west", caller: front, host: "cart.default", port: 7070 },
    ]);
  });
});

describe("a trace", () => {
  it("names every hop of a call through a gateway, in order, each from a planned object", () => {
    const trace = traceOf(samplePlan, cart);
    expect(trace).toMatchObject({ ok: true, crosses: true });
    expect(trace.paths).toHaveLength(1);
    expect(trace.paths[0]!.servedBy).toBe("west");
    expect(
      trace.paths[0]!.hops.map(({ kind, cluster, status }) => `${cluster} ${kind} ${status}`),
    ).toEqual([
      "east name planned",
      "east address planned",
      "east endpoint planned",
      "east tls planned",
      "west gateway planned",
      "west chain planned",
      "west service planned",
      "west pods planned",
      "west trust planned",
      "west identity planned",
      "west authentication planned",
      "west authorization planned",
    ]);
  });

  it("follows each version to each place that runs it", () => {
    const ways = traceOf(samplePlan, pay).paths.map(({ version, weight, servedBy }) => [
      version,
      weight,
      servedBy,
    ]);
    expect(ways).toEqual([
      ["v2", undefined, "west"],
      ["v1", 90, "west"],
      ["v1", 90, "east"],
      ["v2", 10, "west"],
    ]);
  });

  it("stays in a cluster that serves alone", () => {
    const trace = traceOf(samplePlan, call("west", "cart", 7070));
    expect(trace).toMatchObject({ ok: true, crosses: false });
    expect(trace.paths.map(({ servedBy }) => servedBy)).toEqual(["west"]);
  });

  it("assumes workloads that the plan doesn't have", () => {
    const trace = traceOf(planMesh(parseMesh(sampleDescription)), cart);
    expect(trace.ok).toBe(true);
    expect(
      trace.paths[0]!.hops.filter(({ status }) => status === "assumed").map(({ kind }) => kind),
    ).toEqual(["service", "pods", "identity"]);
  });

  it("expects no pods of a version that the description has in other clusters only", () => {
    const trace = traceOf(planMesh(parseMesh(sampleDescription)), pay);
    expect(trace.paths.map(({ version, weight, servedBy }) => [version, weight, servedBy])).toEqual(
      traceOf(samplePlan, pay).paths.map(({ version, weight, servedBy }) => [
        version,
        weight,
        servedBy,
      ]),
    );
  });

  it("finds the gateway of an address that is still to come", () => {
    const { clusters, ...rest } = sampleDescription;
    const late = { ...rest, clusters: { ...clusters, west: { ...clusters.west, gateway: {} } } };
    expect(traceOf(planMesh(parseMesh(late)), cart)).toMatchObject({ ok: true, crosses: true });
  });

  it("reads well on a line", () => {
    expect(formatTrace(traceOf(samplePlan, cart))).toMatch(
      /^front \(east\) → cart\.default\.global:7070 → 2\d\d\.\d+\.\d+\.\d+ → west 203\.0\.113\.20:15443 → outbound_\.7070_\._ → cluster\.local\/ns\/default\/sa\/cart$/,
    );
    expect(formatTrace(traceOf(samplePlan, pay)).split(" → ").slice(3)).toEqual([
      "v2 west 203.0.113.20:15443; v1 ×90 own pods | west 203.0.113.20:15443; v2 ×10 west 203.0.113.20:15443",
      "cluster.local/ns/default/sa/pay",
    ]);
    expect(
      formatTrace(traceOf(without(samplePlan, "west", "core/Service/default/cart"), cart)),
    ).toMatch(/ → MISSING service: west has no Service default\/cart$/);
    expect(explainTrace(traceOf(samplePlan, cart)).split("\n")).toHaveLength(2 + 12);
  });

  it("names a cluster or a host that isn't there", () => {
    expect(missingHops(samplePlan, call("east", "nobody", 80))).toEqual(["east address"]);
    expect(traceOf(samplePlan, call("north", "cart", 7070)).ok).toBe(false);
    expect(missingHops(samplePlan, { ...cart, port: 7071 })).toEqual(["east address"]);
  });
});

describe("a broken plan: the trace names the hop that is missing", () => {
  type Break = readonly [
    what: string,
    cluster: string,
    key: string,
    change: ((manifest: any) => void) | "removed",
    traced: Call,
    expected: string,
  ];
  const networking = (kind: string, name: string) => `networking.istio.io/${kind}/default/${name}`;
  const gateway = (group: string, kind: string) =>
    `${group}/${kind}/istio-eastwest/istio-eastwestgateway`;
  const west = call("west", "pay", 80);
  const breaks: readonly Break[] = [
    ["no stub domain", "west", "core/ConfigMap/kube-system/coredns", "removed", west, "west name"],
    [
      "a stub domain for another domain",
      "west",
      "core/ConfigMap/kube-system/coredns",
      (m) => (m.data.Corefile = ".:53 {\n}\n"),
      west,
      "west name",
    ],
    [
      "no DNS server",
      "west",
      "core/ConfigMap/istio-system/meshspan-dns",
      "removed",
      west,
      "west name",
    ],
    [
      "a DNS server without pods",
      "west",
      "apps/Deployment/istio-system/meshspan-dns",
      "removed",
      west,
      "west name",
    ],
    [
      "a zone without the name",
      "west",
      "core/ConfigMap/istio-system/meshspan-dns",
      (m) => (m.data.zone = ""),
      west,
      "west name",
    ],
    [
      "a zone with another address",
      "west",
      "core/ConfigMap/istio-system/meshspan-dns",
      (m) => (m.data.zone = "pay.default.global. 30 IN A 240.0.0.1"),
      west,
      "west name",
    ],
    [
      "no ServiceEntry",
      "east",
      networking("ServiceEntry", "cart"),
      "removed",
      cart,
      "east address",
    ],
    [
      "a ServiceEntry without an address",
      "east",
      networking("ServiceEntry", "cart"),
      (m) => delete m.spec.addresses,
      cart,
      "east address",
    ],
    [
      "entries of one host that disagree",
      "east",
      networking("ServiceEntry", "pay.local"),
      (m) => (m.spec.addresses = ["240.9.9.9"]),
      pay,
      "east address",
    ],
    [
      "a ServiceEntry without the port",
      "east",
      networking("ServiceEntry", "cart"),
      (m) => (m.spec.ports[0].number = 1),
      cart,
      "east address",
    ],
    [
      "a route to another host",
      "east",
      networking("VirtualService", "pay"),
      (m) => (m.spec.http[1].route[0].destination.host = "other"),
      pay,
      "east route",
    ],
    [
      "a route for other ports only",
      "east",
      networking("VirtualService", "pay"),
      (m) => (m.spec.http = [{ match: [{ port: 90 }], route: [] }]),
      pay,
      "east route",
    ],
    [
      "no endpoint",
      "east",
      networking("ServiceEntry", "cart"),
      (m) => (m.spec.endpoints = []),
      cart,
      "east endpoint",
    ],
    [
      "no endpoint of the version",
      "east",
      networking("ServiceEntry", "pay"),
      (m) => m.spec.endpoints.forEach((e: any) => (e.labels = {})),
      pay,
      "east endpoint",
    ],
    [
      "an endpoint that is nobody's gateway",
      "east",
      networking("ServiceEntry", "cart"),
      (m) => (m.spec.endpoints[0].address = "203.0.113.99"),
      cart,
      "east endpoint",
    ],
    [
      "an endpoint that names no port",
      "east",
      networking("ServiceEntry", "cart"),
      (m) => (m.spec.endpoints[0].ports = {}),
      cart,
      "east endpoint",
    ],
    [
      "no DestinationRule",
      "east",
      networking("DestinationRule", "cart"),
      "removed",
      cart,
      "east tls",
    ],
    [
      "no mutual TLS",
      "east",
      networking("DestinationRule", "cart"),
      (m) => (m.spec.trafficPolicy.tls.mode = "DISABLE"),
      cart,
      "east tls",
    ],
    [
      "no server name",
      "east",
      networking("DestinationRule", "cart"),
      (m) => delete m.spec.trafficPolicy.tls.sni,
      cart,
      "east tls",
    ],
    [
      "no subset for the version",
      "east",
      networking("DestinationRule", "pay"),
      (m) => m.spec.subsets.pop(),
      pay,
      "east tls",
    ],
    [
      "no settings for the port",
      "east",
      networking("DestinationRule", "pay"),
      (m) => {
        m.spec.trafficPolicy.portLevelSettings.shift();
        m.spec.subsets.forEach((s: any) => s.trafficPolicy.portLevelSettings.shift());
      },
      pay,
      "east tls",
    ],
    [
      "no Service in front of the gateway",
      "west",
      gateway("core", "Service"),
      "removed",
      cart,
      "west gateway",
    ],
    [
      "the gateway's Service at another port",
      "west",
      gateway("core", "Service"),
      (m) => (m.spec.ports[1].port = 15444),
      cart,
      "west gateway",
    ],
    [
      "a gateway that peers can't reach",
      "west",
      gateway("core", "Service"),
      (m) => (m.spec.type = "ClusterIP"),
      cart,
      "west gateway",
    ],
    ["no gateway pods", "west", gateway("apps", "Deployment"), "removed", cart, "west gateway"],
    [
      "gateway pods with other labels",
      "west",
      gateway("apps", "Deployment"),
      (m) => (m.spec.template.metadata.labels = {}),
      cart,
      "west gateway",
    ],
    [
      "no Gateway object",
      "west",
      gateway("networking.istio.io", "Gateway"),
      "removed",
      cart,
      "west chain",
    ],
    [
      "a host that isn't exported",
      "west",
      gateway("networking.istio.io", "Gateway"),
      (m) => m.spec.servers[0].hosts.shift(),
      cart,
      "west chain",
    ],
    [
      "a Gateway that terminates TLS",
      "west",
      gateway("networking.istio.io", "Gateway"),
      (m) => (m.spec.servers[0].tls.mode = "MUTUAL"),
      cart,
      "west chain",
    ],
    [
      "a Gateway on another port",
      "west",
      gateway("networking.istio.io", "Gateway"),
      (m) => (m.spec.servers[0].port.number = 15444),
      cart,
      "west chain",
    ],
    [
      "a Gateway for other pods",
      "west",
      gateway("networking.istio.io", "Gateway"),
      (m) => (m.spec.selector = { istio: "ingress" }),
      cart,
      "west chain",
    ],
    [
      "a server name that no gateway knows",
      "east",
      networking("DestinationRule", "cart"),
      (m) => (m.spec.trafficPolicy.tls.sni = "cart"),
      cart,
      "west chain",
    ],
    [
      "no subset on the serving side",
      "west",
      networking("DestinationRule", "pay.versions"),
      "removed",
      pay,
      "west chain",
    ],
    ["no Service", "west", "core/Service/default/cart", "removed", cart, "west service"],
    [
      "a Service without the port",
      "west",
      "core/Service/default/cart",
      (m) => (m.spec.ports[0].port = 1),
      cart,
      "west service",
    ],
    [
      "a Service that selects nothing",
      "west",
      "core/Service/default/cart",
      (m) => delete m.spec.selector,
      cart,
      "west service",
    ],
    ["no pods", "west", "apps/Deployment/default/cart", "removed", cart, "west pods"],
    [
      "pods that listen elsewhere",
      "west",
      "apps/Deployment/default/cart",
      (m) => (m.spec.template.spec.containers[0].ports = []),
      cart,
      "west pods",
    ],
    [
      "pods of another version",
      "west",
      "apps/Deployment/default/pay-v2",
      "removed",
      pay,
      "west pods",
    ],
    ["pods without a sidecar", "west", "core/Namespace//default", "removed", cart, "west pods"],
    [
      "pods that refuse a sidecar",
      "west",
      "apps/Deployment/default/cart",
      (m) => (m.spec.template.metadata.labels["sidecar.istio.io/inject"] = "false"),
      cart,
      "west pods",
    ],
    [
      "no CA where it is called from",
      "east",
      "core/Secret/istio-system/cacerts",
      "removed",
      cart,
      "east trust",
    ],
    [
      "no CA where it runs",
      "west",
      "core/Secret/istio-system/cacerts",
      "removed",
      cart,
      "west trust",
    ],
    [
      "pods with another identity",
      "west",
      "apps/Deployment/default/cart",
      (m) => (m.spec.template.spec.serviceAccountName = "other"),
      cart,
      "west identity",
    ],
    [
      "callers that expect another identity",
      "east",
      networking("DestinationRule", "cart"),
      (m) => (m.spec.trafficPolicy.tls.subjectAltNames = ["spiffe://x/ns/default/sa/cart"]),
      cart,
      "west identity",
    ],
    [
      "a policy that doesn't list the caller",
      "west",
      "security.istio.io/AuthorizationPolicy/default/cart",
      (m) => (m.spec.rules = []),
      cart,
      "west authorization",
    ],
  ];

  it.each(breaks)("%s", (_what, cluster, key, change, traced, expected) => {
    expect(missingHops(samplePlan, traced)).toEqual([]);
    const broken =
      change === "removed"
        ? without(samplePlan, cluster, key)
        : withChange(samplePlan, cluster, key, change);
    expect(missingHops(broken, traced)).toEqual([expected]);
    const issues = traceIssues(tracePlan(broken));
    expect(issues.length).toBeGreaterThan(0);
    for (const issue of issues) {
      expect(issue.code).toBe("missing_hop");
      expect(issue.message).toContain("can't reach");
    }
  });

  it("has a case for every hop that a call can fail at", () => {
    const tested = new Set(breaks.map(([, , , , , expected]) => expected.split(" ")[1]));
    // Without strict mutual TLS a call still arrives, so that hop is weak and never missing.
    expect(hopKinds.filter((kind) => !tested.has(kind))).toEqual(["authentication"]);
  });
});

describe("a weak plan: calls arrive, and so would others", () => {
  const weakHops = (plan: Plan) => {
    const trace = traceOf(plan, cart);
    expect(trace.ok).toBe(true);
    return trace.paths.flatMap(({ hops }) =>
      hops.filter(({ status }) => status === "weak").map(({ kind }) => kind),
    );
  };

  it("without strict mutual TLS", () => {
    expect(
      weakHops(without(samplePlan, "west", "security.istio.io/PeerAuthentication/default/cart")),
    ).toEqual(["authentication"]);
  });

  it("without a policy on the serving pods", () => {
    expect(
      weakHops(without(samplePlan, "west", "security.istio.io/AuthorizationPolicy/default/cart")),
    ).toEqual(["authorization"]);
  });

  it("without an identity that callers insist on", () => {
    const plan = withChange(
      samplePlan,
      "east",
      "networking.istio.io/DestinationRule/default/cart",
      (m) => delete m.spec.trafficPolicy.tls.subjectAltNames,
    );
    expect(weakHops(plan)).toEqual(["tls"]);
  });
});
