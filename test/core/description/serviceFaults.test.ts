/** Ports, versions, and where services run and who may call them. */
import { gone } from "./base";
import { type FaultRow, testFaults } from "./faultTable";

const http = { name: "http", port: 80, protocol: "HTTP" };
const noRoutes = { "pay.routes": [], "pay.ports": [http] };

describe("ports", () => {
  testFaults([
    ["a service without ports", { "cart.ports": [] }, "no_ports"],
    [
      "a service without ports explains a route to one",
      { "pay.ports": [], "pay.routes[0].port": 80 },
      "no_ports",
    ],
    ...[0, -1, 65_536, 80.5, 2 ** 53, -0.5].map((port): FaultRow => [
      `port ${port}`,
      { "cart.ports[0].port": port },
      "out_of_range",
    ]),
    ...[0, -1, 65_536, 1e21].map((port): FaultRow => [
      `target port ${port}`,
      { "cart.ports[0].targetPort": port },
      "out_of_range",
    ]),
    ["a number used twice", { "pay.ports[1].port": 80 }, "port_duplicate"],
    ["a name used twice", { "pay.ports[1].name": "http" }, "port_name_duplicate"],
    [
      "a port written twice",
      { "cart.ports": [http, http] },
      [
        ["port_duplicate", "cart.ports[1].port"],
        ["port_name_duplicate", "cart.ports[1].name"],
      ],
    ],
    [
      "a number used three times",
      { "cart.ports": [http, { ...http, name: "b" }, { ...http, name: "c" }] },
      [
        ["port_duplicate", "cart.ports[1].port"],
        ["port_duplicate", "cart.ports[2].port"],
      ],
    ],
    [
      "two numbers that are texts aren't called equal",
      {
        "cart.ports": [
          { ...http, port: "80" },
          { ...http, name: "b", port: "81" },
        ],
      },
      [
        ["wrong_type", "cart.ports[0].port"],
        ["wrong_type", "cart.ports[1].port"],
      ],
    ],
    [
      "a number that is a text isn't taken for port 1",
      {
        "cart.ports": [
          { ...http, port: "80" },
          { ...http, name: "b", port: 1 },
        ],
      },
      "wrong_type",
      "cart.ports[0].port",
    ],
    [
      "257 ports",
      {
        "cart.ports": Array.from({ length: 257 }, (_, i) => ({
          name: `p${i}`,
          port: i + 1,
          protocol: "HTTP",
        })),
      },
      "too_many",
    ],
    [
      "a port without a protocol",
      { "cart.ports": [{ name: "http", port: 80 }] },
      "protocol_missing",
      "cart.ports[0].protocol",
    ],
    [
      "a protocol that is missing explains routes for requests",
      { "pay.ports": [{ name: "http", port: 80 }] },
      "protocol_missing",
      "pay.ports[0].protocol",
    ],
    [
      "a protocol that is unknown explains routes for requests",
      { "pay.ports": [{ ...http, protocol: "HTPP" }] },
      "protocol_unsupported",
      "pay.ports[0].protocol",
    ],
    [
      "a protocol that is a number explains routes for requests",
      { "pay.ports": [{ ...http, protocol: 1 }] },
      "wrong_type",
      "pay.ports[0].protocol",
    ],
    ...["UDP", "udp", "SCTP", "HTTP3", "", "HTTP ", "constructor", "__proto__"].map(
      (protocol): FaultRow => [
        `protocol ${JSON.stringify(protocol)}`,
        { "cart.ports[0].protocol": protocol },
        "protocol_unsupported",
      ],
    ),
    [
      "TCP on 443",
      { "cart.ports[0].port": 443 },
      "port_protocol_conflict",
      "cart.ports[0].protocol",
    ],
    [
      "tcp on 443 in lower case",
      { "cart.ports[0]": { name: "tcp", port: 443, protocol: "tcp" } },
      "port_protocol_conflict",
      "cart.ports[0].protocol",
    ],
  ]);
});

describe("where a service runs", () => {
  testFaults([
    ["an empty list of clusters", { "cart.servedBy": [] }, "not_served"],
    ["an empty map of clusters", { "cart.servedBy": {} }, "not_served"],
    ["a cluster that doesn't exist", { "cart.servedBy[0]": "wset" }, "unknown_cluster"],
    ["a cluster in upper case", { "cart.servedBy[0]": "West" }, "unknown_cluster"],
    ["a cluster without a name", { "cart.servedBy[0]": "" }, "unknown_cluster"],
    [
      "a cluster listed twice",
      { "cart.servedBy": ["west", "west"] },
      "cluster_duplicate",
      "cart.servedBy[1]",
    ],
    [
      "a cluster that doesn't exist, listed twice",
      { "cart.servedBy": ["x", "x"] },
      [
        ["unknown_cluster", "cart.servedBy[0]"],
        ["cluster_duplicate", "cart.servedBy[1]"],
      ],
    ],
    [
      "a cluster that doesn't exist, with the only place of a version",
      { "pay.servedBy": { east: ["v1"], wset: ["v2"] } },
      "unknown_cluster",
      "pay.servedBy.wset",
    ],
    ["a consumer that doesn't exist", { "pay.consumedBy[1]": "south" }, "unknown_cluster"],
    [
      "a consumer listed twice",
      { "pay.consumedBy": ["east", "east"] },
      "cluster_duplicate",
      "pay.consumedBy[1]",
    ],
    ["an empty list of consumers", { "cart.consumedBy": [] }, "not_consumed"],
    [
      "clusters of the wrong type don't make each of their names unknown",
      { clusters: "east, west, north" },
      "wrong_type",
    ],
    [
      "a misspelt list of clusters doesn't make each of their names unknown",
      { clusters: {}, cluster: { east: {} } },
      "unknown_key",
      "cluster",
    ],
    ["more places than a ServiceEntry has endpoints", tooManyPlaces(), "too_many", "pay.servedBy"],
    ...["TLS", "https"].map((protocol): FaultRow => [
      `a short name of a service with a port of ${protocol}`,
      {
        "cart.ports": [http, { name: "secure", port: 443, protocol }],
        "cart.shortName": true,
      },
      "protocol_unsupported",
      "cart.shortName",
    ]),
    ["a headless service", { "cart.headless": true }, "service_headless"],
  ]);
});

describe("two services on the same pods with different accounts", () => {
  const other = (changes: object) => ({
    ports: [http],
    serviceAccount: "other",
    selector: { app: "pay" },
    servedBy: ["east"],
    ...changes,
  });
  const overlap = "service_overlap";
  testFaults([
    ["the same labels", { 'services["a.default"]': other({}) }, overlap, "pay.serviceAccount"],
    [
      "labels of the second contain those of the first",
      { 'services["z.default"]': other({ selector: { app: "pay", tier: "x" } }) },
      overlap,
      'services["z.default"].serviceAccount',
    ],
    [
      "labels of the first contain those of the second",
      { 'services["a.default"]': other({ selector: { app: "pay", tier: "x" } }) },
      overlap,
      "pay.serviceAccount",
    ],
    [
      "a selector that is left out",
      { "pay.selector": gone, 'services["z.default"]': other({}) },
      overlap,
      'services["z.default"].serviceAccount',
    ],
    [
      "three services",
      {
        'services["y.default"]': other({}),
        'services["z.default"]': other({ serviceAccount: "z" }),
      },
      [
        [overlap, 'services["y.default"].serviceAccount'],
        [overlap, 'services["z.default"].serviceAccount'],
      ],
    ],
    [
      "a misspelt selector isn't one that is left out",
      {
        'services["z.default"]': other({ selector: { app: "z" } }),
        "pay.selector": gone,
        "pay.selectr": { app: "z" },
      },
      "unknown_key",
      "pay.selectr",
    ],
    [
      "selectors that are numbers aren't called equal",
      { "pay.selector.app": 1, "cart.selector": { app: 2 } },
      [
        ["wrong_type", "pay.selector.app"],
        ["wrong_type", "cart.selector.app"],
      ],
    ],
    [
      "an account that is a number isn't called different",
      { 'services["z.default"]': other({ serviceAccount: 5 }) },
      "wrong_type",
      'services["z.default"].serviceAccount',
    ],
  ]);
});

describe("versions", () => {
  testFaults([
    [
      "a version whose labels contradict the selector",
      { "pay.versions.v2.app": "pay-v2" },
      "version_label_conflict",
    ],
    [
      "a version whose labels contradict the selector that is left out",
      { "pay.selector": gone, "pay.versions.v2.app": "pay-v2" },
      "version_label_conflict",
      "pay.versions.v2.app",
    ],
    [
      "a label of the selector that is a number contradicts nothing",
      { "pay.selector.app": 1, "pay.versions.v2.app": "pay" },
      "wrong_type",
      "pay.selector.app",
    ],
    [
      "a version whose labels contain those of another",
      { "pay.versions.v1": { version: "v2", track: "old" } },
      "version_label_conflict",
    ],
    [
      "a version that has no labels beside the selector's, beside another",
      { "pay.versions.v1": { app: "pay" } },
      "version_label_conflict",
      "pay.versions.v2",
    ],
    [
      "two versions that differ by a label of the selector",
      { "pay.versions.v2": { app: "pay", version: "v1" } },
      "version_label_conflict",
    ],
    [
      "a version that doesn't exist at a cluster",
      { "pay.servedBy.west[1]": "v3", "pay.versions": { v1: { version: "v1" } }, ...noRoutes },
      "unknown_version",
      "pay.servedBy.west[1]",
    ],
    [
      "a misspelt version at a cluster isn't missing elsewhere too",
      { "pay.servedBy.west[1]": "v22" },
      "unknown_version",
    ],
    [
      "a version at a cluster of a service without versions",
      { "cart.servedBy": { west: ["v1"] } },
      "unknown_version",
      "cart.servedBy.west[0]",
    ],
    [
      "a version listed twice at a cluster",
      { "pay.servedBy.west": ["v1", "v2", "v2"] },
      "version_label_conflict",
      "pay.servedBy.west[2]",
    ],
    ["a cluster with an empty list of versions", { "pay.servedBy.east": [] }, "version_not_served"],
    [
      "a version that runs nowhere",
      { "pay.servedBy.west": ["v1"] },
      "version_not_served",
      "pay.servedBy",
    ],
    [
      "a cluster with an empty list, which explains the version that runs nowhere",
      { "pay.servedBy": { east: ["v1"], west: [] } },
      "version_not_served",
      "pay.servedBy.west",
    ],
    ["a version without labels", { "pay.versions.v2": {} }, "version_label_conflict"],
    [
      "two versions with the same labels",
      { "pay.versions.v2": { version: "v1" } },
      "version_label_conflict",
    ],
    [
      "two versions with the same labels in another order",
      { "pay.versions": { v1: { a: "x", b: "y" }, v2: { b: "y", a: "x" } } },
      "version_label_conflict",
      "pay.versions.v2",
    ],
    [
      "two versions whose labels are numbers aren't called equal",
      { "pay.versions": { v1: { version: 1 }, v2: { version: 2 } } },
      [
        ["wrong_type", "pay.versions.v1.version"],
        ["wrong_type", "pay.versions.v2.version"],
      ],
    ],
    [
      "versions of the wrong type don't make each of their names unknown",
      { "pay.versions": 2 },
      "wrong_type",
    ],
    ["a version of the wrong type isn't unknown", { "pay.versions.v1": null }, "wrong_type"],
  ]);
});

describe("failover", () => {
  testFaults(
    [0, -1, 1.5, 1_000_001, 2 ** 53].map((errors): FaultRow => [
      `${errors} errors in a row`,
      { "pay.failover.errors": errors },
      "out_of_range",
    ]),
  );
});

function tooManyPlaces(): Readonly<Record<string, unknown>> {
  const clusters = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`c${i}`, {}]));
  const versions = Object.fromEntries(
    Array.from({ length: 64 }, (_, i) => [`v${i}`, { version: `v${i}` }]),
  );
  const pay = { ports: [http], serviceAccount: "pay", servedBy: Object.keys(clusters), versions };
  return { clusters, services: { "pay.default": pay } };
}
