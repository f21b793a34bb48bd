/** Values of the wrong type, missing and unknown keys, at every level of a description. */
import type { Issue } from "../../../src/core/issues";
import { safeParseMesh } from "../../../src/core/parse";
import { changed, fullPath, gone } from "./base";
import { expectFaults, type FaultRow, testFaults } from "./faultTable";

const wrongTypes: readonly (readonly [path: string, value: unknown])[] = [
  ["name", 5],
  ["name", null],
  ["trustDomain", true],
  ["domain", ["global"]],
  ["addresses", { cidr: "240.0.0.0/8" }],
  ["istio", "1.31"],
  ["istio.version", 1.31],
  ["istio.revision", null],
  ["istio.namespace", {}],
  ["trust", []],
  ["trust.rootDays", "3650"],
  ["trust.intermediateDays", null],
  ["trust.trustDomainAliases", "old.example"],
  ["trust.trustDomainAliases[0]", 1],
  ["trust.issuer", 1],
  ["trust.algorithm", null],
  ["clusters", ["east", "west"]],
  ["clusters", "east"],
  ["clusters", null],
  ["east", null],
  ["east", "kind"],
  ["east.provider", null],
  ["east.network", 5],
  ["east.locality", ["us-east1"]],
  ["east.trustDomain", {}],
  ["east.gateway", "203.0.113.10"],
  ["east.gateway.name", 1],
  ["east.gateway.namespace", false],
  ["east.gateway.address", 42],
  ["north.gateway.addressType", null],
  ["east.gateway.port", "15443"],
  ["west.gateway.service", null],
  ["west.gateway.nodePort", "31443"],
  ["east.gateway.allowFrom", "203.0.113.0/24"],
  ["north.gateway.annotations", ["a"]],
  ["north.gateway.annotations.x", true],
  ["east.gateway.replicas", 3],
  ["east.gateway.replicas.min", "2"],
  ["east.gateway.replicas.max", "1"],
  ["east.dns", null],
  ["east.dns", ["proxy"]],
  ["east.dns.mode", null],
  ["north.dns.address", 10],
  ["east.dns.corefile", {}],
  ["north.dns.stubDomains", {}],
  ["east.dns.extension", 5],
  ["north.autopilot", "yes"],
  ["services", []],
  ["services", "pay"],
  ["services", null],
  ["pay", null],
  ["pay", ["http"]],
  ["pay.ports", null],
  ["pay.ports", { http: 80 }],
  ["pay.ports[0]", 80],
  ["pay.ports[0]", null],
  ["pay.ports[0].name", 80],
  ["pay.ports[0].port", "80"],
  ["pay.ports[0].protocol", null],
  ["pay.ports[0].targetPort", "http"],
  ["pay.serviceAccount", null],
  ["pay.selector", "app=pay"],
  ["pay.selector.app", 1],
  ["pay.servedBy", "east"],
  ["pay.servedBy", null],
  ["pay.servedBy.east", "v1"],
  ["pay.servedBy.west[1]", 2],
  ["cart.servedBy[0]", null],
  ["pay.consumedBy", { east: true }],
  ["pay.consumedBy[0]", 1],
  ["pay.callers", "frontend.default"],
  ["pay.callers[0]", {}],
  ["pay.versions", ["v1", "v2"]],
  ["pay.versions", "v1"],
  ["pay.versions.v1", "v1"],
  ["pay.versions.v1.version", 1],
  ["pay.routes", {}],
  ["pay.routes[0]", "v2"],
  ["pay.routes[0].match", "ann"],
  ["pay.routes[0].match", null],
  ["pay.routes[0].match.headers", []],
  ["pay.routes[0].match.headers.x-user", null],
  ["pay.routes[0].match.headers.x-user.exact", 7],
  ["pay.routes[0].match.uri", ["/a"]],
  ["pay.routes[1].port", "80"],
  ["pay.routes[1].to", "v1"],
  ["pay.routes[1].to[0]", "v1"],
  ["pay.routes[1].to[0].version", 1],
  ["pay.routes[1].to[0].weight", "90"],
  ["pay.routes[1].timeout", 5],
  ["pay.routes[1].retries", 3],
  ["pay.routes[1].retries.attempts", "2"],
  ["pay.routes[1].retries.perTryTimeout", 1],
  ["pay.routes[1].retries.retryOn", ["5xx"]],
  ["pay.address", 240],
  ["pay.failover", "yes"],
  ["pay.failover", null],
  ["pay.failover.errors", "5"],
  ["pay.failover.interval", 2],
  ["pay.shortName", "yes"],
  ["pay.headless", 1],
];

describe("a value of the wrong type is the only fault that is reported", () => {
  testFaults(
    wrongTypes.map(([path, value]): FaultRow => [
      `${path}: ${JSON.stringify(value)}`,
      { [path]: value },
      "wrong_type",
    ]),
  );
});

describe("a description that is no map at all has one fault", () => {
  test.each([[null], [undefined], [5], ["mesh.yaml"], [[]], [true], [() => 1], [new Map()]])(
    "%p",
    (description) => {
      expectFaults(description, [["wrong_type", ""]]);
    },
  );
});

describe("a missing key is the only fault that is reported", () => {
  testFaults([
    ["the mesh has no name", { name: gone }, "missing_key"],
    ["the name is undefined", { name: undefined }, "missing_key"],
    ["there are no clusters", { clusters: gone }, "no_clusters"],
    ["the map of clusters is empty", { clusters: {} }, "no_clusters"],
    ["a cluster is undefined", { east: undefined }, "missing_key"],
    ["DNS has no mode", { "east.dns.mode": gone }, "missing_key"],
    ["a service has no ports", { "pay.ports": gone }, "missing_key"],
    ["a port has no name", { "pay.ports[0].name": gone }, "missing_key"],
    ["a port has no number", { "pay.ports[0].port": gone }, "missing_key"],
    ["a service has no service account", { "pay.serviceAccount": gone }, "missing_key"],
    ["a service doesn't say where it runs", { "pay.servedBy": gone }, "missing_key"],
    ["retries have no attempts", { "pay.routes[1].retries.attempts": gone }, "missing_key"],
    [
      "a text match is an empty map",
      { "pay.routes[0].match.uri": {} },
      "missing_key",
      "pay.routes[0].match.uri.exact",
    ],
    [
      "cert-manager has no issuer",
      { trust: { issuer: "cert-manager" } },
      "missing_key",
      "trust.certManager",
    ],
    [
      "the cert-manager issuer has no name",
      { trust: { issuer: "cert-manager", certManager: {} } },
      "missing_key",
      "trust.certManager.name",
    ],
    ["a list has a hole", { "cart.servedBy": Array(1) }, "missing_key", "cart.servedBy[0]"],
  ]);
});

/** Where a key is misspelt, and the key that was meant. */
const misspelt: readonly (readonly [
  path: string,
  value: unknown,
  meant: string,
  taken?: string,
])[] = [
  ["nmae", "shop", "name", "name"],
  ["trustdomain", "x", "trustDomain"],
  ["cluster", { east: {} }, "clusters", "clusters"],
  ["service", {}, "services"],
  ["istio.verison", "1.31.0", "version"],
  ["trust.issuers", "files", "issuer"],
  ["trust.rootdays", 20, "rootDays"],
  ["east.providr", "kind", "provider"],
  ["east.gatway", {}, "gateway"],
  ["east.gateway.adress", "203.0.113.1", "address"],
  ["east.gateway.replicas.minn", 1, "min"],
  ["east.dns.coreFile", "", "corefile"],
  ["east.dns.mod", "coredns", "mode", "east.dns.mode"],
  ["pay.port", [], "ports", "pay.ports"],
  ["pay.ports[0].nmae", "http", "name", "pay.ports[0].name"],
  ["pay.ports[0].protcol", "HTTP", "protocol", "pay.ports[0].protocol"],
  ["pay.serviceaccount", "pay", "serviceAccount", "pay.serviceAccount"],
  ["pay.servedby", ["east"], "servedBy", "pay.servedBy"],
  ["pay.version", {}, "versions", "pay.versions"],
  ["pay.routes[0].mach", {}, "match", "pay.routes[0].match"],
  ["pay.routes[0].match.header", {}, "headers", "pay.routes[0].match.headers"],
  [
    "pay.routes[0].match.headers.x-user.exakt",
    "ann",
    "exact",
    "pay.routes[0].match.headers.x-user.exact",
  ],
  ["pay.routes[1].to[0].wieght", 90, "weight", "pay.routes[1].to[0].weight"],
  ["pay.routes[1].retries.atempts", 2, "attempts", "pay.routes[1].retries.attempts"],
  ["pay.failover.error", 5, "errors", "pay.failover.errors"],
];

describe("a misspelt key is the only fault that is reported, with the key that was meant", () => {
  test.each(misspelt.map((row) => [row[0], row] as const))(
    "%s",
    (_, [path, value, meant, taken]) => {
      const away = taken === undefined ? {} : { [taken]: gone };
      const [issue] = expectFaults(changed({ [path]: value, ...away }), [["unknown_key", path]]);
      expect(issue?.hint).toBe(`did you mean "${meant}"?`);
    },
  );

  test("a key that is like no other lists those that there are", () => {
    const [issue] = expectFaults(changed({ "east.gateway.replicas.xyzzy": 1 }), [
      ["unknown_key", "east.gateway.replicas.xyzzy"],
    ]);
    expect(issue?.hint).toBe("known are min, max");
  });
});

describe("a value that is not one of the known ones", () => {
  testFaults([
    ["the provider", { "east.provider": "eks" }, "unknown_value"],
    [
      "the provider, on which others rest",
      { "north.provider": "GKE", "north.dns": "proxy", "north.autopilot": true },
      "unknown_value",
    ],
    [
      "the provider beside a DNS mode that a stand-in has not",
      { "north.provider": "gkee" },
      "unknown_value",
    ],
    [
      "the type of a gateway's Service, on which its node port rests",
      { "west.gateway.service": "nodeport" },
      "unknown_value",
    ],
    ["the type of a gateway's address", { "north.gateway.addressType": "dns" }, "unknown_value"],
    ["the DNS mode in short", { "west.dns": "corens" }, "unknown_value"],
    ["the DNS mode, on which the Corefile rests", { "east.dns.mode": "cordns" }, "unknown_value"],
    ["the extension of DNS", { "east.dns.extension": "coredns" }, "unknown_value"],
    [
      "the issuer, on which its reference rests",
      { trust: { issuer: "certmanager", certManager: { name: "root" } } },
      "unknown_value",
      "trust.issuer",
    ],
    [
      "the kind of a cert-manager issuer",
      { trust: { issuer: "cert-manager", certManager: { name: "root", kind: "issuer" } } },
      "unknown_value",
      "trust.certManager.kind",
    ],
    ["a key algorithm that Istio can't read", { "trust.algorithm": "ed25519" }, "unknown_value"],
    [
      "a key algorithm with a curve that Istio can't read",
      { "trust.algorithm": "ecdsa-p521" },
      "unknown_value",
    ],
  ]);

  test("the nearest known value is proposed", () => {
    const hint = hintFor({ "west.dns": "Proxy" });
    expect(hint).toBe('did you mean "proxy"?');
  });
});

describe("keys that exclude one another", () => {
  testFaults([
    [
      "a text match both exact and by prefix",
      { "pay.routes[0].match.uri": { exact: "/a", prefix: "/a" } },
      "conflicting_keys",
      "pay.routes[0].match.uri.prefix",
    ],
    [
      "ranges for a node port",
      { "west.gateway.allowFrom": ["203.0.113.0/24"] },
      "conflicting_keys",
    ],
    ["no ranges", { "east.gateway.allowFrom": [] }, "conflicting_keys"],
    ["a node port for a load balancer", { "east.gateway.nodePort": 31443 }, "conflicting_keys"],
    [
      "a Corefile for the DNS proxy",
      { "west.dns": { mode: "proxy", corefile: ".:53 {\n}\n" } },
      "conflicting_keys",
      "west.dns.corefile",
    ],
    ["stub domains for CoreDNS", { "east.dns.stubDomains": "{}" }, "conflicting_keys"],
    ["an extension for kube-dns", { "north.dns.extension": "corefile" }, "conflicting_keys"],
    [
      "a Corefile beside coredns-custom",
      { "east.dns.extension": "coredns-custom" },
      "conflicting_keys",
      "east.dns.corefile",
    ],
    [
      "a server's address for the DNS proxy",
      { "west.dns": { mode: "proxy", address: "10.0.0.10" } },
      "conflicting_keys",
      "west.dns.address",
    ],
    [
      "a type that the address contradicts",
      { "east.gateway.addressType": "hostname" },
      "conflicting_keys",
    ],
    [
      "the gateway in istiod's namespace",
      { "east.gateway.namespace": "istio-system" },
      "conflicting_keys",
    ],
    [
      "the gateway in a renamed namespace of istiod",
      { "istio.namespace": "mesh", "east.gateway.namespace": "mesh" },
      "conflicting_keys",
      "east.gateway.namespace",
    ],
    [
      "a caller listed twice",
      { "pay.callers": ["a.b", "a.b"] },
      "conflicting_keys",
      "pay.callers[1]",
    ],
    ["an empty list of callers", { "pay.callers": [] }, "conflicting_keys"],
  ]);
});

describe("hints for values that YAML reads differently than meant", () => {
  test.each([
    ["pay.versions.v1.version", 1.5, 'write a text, in quotes: "1.5"'],
    ["pay.selector.app", true, 'write a text, in quotes: "true"'],
    ["pay.ports[0].port", "80", "write a number, without quotes: 80"],
    ["pay.ports[0].port", "http", "write a number"],
    ["pay.ports[0]", 80, "write a map with some of name, port, protocol, targetPort"],
    ["pay.routes[1].timeout", 3, 'write a duration with its unit: "3s"'],
    ["pay.failover.interval", 1.5, 'write a duration with its unit: "1.5s"'],
    ["pay.routes[1].retries.perTryTimeout", -1, 'write a duration with its unit: "1s"'],
    ["pay.routes[1].timeout", true, 'write a text, in quotes: "true"'],
    ["pay.routes[0].match.uri", true, 'write "true" in quotes, or a map'],
    ["pay.routes[0].match.headers.x-user", 7, 'write "7" in quotes, or a map'],
    ["pay.failover", "yes", "write true or false, or a map"],
  ])("%s: %p", (path, value, hint) => {
    expect(hintFor({ [path]: value })).toBe(hint);
  });

  test("true is called a boolean", () => {
    const result = safeParseMesh(changed({ "pay.selector.app": true }));
    expect(result.ok ? [] : result.issues.map(({ message }) => message)).toEqual([
      "true is a boolean",
    ]);
  });
});

function hintFor(changes: Readonly<Record<string, unknown>>): string | undefined {
  const result = safeParseMesh(changed(changes));
  const issues: readonly Issue[] = result.ok ? [] : result.issues;
  return issues[0]?.hint;
}

test("abbreviated paths stand for whole ones", () => {
  expect(fullPath("pay.ports[0]")).toBe('services["pay.default"].ports[0]');
  expect(fullPath("east.dns")).toBe("clusters.east.dns");
});
