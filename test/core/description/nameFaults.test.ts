/** Names, labels, hosts, trust domains, localities and durations. */
import { safeParseMesh } from "../../../src/core/parse";
import { baseDescription, changed, gone } from "./base";
import { type FaultRow, testFaults } from "./faultTable";

const service = (baseDescription().services as Record<string, unknown>)["cart.default"];
const label63 = "a".repeat(63);

describe("names that Kubernetes or Istio refuses", () => {
  const labelPaths = [
    "name",
    "istio.revision",
    "istio.namespace",
    "east.network",
    "east.gateway.namespace",
  ];
  const notLabels = [
    "",
    "Shop",
    "-shop",
    "shop-",
    "shop.one",
    "shop_one",
    "a b",
    "sh\nop",
    "größe",
    `${label63}a`,
  ];
  testFaults(
    labelPaths.flatMap((path) =>
      notLabels.map((name): FaultRow => [
        `${path}: ${JSON.stringify(name)}`,
        { [path]: name },
        "invalid_name",
      ]),
    ),
  );
  testFaults([
    ["a cluster in upper case", { "clusters.East": {} }, "invalid_name"],
    ["a cluster with a dot", { 'clusters["us.east"]': {} }, "invalid_name"],
    ["a cluster without a name", { 'clusters[""]': {} }, "invalid_name"],
    ["a cluster of 64 characters", { [`clusters.${label63}a`]: {} }, "invalid_name"],
    [
      "a gateway whose name starts with a digit",
      { "east.gateway.name": "1gateway" },
      "invalid_name",
    ],
    ["a gateway in upper case", { "east.gateway.name": "Gateway" }, "invalid_name"],
    ...["", "latest", "1.31.0; rm -rf ~", ">=1.31", "1.31.0\n", "v1.31.0", "1..0"].map(
      (version): FaultRow => [
        `${JSON.stringify(version)} as a version of charts`,
        { "istio.version": version },
        "invalid_name",
      ],
    ),
    ["a service without a namespace", { "services.pay": service }, "invalid_name"],
    ["a service whose namespace is empty", { 'services["pay."]': service }, "invalid_name"],
    ["a service without a name", { 'services[".default"]': service }, "invalid_name"],
    ["a service with a domain", { 'services["pay.default.global"]': service }, "invalid_name"],
    ["a service that starts with a digit", { 'services["1pay.default"]': service }, "invalid_name"],
    ["a service in upper case", { 'services["Pay.default"]': service }, "invalid_name"],
    [
      "a service in a namespace in upper case",
      { 'services["pay.Default"]': service },
      "invalid_name",
    ],
    ["a wildcard for a service", { 'services["*.default"]': service }, "invalid_name"],
    ["a wildcard for everything", { 'services["*"]': service }, "invalid_name"],
    [
      "a service of 64 characters",
      { [`services["${label63}a.default"]`]: service },
      "invalid_name",
    ],
    ["a namespace of 64 characters", { [`services["pay.${label63}a"]`]: service }, "invalid_name"],
    ["a port in upper case", { "pay.ports[0].name": "HTTP" }, "invalid_name"],
    ["a port with an underscore", { "pay.ports[0].name": "http_1" }, "invalid_name"],
    ["a port of 63 characters", { "pay.ports[0].name": "a".repeat(63) }, "invalid_name"],
    ["a port that starts with a dash", { "pay.ports[0].name": "-http" }, "invalid_name"],
    ["a port that ends in a dash", { "pay.ports[0].name": "http-" }, "invalid_name"],
    ["a port without characters", { "pay.ports[0].name": "" }, "invalid_name"],
    ["a service account in upper case", { "pay.serviceAccount": "Pay" }, "invalid_name"],
    ["a service account with a slash", { "pay.serviceAccount": "default/pay" }, "invalid_name"],
    ["a service account without characters", { "pay.serviceAccount": "" }, "invalid_name"],
    [
      "a service account of 254 characters",
      { "pay.serviceAccount": `${`${label63}.`.repeat(3)}${"a".repeat(62)}` },
      "invalid_name",
    ],
    [
      "a service account with a label of 64 characters",
      { "pay.serviceAccount": `${label63}a.b` },
      "invalid_name",
    ],
    [
      "a version in upper case",
      { pay: { ...(service as object), versions: { V1: { a: "b" } } } },
      "invalid_name",
      "pay.versions.V1",
    ],
    [
      "a version with a dot",
      { pay: { ...(service as object), versions: { "1.0": { a: "b" } } } },
      "invalid_name",
      'pay.versions["1.0"]',
    ],
    ["a caller without a namespace", { "pay.callers[0]": "frontend" }, "invalid_name"],
    ["a caller without a name", { "pay.callers[0]": ".default" }, "invalid_name"],
    ["a caller in upper case", { "pay.callers[0]": "Frontend.default" }, "invalid_name"],
    [
      "a caller as a SPIFFE ID",
      { "pay.callers[0]": "spiffe://shop.example/ns/default/sa/frontend" },
      "invalid_name",
    ],
    ["a caller that is everybody", { "pay.callers[0]": "*" }, "invalid_name"],
    [
      "a cert-manager issuer with a slash",
      { trust: { issuer: "cert-manager", certManager: { name: "a/b" } } },
      "invalid_name",
      "trust.certManager.name",
    ],
  ]);

  test("the hint proposes a name that is allowed", () => {
    const result = safeParseMesh(changed({ "pay.ports[0].name": "HTTP_1" }));
    expect(result.ok ? "" : result.issues[0]?.hint).toMatch(/\("http-1"\)$/);
  });
});

describe("domains and hosts", () => {
  testFaults([
    ["a domain in upper case", { domain: "Global" }, "invalid_host"],
    ["a domain with a final dot", { domain: "global." }, "invalid_host"],
    ["a domain that starts with a dot", { domain: ".global" }, "invalid_host"],
    ["a domain without characters", { domain: "" }, "invalid_host"],
    ["a wildcard for a domain", { domain: "*" }, "invalid_host"],
    ["a domain that is a number", { domain: "1" }, "invalid_host"],
    ["a domain whose last part is a number", { domain: "mesh.10" }, "invalid_host"],
    ["a domain with a port", { domain: "global:53" }, "invalid_host"],
    ["a domain with a line break", { domain: "global\nforward" }, "invalid_host"],
    ["the domain of Kubernetes", { domain: "cluster.local" }, "invalid_host"],
    ["the domain of Kubernetes' Services", { domain: "svc.cluster.local" }, "invalid_host"],
    ["a domain below the domain of Kubernetes", { domain: "global.cluster.local" }, "invalid_host"],
    ["the domain of multicast DNS", { domain: "local" }, "invalid_host"],
    ["a domain with a label of 64 characters", { domain: `${label63}a` }, "invalid_host"],
    [
      "a host of 254 characters",
      {
        domain: `${`${label63}.`.repeat(2)}${"a".repeat(254 - 128 - 63 - 2 - 1)}`,
        services: { [`${label63}.a`]: service },
      },
      "invalid_host",
      `services["${label63}.a"]`,
    ],
  ]);
});

describe("trust domains", () => {
  const notTrustDomains = [
    "",
    "Shop.example",
    "shop_example",
    "shop..example",
    "spiffe://shop",
    "shop/ns",
    "*",
    `${label63}a`,
  ];
  const paths = ["trustDomain", "east.trustDomain", "trust.trustDomainAliases[0]"];
  testFaults(
    paths.flatMap((path) =>
      notTrustDomains.map((name): FaultRow => [
        `${path}: ${JSON.stringify(name)}`,
        { [path]: name },
        "invalid_trust_domain",
      ]),
    ),
  );
});

describe("labels and annotations", () => {
  testFaults([
    ["a label's value with a space", { "pay.selector.app": "pay service" }, "invalid_label"],
    ["a label's value with a line break", { "pay.selector.app": "pay\n" }, "invalid_label"],
    ["a label's value of 64 characters", { "pay.selector.app": `${label63}a` }, "invalid_label"],
    ["a label's value that ends in a dash", { "pay.selector.app": "pay-" }, "invalid_label"],
    ["a label's key with a space", { 'pay.selector["app name"]': "pay" }, "invalid_label"],
    ["a label's key without characters", { 'pay.selector[""]': "pay" }, "invalid_label"],
    ["a label's key with two slashes", { 'pay.selector["a/b/c"]': "pay" }, "invalid_label"],
    [
      "a label's key with a prefix in upper case",
      { 'pay.selector["Example.com/app"]': "pay" },
      "invalid_label",
    ],
    [
      "a label's key whose name has 64 characters",
      { [`pay.selector.${label63}a`]: "pay" },
      "invalid_label",
    ],
    ["a selector that selects nothing", { "pay.selector": {} }, "invalid_label"],
    ["a version's label with a space", { "pay.versions.v1.version": "v 1" }, "invalid_label"],
    [
      "an annotation's key with a space",
      { 'north.gateway.annotations["a b"]': "x" },
      "invalid_label",
    ],
  ]);
});

describe("localities", () => {
  testFaults(
    ["", "/", "us-east1/", "/us-east1-b", "a/b/c/d", "US/east", "us east", "us-east1//rack"].map(
      (locality): FaultRow => [
        JSON.stringify(locality),
        { "east.locality": locality },
        "invalid_locality",
      ],
    ),
  );
});

describe("durations", () => {
  const paths = [
    "pay.routes[1].timeout",
    "pay.routes[1].retries.perTryTimeout",
    "pay.failover.interval",
    "pay.failover.ejection",
  ];
  const notDurations = [
    "",
    "5",
    "5 s",
    "-5s",
    "0s",
    "500us",
    "1d",
    "s",
    "0.5ms",
    "1e3s",
    "Infinitys",
    "5s\n",
    "2562048h",
    "99999999999h",
  ];
  testFaults(
    paths.flatMap((path) =>
      notDurations.map((duration): FaultRow => [
        `${path}: ${JSON.stringify(duration)}`,
        { [path]: duration },
        "invalid_duration",
      ]),
    ),
  );
});

test("a key that is taken away leaves the base description valid", () => {
  expect(safeParseMesh(changed({ "pay.selector": gone })).ok).toBe(true);
});
