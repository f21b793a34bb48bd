/** Values that nobody writes by mistake: what a program, or an attacker, may hand over. */
import { safeParseMesh } from "../../../src/core/parse";
import { baseDescription, type Changes, changed } from "./base";
import { type Expected, expectFaults, type FaultRow, testFaults } from "./faultTable";

class Gateway {
  readonly address = "203.0.113.10";
}

const cyclicList: unknown[] = [];
cyclicList.push(cyclicList);
const cyclicMap: Record<string, unknown> = {};
cyclicMap.gateway = cyclicMap;

const throwing = Object.defineProperty({}, "port", {
  enumerable: true,
  get: () => {
    throw new Error("not now");
  },
});
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const hostileProxy = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error("not now");
    },
  },
);

const strange: readonly (readonly [name: string, value: unknown])[] = [
  ["a function", () => "line one\nline two"],
  ["a class", Gateway],
  ["an instance of a class", new Gateway()],
  ["a symbol", Symbol("x\ny")],
  ["a bigint", 10n],
  ["a Date", new Date(0)],
  ["an invalid Date", new Date(NaN)],
  ["a Map", new Map([["a", 1]])],
  ["a Set", new Set(["east"])],
  ["a regular expression", /a/],
  ["a Promise", Promise.resolve(1)],
  ["an Error", new Error("a\nb")],
  ["a Buffer", Buffer.from("east")],
  ["a boxed string", new String("east")],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["a revoked proxy", revoked.proxy],
  ["a proxy that throws", hostileProxy],
];

describe.each([
  "name",
  "east.provider",
  "east.gateway",
  "east.gateway.port",
  "west.dns",
  "pay.ports",
  "pay.ports[0].port",
  "pay.servedBy",
  "pay.versions.v1.version",
  "pay.routes[0].match",
  "pay.failover",
  "pay",
  "clusters",
])("what is no plain data is of the wrong type at %s", (path) => {
  testFaults(strange.map(([name, value]): FaultRow => [name, { [path]: value }, "wrong_type"]));
});

describe("what contains itself", () => {
  const list = [1];
  testFaults([
    ["a list in itself", { "pay.ports": cyclicList }, "wrong_type", "pay.ports[0]"],
    ["a map in itself", { east: cyclicMap }, "wrong_type", "east.gateway"],
    [
      "the same list in two places is no cycle",
      { "pay.callers": list, "cart.callers": list },
      [
        ["wrong_type", "pay.callers[0]"],
        ["wrong_type", "cart.callers[0]"],
      ],
    ],
  ]);

  test("the description in itself, twice", () => {
    const description = baseDescription();
    description.clusters = { east: description, west: description };
    expect(faultsOf(description)).not.toEqual([]);
  });
});

describe("a property that throws, and one that is read once", () => {
  testFaults([
    ["a getter that throws", { "east.gateway": throwing }, "wrong_type", "east.gateway.port"],
  ]);

  test("each property is read once, so that it can't change after it was checked", () => {
    let reads = 0;
    const description = Object.defineProperty(baseDescription(), "domain", {
      enumerable: true,
      get: () => (reads++ === 0 ? "global" : "*"),
    });
    const result = safeParseMesh(description);
    expect(result.ok && result.mesh.domain).toBe("global");
    expect(reads).toBe(1);
  });
});

describe("names that every JavaScript object knows", () => {
  const app = {
    ports: [{ name: "http", port: 80, protocol: "HTTP" }],
    serviceAccount: "app",
    servedBy: ["west"],
  };
  const proto = (path: string): FaultRow => [path, { [path]: "x" }, "invalid_name"];
  testFaults([
    ...[
      "__proto__",
      "clusters.__proto__",
      "services.__proto__",
      "east.__proto__",
      "east.gateway.__proto__",
      "north.gateway.annotations.__proto__",
      "pay.__proto__",
      "pay.ports[0].__proto__",
      "pay.selector.__proto__",
      "pay.servedBy.__proto__",
      "pay.versions.__proto__",
      "pay.versions.v1.__proto__",
      "pay.routes[0].__proto__",
      "pay.routes[0].match.headers.__proto__",
      "trust.__proto__",
    ].map(proto),
    ...["constructor", "toString", "hasOwnProperty", "valueOf"].flatMap((name): FaultRow[] => [
      [`${name} as a key of the mesh`, { [name]: 1 }, "unknown_key"],
      [`${name} as a key of a cluster`, { [`east.${name}`]: 1 }, "unknown_key"],
      [`${name} as a key of a port`, { [`pay.ports[0].${name}`]: 1 }, "unknown_key"],
      [`${name} as a key of DNS`, { [`east.dns.${name}`]: 1 }, "unknown_key"],
      [`${name} as a provider`, { "east.provider": name }, "unknown_value"],
      [`${name} as a DNS mode`, { "west.dns": name }, "unknown_value"],
      [`${name} as a cluster that serves`, { "cart.servedBy[0]": name }, "unknown_cluster"],
      [
        `${name} as a version at a cluster`,
        { "pay.servedBy.west": ["v1", "v2", name] },
        "unknown_version",
        "pay.servedBy.west[2]",
      ],
      [`${name} as a service without a namespace`, { [`services.${name}`]: app }, "invalid_name"],
    ]),
    ["toString as a cluster", { "clusters.toString": {} }, "invalid_name"],
    [
      "toString as a version",
      { "cart.versions": { toString: { a: "b" } } },
      "invalid_name",
      "cart.versions.toString",
    ],
    ["__proto__ as a cluster that serves", { "cart.servedBy[0]": "__proto__" }, "unknown_cluster"],
    [
      "__proto__ as a version of a rule",
      { "pay.routes[0].to[0].version": "__proto__" },
      "unknown_version",
    ],
    ["__proto__ as a name", { name: "__proto__" }, "invalid_name"],
  ]);

  test.each<readonly [string, Changes]>([
    ["a mesh", { name: "constructor" }],
    ["a domain beside stub domains", { domain: "constructor" }],
    ["a cluster", { "clusters.constructor": {}, "cart.servedBy": ["constructor"] }],
    [
      "a cluster with versions",
      { "clusters.constructor": {}, "pay.servedBy": { constructor: ["v1", "v2"] } },
    ],
    ["a service", { 'services["constructor.constructor"]': app }],
    ["a version", { "cart.versions": { constructor: { version: "constructor" } } }],
    ["labels", { "pay.selector": { constructor: "x", toString: "y" } }],
    ["a header", { "pay.routes[0].match": { headers: { constructor: "x", __proto: "y" } } }],
    [
      "query parameters",
      { "pay.routes[0].match": { queryParams: { constructor: "x", toString: "y" } } },
    ],
  ])("constructor is a good name for %s", (_, changes) => {
    expect(faultsOf(changed(changes))).toEqual([]);
    expect(Object.prototype).not.toHaveProperty("x");
  });
});

describe("very long and very many", () => {
  const long = "a".repeat(1_000_000);
  const dashes = `x${"-".repeat(1_000_000)}x`;
  testFaults([
    ["a name of a million letters", { name: long }, "invalid_name"],
    ["a name of a million dashes", { name: dashes }, "invalid_name"],
    ["a domain of a million dots", { domain: `a${".".repeat(1_000_000)}a` }, "invalid_host"],
    ["a cluster with a very long name", { "cart.servedBy[0]": long }, "unknown_cluster"],
    ["a port with a very long name", { "cart.ports[0].name": dashes }, "invalid_name"],
    ["a label with a very long value", { "pay.selector.app": dashes }, "invalid_label"],
    [
      "a duration of very many digits",
      { "pay.routes[1].timeout": "1".repeat(1_000_000) },
      "invalid_duration",
    ],
    [
      "a locality of very many parts",
      { "east.locality": "a/".repeat(500_000) },
      "invalid_locality",
    ],
    ["a pool of very many digits", { addresses: `${"1".repeat(1_000_000)}/8` }, "invalid_pool"],
    [
      "a very long header",
      { "pay.routes[0].match": { headers: { [long.toUpperCase()]: "x" } } },
      "invalid_match",
      `pay.routes[0].match.headers.${long.toUpperCase()}`,
    ],
    [
      "annotations that Kubernetes has no room for",
      { "north.gateway.annotations": { a: "ü".repeat(100_000), b: "x".repeat(100_000) } },
      "too_many",
      "north.gateway.annotations",
    ],
    ["a value with a very long text", { "pay.ports": long }, "wrong_type"],
    [
      "a Corefile that is a million braces",
      { "east.dns.corefile": "{ ".repeat(500_000) },
      "corefile_invalid",
    ],
    ["a list nested very deeply", { "pay.ports": nested(100_000) }, "wrong_type", "pay.ports[0]"],
    [
      "a map nested very deeply under an unknown key",
      { "east.extra": nested(100_000) },
      "unknown_key",
    ],
  ]);

  test("lists that multiply are bounded", () => {
    let list: unknown[] = ["west"];
    for (let i = 0; i < 20; i++) list = Array<unknown>(10).fill(list);
    expect(faultsOf(changed({ "cart.servedBy": list })).map(({ code }) => code)).toContain(
      "too_many",
    );
  });

  test("ten thousand faults are all reported, in bounded time", () => {
    const faulty = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) => [
        `s${i}.default`,
        { ...app(), serviceAccount: i % 2 === 0 ? 5 : "X" },
      ]),
    );
    const started = performance.now();
    expect(faultsOf(changed({ addresses: "240.0.0.0/4", services: faulty }))).toHaveLength(10_000);
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  function nested(depth: number): unknown {
    let value: unknown = [];
    for (let i = 0; i < depth; i++) value = [value];
    return value;
  }
});

test("every null at once is one fault each, and nothing else", () => {
  const nulls = Object.keys(baseDescription());
  const description = Object.fromEntries(nulls.map((key) => [key, null]));
  expectFaults(
    description,
    nulls.map((key): Expected => ["wrong_type", key]),
  );
});

function app(): Record<string, unknown> {
  return {
    ports: [{ name: "http", port: 80, protocol: "HTTP" }],
    serviceAccount: "app",
    servedBy: ["west"],
  };
}

function faultsOf(description: unknown) {
  const result = safeParseMesh(description);
  return result.ok ? [] : result.issues;
}
