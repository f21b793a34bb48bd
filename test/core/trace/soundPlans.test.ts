import { parseMesh, planMesh } from "../../../src";
import { sampleDescription, samplePlan, sampleWorkloads } from "../sampleMesh";
import {
  type Break,
  call,
  cart,
  changed,
  type Change,
  front,
  hopsWith,
  object,
  pay,
  traceOf,
} from "./changes";
import { another, from, inject, peers, policy } from "./parts";

/** As of a broken plan, with the hop that isn't simply planned. */
type Row = Break;
const west = call("west", "pay", 80);
/** By pods of the cluster that serves. */
const ownCart = call("west", "cart", 7070);

describe("a weak plan: calls arrive, and so would others", () => {
  const rows: readonly Row[] = [
    [
      "without strict mutual TLS",
      "west",
      "PeerAuthentication cart",
      "removed",
      cart,
      "west authentication",
    ],
    [
      "with mutual TLS that a port needn't speak",
      "west",
      "PeerAuthentication cart",
      (m) => (m.spec.portLevelMtls = { 7070: { mode: "PERMISSIVE" } }),
      cart,
      "west authentication",
    ],
    [
      "without a policy on the serving pods",
      "west",
      "AuthorizationPolicy cart",
      "removed",
      cart,
      "west authorization",
    ],
    [
      "without an identity that callers insist on",
      "east",
      "DestinationRule cart",
      (m) => delete m.spec.trafficPolicy.tls.subjectAltNames,
      cart,
      "east tls",
    ],
    [
      "without a DestinationRule, to own pods",
      "west",
      "DestinationRule cart",
      "removed",
      ownCart,
      "west tls",
    ],
    [
      "without settings for the port, to own pods",
      "west",
      "DestinationRule cart",
      (m) => delete m.spec.trafficPolicy,
      ownCart,
      "west tls",
    ],
    [
      "with some pods that gateways leave out",
      "west",
      "",
      another({}, { "sidecar.istio.io/inject": "false" }),
      cart,
      "west pods",
    ],
  ];
  it.each(rows)("%s", (_what, cluster, which, change, traced, expected) => {
    const plan = changed(samplePlan, cluster, which, change);
    expect(traceOf(plan, traced).ok).toBe(true);
    expect(hopsWith("weak", plan, traced)).toEqual([expected]);
  });
});

describe("a plan that leaves a question: the hop is assumed", () => {
  const sidecar = (namespace: string, spec: object) =>
    object("networking.istio.io/v1", "Sidecar", namespace, spec);
  const rows: readonly Row[] = [
    [
      "a Sidecar for the caller's namespace",
      "east",
      "",
      sidecar("default", {}),
      cart,
      "east caller",
    ],
    [
      "a Sidecar for the caller",
      "east",
      "",
      sidecar("default", { workloadSelector: { labels: { app: "front" } } }),
      cart,
      "east caller",
    ],
    ["a Sidecar for all", "east", "", sidecar("istio-system", {}), cart, "east caller"],
    [
      "a caller that chooses what is captured",
      "east",
      "Deployment front",
      (m) =>
        (m.spec.template.metadata.annotations = {
          "traffic.sidecar.istio.io/excludeOutboundPorts": "9999",
        }),
      cart,
      "east caller",
    ],
    [
      "a ServiceEntry without an address",
      "east",
      "ServiceEntry cart",
      (m) => delete m.spec.addresses,
      cart,
      "east address",
    ],
    [
      "entries of one host that disagree",
      "east",
      "ServiceEntry pay.local",
      (m) => (m.spec.addresses = ["240.9.9.9"]),
      pay,
      "east address",
    ],
    [
      "own pods of an entry that isn't the mesh's",
      "east",
      "ServiceEntry pay.local",
      (m) => (m.spec.location = "MESH_EXTERNAL"),
      pay,
      "east endpoint",
    ],
    [
      "a zone with another address, for HTTP",
      "west",
      "ConfigMap meshspan-dns",
      (m) => (m.data.zone = "pay.default.global. 30 IN A 240.0.0.1"),
      west,
      "west name",
    ],
    [
      "a DNS server whose address isn't written down",
      "west",
      "Service meshspan-dns",
      (m) => delete m.spec.clusterIP,
      west,
      "west name",
    ],
    [
      "a route that aborts some calls",
      "east",
      "VirtualService pay",
      (m) => (m.spec.http[1].fault = { abort: { httpStatus: 503 } }),
      pay,
      "east route",
    ],
    [
      "pods that declare no ports",
      "west",
      "Deployment cart",
      (m) => delete m.spec.template.spec.containers[0].ports,
      cart,
      "west pods",
    ],
    [
      "policies of one age",
      "west",
      "",
      {
        ...peers("default", "STRICT"),
        spec: { selector: { matchLabels: { app: "cart" } }, mtls: { mode: "PERMISSIVE" } },
      },
      cart,
      "west authentication",
    ],
    [
      "what only one of two policies says of a port",
      "west",
      "",
      {
        ...peers("default", "STRICT"),
        spec: {
          selector: { matchLabels: { app: "cart" } },
          portLevelMtls: { 7070: { mode: "DISABLE" } },
        },
      },
      cart,
      "west authentication",
    ],
    [
      "a condition on requests",
      "west",
      "AuthorizationPolicy cart",
      (m) => (m.spec.rules[0].when = [{ key: "request.headers[x]" }]),
      cart,
      "west authorization",
    ],
    [
      "a denied path",
      "west",
      "",
      policy("default", "DENY", [{ to: [{ operation: { paths: ["/admin"] } }] }]),
      cart,
      "west authorization",
    ],
    [
      "denied addresses",
      "west",
      "",
      policy("default", "DENY", [from({ ipBlocks: ["10.0.0.0/8"] })]),
      cart,
      "west authorization",
    ],
    [
      "somebody else's authorizer",
      "west",
      "",
      policy("default", "CUSTOM", [{}]),
      cart,
      "west authorization",
    ],
  ];
  it.each(rows)("%s", (_what, cluster, which, change, traced, expected) => {
    const plan = changed(samplePlan, cluster, which, change);
    expect(traceOf(plan, traced).ok).toBe(true);
    expect(hopsWith("assumed", plan, traced)).toEqual([expected]);
  });
});

describe("a plan that works: the trace finds nothing", () => {
  const rule = (change: (m: any) => void) => ["west", "AuthorizationPolicy cart", change] as const;
  const principals = (...names: string[]) =>
    rule((m) => (m.spec.rules = [from({ principals: names })]));
  const rows: readonly (readonly [what: string, ...(readonly [string, string, Change])])[] = [
    ["a StatefulSet", "west", "Deployment cart", (m) => (m.kind = "StatefulSet")],
    ["a headless Service", "west", "Service cart", (m) => (m.spec.clusterIP = "None")],
    ["a DaemonSet", "west", "Deployment cart", (m) => (m.kind = "DaemonSet")],
    ["further pods of the same identity", "west", "", another({})],
    ["injection by the pods' own label", "east", "Deployment front", inject("true")],
    ["any principal", ...principals("*")],
    ["a principal by prefix", ...principals("cluster.local/ns/default/*")],
    ["a principal by suffix", ...principals("*/ns/default/sa/front")],
    [
      "the caller's namespace",
      ...rule((m) => (m.spec.rules = [from({ namespaces: ["default"] })])),
    ],
    [
      "others' names excluded",
      ...rule((m) => (m.spec.rules = [from({ notPrincipals: ["*/sa/x"] })])),
    ],
    ["the port", ...rule((m) => (m.spec.rules[0].to = [{ operation: { ports: ["7070"] } }]))],
    ["a rule for all", ...rule((m) => (m.spec.rules = [{}]))],
    [
      "a second policy that allows others",
      "west",
      "",
      policy("default", "ALLOW", [from({ principals: ["x"] })]),
    ],
    [
      "a policy that denies others",
      "west",
      "",
      policy("default", "DENY", [from({ principals: ["*/sa/x"] })]),
    ],
    [
      "a policy that denies others' ports",
      "west",
      "",
      policy("default", "DENY", [{ to: [{ operation: { ports: ["1"] } }] }]),
    ],
    ["an audit", "west", "", policy("default", "AUDIT", [{}])],
    ["a mesh without mutual TLS but for these pods", "west", "", peers("istio-system", "DISABLE")],
    ["a namespace without mutual TLS but for these pods", "west", "", peers("default", "DISABLE")],
    [
      "a host given by wildcard",
      "west",
      "Gateway istio-eastwestgateway",
      (m) => (m.spec.servers[0].hosts = ["*.default.svc.cluster.local"]),
    ],
    [
      "cert-manager's names of the CA's files",
      "west",
      "Secret cacerts",
      (m) => (m.data = { "tls.crt": "", "tls.key": "", "ca.crt": "" }),
    ],
    [
      "an entry exported to the caller",
      "east",
      "ServiceEntry cart",
      (m) => (m.spec.exportTo = ["default"]),
    ],
    [
      "a Sidecar for others",
      "east",
      "",
      object("networking.istio.io/v1", "Sidecar", "default", {
        workloadSelector: { labels: { app: "x" } },
      }),
    ],
  ];
  it.each(rows)("%s", (_what, cluster, which, change) => {
    const plan = changed(samplePlan, cluster, which, change);
    expect(
      traceOf(plan, cart).paths.flatMap(({ hops }) =>
        hops.filter(({ status }) => status !== "planned"),
      ),
    ).toEqual([]);
  });

  it("takes a namespace's STRICT, and the mesh's, where the pods have none of their own", () => {
    const none = changed(samplePlan, "west", "PeerAuthentication cart", "removed");
    for (const namespace of ["default", "istio-system"]) {
      const plan = changed(none, "west", "", peers(namespace, "STRICT"));
      expect(hopsWith("planned", plan, cart)).toContain("west authentication");
    }
    const off = changed(none, "west", "", peers("istio-system", "DISABLE"));
    expect(hopsWith("missing", off, cart)).toEqual(["west authentication"]);
  });
});

describe("a control plane with a revision", () => {
  const mesh = parseMesh({ ...sampleDescription, istio: { revision: "1-31" } });
  const plan = planMesh(mesh, { workloads: sampleWorkloads });

  it("injects what is labelled with it, in place of what only asks", () => {
    expect(traceOf(plan, cart).ok).toBe(true);
    const unlabelled = changed(plan, "west", "Deployment istio-eastwestgateway", (m) => {
      delete m.spec.template.metadata.labels["istio.io/rev"];
    });
    expect(hopsWith("missing", unlabelled, cart)).toEqual(["west gateway"]);
  });
});

describe("a server name", () => {
  it("is of no use to own pods", () => {
    const plan = changed(samplePlan, "west", "DestinationRule cart", (m) => {
      delete m.spec.trafficPolicy.tls.sni;
    });
    expect(traceOf(plan, ownCart).ok).toBe(true);
    expect(hopsWith("planned", plan, ownCart)).toContain("west tls");
  });
});

describe("route rules", () => {
  const routed = (change: (m: any) => void) =>
    traceOf(changed(samplePlan, "east", "VirtualService pay", change), pay).paths.map(
      ({ version, servedBy }) => `${version ?? "any"} ${servedBy ?? ""}`,
    );
  const v1 = [{ destination: { host: "pay.default.global", subset: "v1" }, weight: 0 }];

  it("for other ports leave this one the whole service", () => {
    expect(routed((m) => (m.spec.http = [{ match: [{ port: 90 }], route: v1 }]))).toEqual([
      "any west",
      "any east",
    ]);
  });

  it("for other gateways than the mesh's are none of a sidecar's", () => {
    expect(routed((m) => (m.spec.gateways = ["ingress"]))).toEqual(["any west", "any east"]);
  });

  it("end at the first that takes everything, and a single destination needs no weight", () => {
    expect(routed((m) => m.spec.http.unshift({ match: [{ port: 80 }], route: v1 }))).toEqual([
      "v1 west",
      "v1 east",
    ]);
  });

  it.each([
    ["TCP", "tcp", "v1"],
    ["TLS", "tcp", "any"],
    ["HTTPS", "tls", "v1"],
    ["HTTPS", "http", "any"],
    ["GRPC", "http", "v1"],
  ])("of a port that speaks %s: %s leads to %s", (protocol, list, version) => {
    const match = list === "tls" ? [{ sniHosts: ["pay.default.global"] }] : undefined;
    let plan = changed(samplePlan, "east", "VirtualService pay", (m) => {
      m.spec = { hosts: m.spec.hosts, [list]: [{ ...(match && { match }), route: v1 }] };
    });
    for (const entry of ["ServiceEntry pay", "ServiceEntry pay.local"])
      plan = changed(plan, "east", entry, (m) => (m.spec.ports[0].protocol = protocol));
    const trace = traceOf(plan, pay);
    expect(trace.ok).toBe(true);
    expect(trace.paths[0]!.version ?? "any").toBe(version);
  });
});

describe("many callers of one service", () => {
  it("share the hops inside of the peer that serves it", () => {
    const { east, ...clusters } = sampleDescription.clusters;
    const mesh = parseMesh({
      ...sampleDescription,
      clusters: { ...clusters, east, north: { gateway: { address: "203.0.113.30" } } },
    });
    const plan = planMesh(mesh, {
      workloads: { ...sampleWorkloads, north: sampleWorkloads.east ?? [] },
    });
    const broken = changed(plan, "north", "Secret cacerts", "removed");
    expect(hopsWith("missing", broken, { ...cart, cluster: "north" })).toEqual(["north trust"]);
    expect(hopsWith("missing", broken, cart)).toEqual([]);
    expect(
      hopsWith("missing", broken, { ...cart, caller: { ...front, serviceAccount: "x" } }),
    ).toEqual(["west authorization"]);
  });
});
