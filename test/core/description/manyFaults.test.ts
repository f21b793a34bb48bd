/** Faults in different places are all reported in one go, in the description's order, and nothing else. */
import { formatPath } from "../../../src/core/issues";
import { safeParseMesh } from "../../../src/core/parse";
import { changed, gone } from "./base";
import { testFaults } from "./faultTable";

describe("faults in different places are all reported in one go", () => {
  testFaults([
    [
      "in settings, a cluster and a service",
      { name: "Shop", "east.gateway.port": 15021, "pay.ports[0].name": "HTTP" },
      [
        ["invalid_name", "name"],
        ["gateway_port_clash", "east.gateway.port"],
        ["invalid_name", "pay.ports[0].name"],
      ],
    ],
    [
      "a wrong type hides no fault beside it",
      {
        "east.gateway": 5,
        "east.locality": "a/b/c/d",
        "west.dns": null,
        "west.gateway.nodePort": 80,
      },
      [
        ["wrong_type", "east.gateway"],
        ["invalid_locality", "east.locality"],
        ["wrong_type", "west.dns"],
        ["node_port_range", "west.gateway.nodePort"],
      ],
    ],
    [
      "an unknown key hides no fault beside it",
      { "pay.port": 80, "pay.serviceAccount": "Pay", "pay.address": "10.0.0.1" },
      [
        ["unknown_key", "pay.port"],
        ["invalid_name", "pay.serviceAccount"],
        ["address_outside_pool", "pay.address"],
      ],
    ],
    [
      "a service of the wrong type hides no fault of another",
      { pay: 5, "cart.servedBy": ["wset"], "cart.ports[0].protocol": "UDP" },
      [
        ["wrong_type", "pay"],
        ["unknown_cluster", "cart.servedBy[0]"],
        ["protocol_unsupported", "cart.ports[0].protocol"],
      ],
    ],
    [
      "clusters of the wrong type hide no fault of a service",
      { clusters: 5, "pay.ports[0].port": 0, "cart.address": "x" },
      [
        ["wrong_type", "clusters"],
        ["out_of_range", "pay.ports[0].port"],
        ["invalid_ip", "cart.address"],
      ],
    ],
    [
      "a cluster of the wrong type is known by its name all the same",
      { east: 5, "cart.servedBy": ["east"], "cart.serviceAccount": gone },
      [
        ["wrong_type", "east"],
        ["missing_key", "cart.serviceAccount"],
      ],
    ],
    [
      "ports of the wrong type hide no fault of versions and routes",
      {
        "pay.ports": "http",
        "pay.versions.v2": {},
        "pay.routes[1].to[0].weight": -1,
        "pay.routes[1].timeout": "5",
      },
      [
        ["wrong_type", "pay.ports"],
        ["version_label_conflict", "pay.versions.v2"],
        ["out_of_range", "pay.routes[1].to[0].weight"],
        ["invalid_duration", "pay.routes[1].timeout"],
      ],
    ],
    [
      "versions of the wrong type hide no fault of places and routes",
      {
        "pay.versions": [],
        "pay.servedBy": { wset: ["v1"], east: ["v2"] },
        "pay.routes[0].port": 81,
      },
      [
        ["wrong_type", "pay.versions"],
        ["unknown_cluster", "pay.servedBy.wset"],
        ["route_port", "pay.routes[0].port"],
      ],
    ],
    [
      "a provider that is unknown hides no fault of the gateway",
      {
        "west.provider": "minikube",
        "west.gateway.nodePort": 80,
        "west.gateway.name": "GW",
        "west.gateway.replicas": { min: 0 },
      },
      [
        ["unknown_value", "west.provider"],
        ["node_port_range", "west.gateway.nodePort"],
        ["invalid_name", "west.gateway.name"],
        ["out_of_range", "west.gateway.replicas.min"],
      ],
    ],
    [
      "a DNS mode that is unknown hides no wrong address",
      { "north.dns.mode": "kubedns", "north.dns.address": "10.96" },
      [
        ["unknown_value", "north.dns.mode"],
        ["invalid_ip", "north.dns.address"],
      ],
    ],
    [
      "an issuer that is unknown hides no fault of days and aliases",
      {
        "trust.issuer": "vault",
        "trust.rootDays": 1,
        "trust.trustDomainAliases": ["Old", "shop.example"],
      },
      [
        ["unknown_value", "trust.issuer"],
        ["out_of_range", "trust.rootDays"],
        ["invalid_trust_domain", "trust.trustDomainAliases[0]"],
        ["trust_overlap", "trust.trustDomainAliases[1]"],
      ],
    ],
    [
      "a faulty pool and a faulty domain hide nothing",
      {
        addresses: "10.0.0.0/31",
        domain: "Global",
        "east.dns.corefile": "{",
        "pay.headless": true,
      },
      [
        ["invalid_host", "domain"],
        ["invalid_pool", "addresses"],
        ["corefile_invalid", "east.dns.corefile"],
        ["service_headless", "pay.headless"],
      ],
    ],
    [
      "every port of a service",
      { "pay.ports": [{ name: "A", port: 0, protocol: "UDP" }, { nmae: "b", port: "1" }, 5] },
      [
        ["invalid_name", "pay.ports[0].name"],
        ["out_of_range", "pay.ports[0].port"],
        ["protocol_unsupported", "pay.ports[0].protocol"],
        ["unknown_key", "pay.ports[1].nmae"],
        ["wrong_type", "pay.ports[1].port"],
        ["protocol_missing", "pay.ports[1].protocol"],
        ["wrong_type", "pay.ports[2]"],
      ],
    ],
    [
      "every part of a match",
      {
        "pay.routes[0].match": [
          { uri: { regex: "(" }, headers: { "X-A": "1", b: 2, c: { perfix: "x" } } },
          "x",
          {},
        ],
      },
      [
        ["invalid_match", "pay.routes[0].match[0].uri"],
        ["invalid_match", "pay.routes[0].match[0].headers.X-A"],
        ["wrong_type", "pay.routes[0].match[0].headers.b"],
        ["unknown_key", "pay.routes[0].match[0].headers.c.perfix"],
        ["wrong_type", "pay.routes[0].match[1]"],
        ["invalid_match", "pay.routes[0].match[2]"],
      ],
    ],
    [
      "a key and a value of one label",
      { "pay.selector": { "a b": "c d" } },
      [
        ["invalid_label", 'pay.selector["a b"]'],
        ["invalid_label", 'pay.selector["a b"]'],
      ],
    ],
    [
      "more faults than services in a pool that is exhausted",
      {
        addresses: "10.0.0.0/30",
        "services.more": 5,
        'services["a.b"]': { ports: [], serviceAccount: "a", servedBy: [] },
      },
      [
        ["pool_exhausted", "addresses"],
        ["wrong_type", "services.more"],
        ["no_ports", 'services["a.b"].ports'],
        ["not_served", 'services["a.b"].servedBy'],
      ],
    ],
  ]);
});

test("faults come in the order of the description, however it is written", () => {
  const changes = {
    "pay.ports[1].port": 0,
    "pay.ports[0].name": "A",
    "east.network": "X",
    name: "",
    zone: 1,
  };
  const pathsOf = (description: unknown): readonly string[] => {
    const result = safeParseMesh(description);
    return result.ok ? [] : result.issues.map(({ path }) => formatPath(path));
  };
  const description = changed(changes) as Record<string, unknown>;
  const [name, east, first, second, zone] = [
    "name",
    "clusters.east.network",
    'services["pay.default"].ports[0].name',
    'services["pay.default"].ports[1].port',
    "zone",
  ];
  expect(pathsOf(description)).toEqual([name, east, first, second, zone]);
  const { services, ...others } = description;
  expect(pathsOf({ services, ...others })).toEqual([first, second, name, east, zone]);
});
