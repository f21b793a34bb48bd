/** Edge cases that are valid, and what they become. */
import type { Mesh } from "../../../src/core/mesh";
import { safeParseMesh } from "../../../src/core/parse";
import { baseDescription, type Changes, changed, gone } from "./base";
import { leastOf, processorTime } from "../../least";
import { expectReadable } from "./faultTable";

const label63 = `${"a".repeat(31)}-${"b".repeat(31)}`;
const service = {
  ports: [{ name: "http", port: 80, protocol: "HTTP" }],
  serviceAccount: "app",
  servedBy: ["west"],
};
const match = (value: unknown): Changes => ({ "pay.routes[0].match": value });
const regex = (text: string) => match({ uri: { regex: text } });
const to = (value: unknown): Changes => ({ "pay.routes[1].to": value });
/** A Corefile whose braces, comments and quotes must not be miscounted. */
const corefile =
  '# { not this\n.:53 {\n    log . "{type} }" {\n        class all\n    }\n}\nexample.com {\n}\n';

type Row = readonly [sentence: string, changes: Changes];

const settings: readonly Row[] = [
  [
    "nothing but what is needed",
    Object.fromEntries(
      ["trustDomain", "domain", "addresses", "istio", "trust"].map((key) => [key, gone]),
    ),
  ],
  [
    "undefined for keys that may be left out",
    {
      trustDomain: undefined,
      istio: undefined,
      "trust.algorithm": undefined,
      "east.gateway.port": undefined,
      "pay.routes[0].port": undefined,
      "cart.versions": undefined,
    },
  ],
  ["a mesh of one character", { name: "1" }],
  ["a mesh of 63 characters", { name: label63 }],
  ["a domain of one label", { domain: "g" }],
  ["a domain of many labels", { domain: "mesh.prod.example.com" }],
  ["a domain that ends like Kubernetes'", { domain: "mycluster.local" }],
  ["a trust domain of digits", { trustDomain: "1.2.3" }],
  [
    "a trust domain for each cluster",
    { "east.trustDomain": "east.example", "west.trustDomain": "west.example" },
  ],
  ["no aliases", { "trust.trustDomainAliases": [] }],
  ["revocation lists", { "trust.crl": true }],
  ["trust without settings", { trust: {} }],
  ["Istio without settings", { istio: {} }],
  [
    "certificates of cert-manager",
    { trust: { issuer: "cert-manager", certManager: { name: "root.example" } } },
  ],
  [
    "certificates of cert-manager with an Issuer and days",
    {
      trust: {
        issuer: "cert-manager",
        certManager: { name: "root", kind: "Issuer" },
        algorithm: "rsa-2048",
        intermediateDays: 10,
      },
    },
  ],
  ["certificates that are there", { trust: { issuer: "existing" } }],
  ["the shortest lives", { "trust.rootDays": 10, "trust.intermediateDays": 10 }],
  ["the longest lives", { "trust.rootDays": 36_500, "trust.intermediateDays": 36_500 }],
  [
    "a root that lives shorter than intermediates do by default",
    { "trust.rootDays": 100, "trust.intermediateDays": gone },
  ],
  ...["ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072", "rsa-4096"].map((algorithm): Row => [
    `keys of ${algorithm}`,
    { "trust.algorithm": algorithm },
  ]),
];

const clusters: readonly Row[] = [
  ["a cluster without settings", { "clusters.south": {} }],
  ["one cluster", { clusters: { west: {} }, services: { "a.b": service } }],
  ["a cluster of 63 characters", { [`clusters.${label63}`]: {} }],
  ["a cluster of digits", { "clusters.1": {} }],
  ["clusters on one network", { "east.network": "shared", "west.network": "shared" }],
  ["a locality of a region", { "east.locality": "us-east1" }],
  ["a locality with a subzone", { "east.locality": "us-east1/us-east1-b/rack-7" }],
  ["an Autopilot cluster with the DNS proxy", { "north.autopilot": true, "north.dns": "proxy" }],
  ["no Autopilot, said for kind", { "west.autopilot": false }],
  ["a gateway without settings", { "east.gateway": {} }],
  ["a gateway port of 1", { "east.gateway.port": 1 }],
  ["a gateway port of 65535", { "east.gateway.port": 65_535 }],
  ["a gateway at an IPv6 address", { "east.gateway.address": "2001:db8::10" }],
  [
    "a gateway at a host name",
    {
      "east.gateway.address": "a1b2.elb.us-east-1.amazonaws.com",
      "east.gateway.addressType": "hostname",
    },
  ],
  ["a gateway at a host name of one label", { "east.gateway.address": "gateway" }],
  [
    "a gateway at a private address",
    { "east.gateway.address": "10.0.0.1", "east.gateway.addressType": "ip" },
  ],
  [
    "gateways at one address and two ports",
    { "north.gateway.address": "203.0.113.10", "north.gateway.port": 15_444 },
  ],
  [
    "the first and the last node port",
    { "west.gateway.nodePort": 30_000, "east.gateway": { service: "NodePort", nodePort: 32_767 } },
  ],
  ["a load balancer on kind", { "west.gateway": { service: "LoadBalancer" } }],
  [
    "ranges from which a load balancer is reached",
    { "east.gateway.allowFrom": ["203.0.113.0/24", "198.51.100.7/32", "2001:db8::/32", "::/0"] },
  ],
  [
    "annotations with any text",
    { "north.gateway.annotations": { "a.b/c_d.e": "line\nline", x: "" } },
  ],
  ["one replica at most", { "east.gateway.replicas": { max: 1 } }],
  ["many replicas at least", { "east.gateway.replicas": { min: 1000 } }],
  ["no bounds of replicas", { "east.gateway.replicas": {} }],
  ...["proxy", "coredns"].flatMap((mode): Row[] => [
    [`DNS by ${mode} in short`, { "west.dns": mode }],
    [`DNS by ${mode} in full`, { "west.dns": { mode } }],
  ]),
  ["DNS by kube-dns in short", { "north.dns": "kube-dns" }],
  ["DNS by kube-dns in full", { "north.dns": { mode: "kube-dns" } }],
  [
    "a Corefile with comments, quotes and braces",
    { "east.dns": { mode: "coredns", address: "10.96.0.54", extension: "corefile", corefile } },
  ],
  [
    "a Corefile that has Meshspan's own block",
    {
      "east.dns.corefile":
        "# BEGIN meshspan global\nglobal:53 {\n}\n# END meshspan global\n.:53 {\n}\n",
    },
  ],
  ["a Corefile with a block for a longer domain", { "east.dns.corefile": "my.global:53 {\n}\n" }],
  ["coredns-custom", { "east.dns": { mode: "coredns", extension: "coredns-custom" } }],
  [
    "stub domains that have the domain at this address",
    { "north.dns.stubDomains": '{"global": ["10.96.0.53"], "x.y": ["1.1.1.1", "8.8.8.8"]}' },
  ],
  ["empty stub domains", { "north.dns.stubDomains": "" }],
];

const services: readonly Row[] = [
  ["no services", { services: {} }],
  ["services left out", { services: gone }],
  [
    "a port of 1 and one of 65535",
    {
      "cart.ports": [
        { name: "a", port: 1, protocol: "TCP", targetPort: 65_535 },
        { name: "b", port: 65_535, protocol: "TCP" },
      ],
    },
  ],
  ["a port name of 62 characters", { "cart.ports[0].name": label63.slice(1) }],
  ["a port name without a letter", { "cart.ports[0].name": "8080" }],
  ["a port name with two dashes in a row", { "cart.ports[0].name": "http--api" }],
  ["a port name that starts with a digit", { "cart.ports[0].name": "9p" }],
  [
    "256 ports",
    {
      "cart.ports": Array.from({ length: 256 }, (_, i) => ({
        name: `p${i}`,
        port: i + 1,
        protocol: "HTTP",
      })),
    },
  ],
  ...[
    "HTTP",
    "HTTP2",
    "GRPC",
    "GRPC-WEB",
    "HTTPS",
    "TLS",
    "TCP",
    "MONGO",
    "MYSQL",
    "REDIS",
  ].flatMap((protocol): Row[] => [
    [`protocol ${protocol}`, { "cart.ports[0].protocol": protocol }],
    [`protocol ${protocol.toLowerCase()}`, { "cart.ports[0].protocol": protocol.toLowerCase() }],
  ]),
  ["TLS on 443", { "cart.ports[0]": { name: "tls", port: 443, protocol: "TLS" } }],
  [
    "a service and a namespace of 63 characters",
    { [`services["${label63}.${label63}"]`]: service },
  ],
  [
    "a host of 253 characters",
    {
      domain: `${"a".repeat(63)}.${"b".repeat(61)}`,
      services: { [`${label63}.${label63.slice(1, 62)}b`]: service },
    },
  ],
  [
    "a service account of 253 characters with dots",
    { "cart.serviceAccount": `${`${"a".repeat(63)}.`.repeat(3)}${"a".repeat(61)}` },
  ],
  ["a namespace that starts with a digit", { 'services["a.1"]': service }],
  ["a label without a value", { "cart.selector": { "example.com/cart": "" } }],
  ["a label of 63 characters", { "cart.selector": { [label63]: label63 } }],
  ["places as a map without versions", { "cart.servedBy": { west: [], east: [] } }],
  ["places as a list with versions", { "pay.servedBy": ["east", "west"] }],
  ["a consumer that serves too", { "cart.consumedBy": ["west"] }],
  ["callers whose names have dots", { "cart.callers": ["a.b.default", "c.default"] }],
  ["a version of 63 characters", { "cart.versions": { [label63]: { version: "x" } } }],
  [
    "two versions that share a label",
    { "pay.versions": { v1: { app: "pay", version: "v1" }, v2: { app: "pay", version: "v2" } } },
  ],
  ["no failover", { "pay.failover": false }],
  ["failover as it is", { "pay.failover": true }],
  ["failover in detail", { "pay.failover": { errors: 1, interval: "1ms", ejection: "1h30m" } }],
  ["failover without details", { "pay.failover": {} }],
  [
    "versions on a TLS port",
    {
      "cart.ports[0].protocol": "TLS",
      "cart.versions": { v1: { version: "v1" }, v2: { version: "v2" } },
    },
  ],
  ["a version that names a label of the selector", { "pay.versions.v1.app": "pay" }],
  [
    "two services on the same pods that name the same account",
    { "pay.selector": { app: "cart" }, "pay.serviceAccount": "cart" },
  ],
  [
    "two services on the same labels in different clusters",
    { "pay.selector": { app: "cart" }, "cart.servedBy": ["north"] },
  ],
  [
    "two services on the same labels in different namespaces",
    { "pay.selector": { app: "app" }, 'services["app.other"]': service },
  ],
  ["a short name", { "pay.shortName": true }],
  [
    "a short name that is not asked for",
    { "cart.ports[0].protocol": "TLS", "cart.shortName": false },
  ],
  ["headless said to be false", { "pay.headless": false }],
];

const routes: readonly Row[] = [
  ["no routes", { "pay.routes": [] }],
  ["a rule without anything", { "pay.routes": [{}] }],
  [
    "a rule for each port",
    {
      "pay.routes": [
        { port: 80, to: [{ version: "v1" }] },
        { port: 9090, to: [{ version: "v2" }] },
      ],
    },
  ],
  [
    "a rule for a TCP port by weight",
    {
      "pay.ports[1].protocol": "TCP",
      "pay.routes": [
        {
          to: [
            { version: "v1", weight: 1 },
            { version: "v2", weight: 2 },
          ],
        },
      ],
    },
  ],
  ["a rule for an HTTP port beside a TLS port", { "pay.ports[1].protocol": "TLS" }],
  [
    "weights that don't sum up to 100",
    to([
      { version: "v1", weight: 1 },
      { version: "v2", weight: 1_000_000 },
    ]),
  ],
  [
    "a weight of 0 beside another",
    to([
      { version: "v1", weight: 0 },
      { version: "v2", weight: 1 },
    ]),
  ],
  ["the whole service beside a version", to([{ weight: 1 }, { version: "v2", weight: 1 }])],
  ["a weight for the only destination", to([{ version: "v1", weight: 7 }])],
  ["a URI in short", match({ uri: "/a" })],
  ["a URI exactly", match({ uri: { exact: "/a" } })],
  ["a URI by prefix", match({ uri: { prefix: "/" } })],
  ["a URI by regex", regex("/a/[0-9]+")],
  ["a method", match({ method: "GET" })],
  ["an authority", match({ authority: { prefix: "pay." } })],
  [
    "several headers",
    match({
      headers: { "x-user": "ann", cookie: { regex: "^(.*?;)?(user=ann)(;.*)?$" }, "x-empty": "" },
    }),
  ],
  ["query parameters", match({ queryParams: { user: "ann", Page: { regex: "\\d+" } } })],
  [
    "everything at once",
    match({
      uri: "/a",
      method: "GET",
      authority: "x",
      headers: { a: "b" },
      queryParams: { c: "d" },
    }),
  ],
  ["a list of matches", match([{ uri: "/a" }, { uri: "/b" }])],
  ["a long timeout", { "pay.routes[1].timeout": "24h" }],
  ["a short timeout", { "pay.routes[1].timeout": "1ms" }],
  ["no retries", { "pay.routes[1].retries": { attempts: 0 } }],
  [
    "retries on conditions and status codes",
    { "pay.routes[1].retries.retryOn": "5xx,reset-before-request,unavailable,409,503" },
  ],
  ["a duration of several units", { "pay.routes[1].timeout": "1m30.5s" }],
  ...[
    "(?i)abc",
    "a(?i:b)c",
    "(?P<name>a)",
    "api\\-v1\\.0\\/x",
    "[[:alpha:]]+",
    "\\pL\\d\\bx",
    "a\\\\1",
    "[\\]\\-\\\\]",
    "\\(\\?=",
    "x{1,3}?",
  ].map((text): Row => [`RE2 reads ${text}`, regex(text)]),
];

const addresses: readonly Row[] = [
  ...[
    "240.0.0.0/4",
    "64.0.0.0/4",
    "240.0.0.0/8",
    "127.255.0.0/16",
    "11.0.0.0/8",
    "198.18.0.0/15",
    "240.240.0.0/15",
    "240.240.0.0/12",
    "192.168.7.0/24",
    "10.0.0.0/28",
    "10.0.0.4/30",
  ].map((cidr): Row => [`the pool ${cidr}`, { addresses: cidr, services: { "a.b": service } }]),
  ["the pin of the talk", { addresses: "127.255.0.0/16", "cart.address": "127.255.3.6" }],
  ["the first address that can be had", { "pay.address": "240.0.0.1" }],
  ["the last address that can be had", { "pay.address": "240.255.255.254" }],
  [
    "both addresses of the smallest pool",
    { addresses: "10.0.0.0/30", "pay.address": "10.0.0.1", "cart.address": "10.0.0.2" },
  ],
  [
    "a pin beside istiod's own range",
    { "pay.address": "240.241.0.0", "cart.address": "240.239.255.255" },
  ],
];

describe.each([
  ["settings", settings],
  ["clusters", clusters],
  ["services", services],
  ["routes", routes],
  ["addresses", addresses],
] as const)("%s", (_, rows) => {
  test.each(rows)("%s", (_sentence, changes) => {
    accepted(changed(changes));
  });
});

test("a pin that is the address that the service has anyway changes nothing", () => {
  const mesh = accepted(baseDescription());
  const pinned = changed(
    Object.fromEntries(
      mesh.services.map(({ key, address }) => [`services["${key}"].address`, address]),
    ),
  );
  expect(accepted(pinned)).toEqual(mesh);
});

test("511 clusters, each of which serves and consumes", () => {
  const names = Array.from({ length: 511 }, (_, i) => `c${i}`);
  const mesh = accepted({
    name: "large",
    clusters: Object.fromEntries(names.map((name) => [name, {}])),
    services: { "a.b": { ...service, servedBy: names } },
  });
  expect(mesh.clusters).toHaveLength(511);
  expect(mesh.services[0]?.servedBy).toHaveLength(511);
});

test("10,000 services take no more than their share of time", () => {
  const description = (count: number) => ({
    name: "large",
    clusters: { c: {} },
    services: Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`s${i}.default`, { ...service, servedBy: ["c"] }]),
    ),
  });
  const cost = (count: number) => {
    const described = description(count);
    return () => processorTime(() => accepted(described));
  };
  const { few, many } = leastOf({ few: cost(500), many: cost(10_000) }, 4);
  // What is quadratic would take 400 times as long.
  expect(many / few).toBeLessThan(120);
});

describe("what is left out", () => {
  const mesh = accepted({
    name: "m",
    clusters: { b: {}, a: { provider: "kind" } },
    services: { "a.x": { ...service, servedBy: ["b"] } },
  });

  test("the mesh has defaults", () => {
    expect(mesh).toMatchObject({
      domain: "global",
      trustDomain: "cluster.local",
      pool: "240.0.0.0/4",
      istio: { namespace: "istio-system" },
      trust: {
        issuer: "files",
        algorithm: "ecdsa-p256",
        rootDays: 3650,
        intermediateDays: 730,
        crl: false,
        aliases: [],
      },
    });
  });

  test("clusters have defaults, and come sorted by name", () => {
    expect(mesh.clusters.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(mesh.clusters[0]).toMatchObject({
      network: "a",
      trustDomain: "cluster.local",
      gateway: {
        name: "istio-eastwestgateway",
        namespace: "istio-eastwest",
        port: 15443,
        service: "NodePort",
        nodePort: 31443,
        replicas: { min: 1, max: 5 },
      },
      dns: { mode: "proxy" },
    });
    expect(mesh.clusters[1]?.gateway).toMatchObject({
      service: "LoadBalancer",
      nodePort: undefined,
      allowFrom: [],
      replicas: { min: 2, max: 5 },
    });
  });

  test("services have defaults", () => {
    expect(mesh.services[0]).toMatchObject({
      host: "a.x.global",
      localHost: "a.x.svc.cluster.local",
      selector: { app: "a" },
      consumedBy: ["a", "b"],
      callers: undefined,
      failover: { errors: 3, interval: "1s", ejection: "10s" },
      shortName: false,
      ports: [
        {
          name: "http",
          port: 80,
          targetPort: 80,
          protocol: "HTTP",
          canonicalProtocol: "HTTP",
          isHttp: true,
        },
      ],
    });
  });
});

function accepted(description: unknown): Mesh {
  const result = safeParseMesh(description);
  if (!result.ok) {
    result.issues.forEach(expectReadable);
    expect(result.issues).toEqual([]);
    throw new Error("it was refused");
  }
  return result.mesh;
}
