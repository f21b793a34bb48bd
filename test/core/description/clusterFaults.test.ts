/** Gateways, DNS and trust of clusters, one by one and against each other. */
import { safeParseMesh } from "../../../src/core/parse";
import { changed } from "./base";
import { type FaultRow, testFaults } from "./faultTable";

describe("ports of gateways", () => {
  testFaults([
    ...[0, -1, 65_536, 1.5, 2 ** 53, 1e300].map((port): FaultRow => [
      `port ${port}`,
      { "east.gateway.port": port },
      "out_of_range",
    ]),
    ...[
      15000, 15001, 15004, 15006, 15008, 15009, 15010, 15012, 15014, 15017, 15020, 15021, 15053,
      15090,
    ].map((port): FaultRow => [
      `port ${port}, which Istio uses itself`,
      { "east.gateway.port": port },
      "gateway_port_clash",
    ]),
    ...[29_999, 32_768, 443, 0, -1, 30_000.5].map((port): FaultRow => [
      `node port ${port}`,
      { "west.gateway.nodePort": port },
      "node_port_range",
    ]),
  ]);
});

describe("control planes that read other clusters", () => {
  testFaults([
    ...["10.0.0.5:6443", "http://10.0.0.5", "https://", "https://me:secret@10.0.0.5", ""].map(
      (url): FaultRow => [
        `the API server ${JSON.stringify(url)}`,
        { "east.apiServer": url },
        "invalid_host",
      ],
    ),
    ...[0, -1, 1.5].map((number): FaultRow => [
      `token ${number}`,
      { "east.readerToken": number },
      "out_of_range",
    ]),
    [
      "two clusters in one network",
      { distribution: "endpoints", "north.network": "east-net" },
      "conflicting_keys",
      "north.network",
    ],
    ["a distribution that there isn't", { distribution: "carrier pigeons" }, "unknown_value"],
  ]);
});

describe("addresses of gateways", () => {
  const notAddresses = [
    "",
    " ",
    "203.0.113",
    "203.0.113.256",
    "203.0.113.10:15443",
    "203.0.113.10/32",
    "https://gw.example.com",
    "gw_1.example.com",
    "Gateway.example.com",
    "gw.example.com.",
    "1.2.3.4.5",
    "0203.0.113.10",
    "0x7f.1",
    "fe80::1%eth0",
    "::1::2",
    "gw.example.com\n",
  ];
  const nowhere = ["0.0.0.0", "127.0.0.1", "255.255.255.255", "224.0.0.1", "::", "::1", "ff02::1"];
  testFaults([
    ...notAddresses.map((address): FaultRow => [
      `${JSON.stringify(address)} is no address`,
      { "east.gateway.address": address },
      "invalid_ip",
    ]),
    ...nowhere.map((address): FaultRow => [
      `${address} is no peer's`,
      { "east.gateway.address": address },
      "invalid_ip",
    ]),
    [
      "a wrong address beside a type is one fault",
      { "north.gateway.address": "1.2.3" },
      "invalid_ip",
    ],
    [
      "an address that is a number beside a type is one fault",
      { "north.gateway.address": 1.2 },
      "wrong_type",
    ],
    [
      "what is kept of addresses, and none that are looked at",
      { "east.gateway.preserveClientIP": false },
      "conflicting_keys",
    ],
    [
      "NetworkPolicies that are neither there nor not",
      { "east.networkPolicies": "some" },
      "wrong_type",
    ],
    [
      "two gateways at one address and port",
      { "north.gateway.address": "203.0.113.10" },
      "gateway_address_clash",
    ],
    [
      "two gateways at one IPv6 address in two spellings",
      {
        "east.gateway.address": "2001:db8::1",
        "north.gateway": { address: "2001:0db8:0:0::1" },
      },
      "gateway_address_clash",
      "north.gateway.address",
    ],
    [
      "an IPv4 address, and the same written in IPv6",
      { "north.gateway.address": "::ffff:203.0.113.10" },
      "gateway_address_clash",
    ],
    [
      "the loopback address written in IPv6",
      { "east.gateway.address": "::ffff:127.0.0.1" },
      "invalid_ip",
    ],
    [
      "two node ports at one address",
      { "north.gateway": { address: "203.0.113.20", service: "NodePort" } },
      "gateway_address_clash",
      "west.gateway.address",
    ],
    [
      "two gateways at one host name",
      {
        "east.gateway.address": "gw.example.com",
        "north.gateway.address": "gw.example.com",
        "north.gateway.addressType": "hostname",
      },
      "gateway_address_clash",
      "north.gateway.address",
    ],
    [
      "two gateways at one address, whose ports are both texts",
      { "east.gateway.port": "15443", "north.gateway": { address: "203.0.113.10", port: "15444" } },
      [
        ["wrong_type", "east.gateway.port"],
        ["wrong_type", "north.gateway.port"],
      ],
    ],
    [
      "two addresses that are both numbers don't clash",
      { "east.gateway.address": 1, "north.gateway": { address: 2 } },
      [
        ["wrong_type", "east.gateway.address"],
        ["wrong_type", "north.gateway.address"],
      ],
    ],
  ]);
});

describe("ranges from which a gateway is reached", () => {
  const notRanges = [
    "",
    "203.0.113.10",
    "203.0.113.0/33",
    "203.0.113.0/024",
    "203.0.113/24",
    "0203.0.113.0/24",
    "203.0.113.0/24 ",
    "2001:db8::/129",
    "fe80::%eth0/64",
    "gw.example.com",
    "203.0.113.0/24,198.51.100.0/24",
  ];
  testFaults([
    ...[...notRanges, "203.0.113.10/24", "2001:db8::1/32"].map((range): FaultRow => [
      `${JSON.stringify(range)} is no network`,
      { "east.gateway.allowFrom": ["198.51.100.0/24", range] },
      "invalid_ip",
      "east.gateway.allowFrom[1]",
    ]),
    [
      "a type of Service that is misspelt explains ranges",
      { "west.gateway.service": "loadbalancer", "west.gateway.allowFrom": ["203.0.113.0/24"] },
      [["unknown_value", "west.gateway.service"]],
    ],
  ]);

  test("the network of an address is proposed", () => {
    const result = safeParseMesh(
      changed({ "east.gateway.allowFrom": ["203.0.113.10/24", "2001:db8::1/32"] }),
    );
    expect(result.ok ? [] : result.issues.map(({ hint }) => hint)).toEqual([
      'write "203.0.113.0/24"',
      'write "2001:db8::/32"',
    ]);
  });
});

describe("replicas", () => {
  testFaults([
    ...[0, -1, 1.5, 1001].map((count): FaultRow => [
      `at least ${count}`,
      { "north.gateway.replicas": { min: count } },
      "out_of_range",
      "north.gateway.replicas.min",
    ]),
    ...[0, -1, 2.5, 2 ** 53].map((count): FaultRow => [
      `at most ${count}`,
      { "north.gateway.replicas": { max: count } },
      "out_of_range",
      "north.gateway.replicas.max",
    ]),
    [
      "more at least than at most",
      { "east.gateway.replicas.min": 5 },
      "out_of_range",
      "east.gateway.replicas",
    ],
    ["fewer at most than at least, and none", { "east.gateway.replicas.max": 0 }, "out_of_range"],
  ]);
});

describe("providers", () => {
  testFaults([
    ["Autopilot on kind", { "west.autopilot": true }, "provider_mismatch"],
    [
      "Autopilot without a provider",
      { "clusters.south": { autopilot: true } },
      "provider_mismatch",
      "clusters.south.autopilot",
    ],
  ]);
});

describe("DNS", () => {
  const corefiles: readonly (readonly [string, string, "corefile_invalid" | "dns_conflict"])[] = [
    ["an empty Corefile", "", "corefile_invalid"],
    ["a Corefile of comments", "# nothing\n", "corefile_invalid"],
    ["a Corefile that ends inside a block", ".:53 {\n    errors\n", "corefile_invalid"],
    ["a Corefile that closes too much", ".:53 {\n}\n}\n", "corefile_invalid"],
    [
      "a Corefile with a block for the domain",
      "global:53 {\n    errors\n}\n.:53 {\n}\n",
      "dns_conflict",
    ],
    ["a Corefile with a block for the domain as a URL", "dns://Global.:53 {\n}\n", "dns_conflict"],
    ["a Corefile with a block for several domains", "example.com, global {\n}\n", "dns_conflict"],
  ];
  const stubDomains: readonly (readonly [
    string,
    string,
    "stub_domains_invalid" | "dns_conflict",
  ])[] = [
    ["stub domains that are no JSON", "{global: 1}", "stub_domains_invalid"],
    ["stub domains that are a list", "[]", "stub_domains_invalid"],
    ["stub domains that are null", "null", "stub_domains_invalid"],
    ["stub domains without lists", '{"example.com": "10.0.0.1"}', "stub_domains_invalid"],
    ["stub domains with numbers", '{"example.com": [10]}', "stub_domains_invalid"],
    ["stub domains that send the domain elsewhere", '{"global": ["10.0.0.1"]}', "dns_conflict"],
    ["stub domains that send the domain nowhere", '{"global": []}', "dns_conflict"],
  ];
  const noService = [
    "",
    "10.96.0.256",
    "10.96.0.53/32",
    "dns.example.com",
    "fd00::53",
    "10.96.0.53\n",
    "0.0.0.0",
    "127.0.0.53",
    "224.0.0.53",
  ];
  testFaults([
    ...corefiles.map(([sentence, text, code]): FaultRow => [
      sentence,
      { "east.dns.corefile": text },
      code,
    ]),
    ...stubDomains.map(([sentence, text, code]): FaultRow => [
      sentence,
      { "north.dns.stubDomains": text },
      code,
    ]),
    ...noService.map((address): FaultRow => [
      `${JSON.stringify(address)} as the server's address`,
      { "north.dns.address": address },
      "invalid_ip",
    ]),
    ["kube-dns on GKE Autopilot", { "north.autopilot": true }, "dns_unsupported", "north.dns"],
    ["kube-dns on kind", { "west.dns": "kube-dns" }, "dns_unsupported"],
    [
      "a wrong address explains stub domains that don't fit",
      { "north.dns.stubDomains": '{"global": ["10.96.0.53"]}', "north.dns.address": "10.96.0" },
      "invalid_ip",
      "north.dns.address",
    ],
  ]);
});

describe("trust", () => {
  testFaults([
    ...[0, 9, -1, 10.5, 36_501, 2 ** 53].map((days): FaultRow => [
      `a root of ${days} days`,
      { "trust.rootDays": days, "trust.intermediateDays": 10 },
      "out_of_range",
      "trust.rootDays",
    ]),
    ...[0, 9, -1, 10.5, 36_501].map((days): FaultRow => [
      `intermediates of ${days} days`,
      { "trust.intermediateDays": days },
      "out_of_range",
    ]),
    [
      "a root that is out of range explains intermediates that outlive it",
      { "trust.rootDays": 5 },
      "out_of_range",
    ],
    [
      "intermediates that outlive the root",
      { "trust.intermediateDays": 3651 },
      "certificate_lifetime",
    ],
    [
      "the mesh's trust domain as an alias",
      { "trust.trustDomainAliases[0]": "shop.example" },
      "trust_overlap",
    ],
    [
      "a cluster's trust domain as an alias",
      { "east.trustDomain": "east.example", "trust.trustDomainAliases[0]": "east.example" },
      "trust_overlap",
      "trust.trustDomainAliases[0]",
    ],
    [
      "an alias listed twice",
      { "trust.trustDomainAliases": ["a.example", "a.example"] },
      "trust_overlap",
      "trust.trustDomainAliases[1]",
    ],
    [
      "a cert-manager issuer beside files",
      { "trust.certManager": { name: "root" } },
      "trust_overlap",
    ],
    [
      "a cert-manager issuer beside existing certificates",
      { trust: { issuer: "existing", certManager: { name: "root" } } },
      "trust_overlap",
      "trust.certManager",
    ],
    [
      "a key algorithm for existing certificates",
      { trust: { issuer: "existing", algorithm: "rsa-4096" } },
      "trust_overlap",
      "trust.algorithm",
    ],
    [
      "days for existing certificates",
      { trust: { issuer: "existing", intermediateDays: 100 } },
      "trust_overlap",
      "trust.intermediateDays",
    ],
    [
      "a root for existing certificates",
      { trust: { issuer: "existing", root: "2026" } },
      "trust_overlap",
      "trust.root",
    ],
    [
      "a next root of cert-manager",
      { trust: { issuer: "cert-manager", certManager: { name: "root" }, next: { root: "2026" } } },
      "trust_overlap",
      "trust.next",
    ],
    [
      "a root that follows itself",
      { trust: { root: "2026", next: { root: "2026" } } },
      "trust_overlap",
      "trust.next.root",
    ],
    [
      "a root that follows the one that has no name",
      { trust: { next: { root: "root" } } },
      "trust_overlap",
      "trust.next.root",
    ],
    [
      "revocation lists of cert-manager's CA",
      { trust: { issuer: "cert-manager", certManager: { name: "root" }, crl: true } },
      "trust_overlap",
      "trust.crl",
    ],
    ["a root's name", { "trust.root": "Root 2026" }, "invalid_name"],
    [
      "the next root's name",
      { trust: { next: { root: "../root" } } },
      "invalid_name",
      "trust.next.root",
    ],
    [
      "days for cert-manager's root",
      { trust: { issuer: "cert-manager", certManager: { name: "root" }, rootDays: 1000 } },
      "trust_overlap",
      "trust.rootDays",
    ],
  ]);
});
