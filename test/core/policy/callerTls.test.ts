import type { Manifest } from "../../../src";
import { parseMesh } from "../../../src";
import { meshPolicySettings, policySettings } from "../../../src/core/policy/settings";
import { foundIn, type Row } from "./findings";
import { entry, mutual, rule } from "./handWritten";

const host = "redis.shop.global";
const redis = entry("redis", host, "240.0.1.1");
const tls = (settings: object, at = host): Manifest =>
  rule("redis", at, { trafficPolicy: { tls: settings } });
const line = (code: string, path: string) => `${code} DestinationRule shop/redis ${path}`;

describe("global hosts are called with mutual TLS", () => {
  const found = [line("tls_disabled", "spec.trafficPolicy.tls.mode")];
  const rows: readonly Row[] = [
    ["DISABLE", [tls({ mode: "DISABLE" })], found],
    ["no mode, which is DISABLE", [tls({})], found],
    ["SIMPLE", [tls({ mode: "SIMPLE" })], found],
    ["MUTUAL", [tls({ mode: "MUTUAL" })], found],
    ["DISABLE for all global hosts", [tls({ mode: "DISABLE" }, "*.global")], found],
    [
      "DISABLE for all global hosts of a namespace",
      [tls({ mode: "DISABLE" }, "*.shop.global")],
      found,
    ],
    ["DISABLE for all hosts there are", [tls({ mode: "DISABLE" }, "*")], found],
    [
      "DISABLE for a port",
      [
        redis,
        rule("redis", host, {
          trafficPolicy: {
            tls: mutual,
            portLevelSettings: [{ port: { number: 6379 }, tls: { mode: "DISABLE" } }],
          },
        }),
      ],
      [line("tls_disabled", "spec.trafficPolicy.portLevelSettings[0].tls.mode")],
    ],
    [
      "DISABLE for a version",
      [
        redis,
        rule("redis", host, {
          trafficPolicy: { tls: mutual },
          subsets: [{ name: "v1", trafficPolicy: { tls: { mode: "DISABLE" } } }],
        }),
      ],
      [line("tls_disabled", "spec.subsets[0].trafficPolicy.tls.mode")],
    ],
    ["ISTIO_MUTUAL", [tls(mutual)], []],
    ["nothing said of TLS, which Istio settles", [rule("redis", host, { trafficPolicy: {} })], []],
    ["SIMPLE for all hosts, which may be outside", [tls({ mode: "SIMPLE" }, "*")], []],
    ["DISABLE for a local host", [tls({ mode: "DISABLE" }, "redis.shop.svc.cluster.local")], []],
    ["DISABLE for all local hosts", [tls({ mode: "DISABLE" }, "*.local")], []],
    ["DISABLE for a host that only looks like one", [tls({ mode: "DISABLE" }, "notglobal")], []],
  ];
  it.each(rows)("%s", (_what, objects, expected) => expect(foundIn(objects)).toEqual(expected));

  it("in the domain that the mesh has", () => {
    const objects = [tls({ mode: "DISABLE" }, "redis.shop.mesh.example")];
    const settings = policySettings({ domain: "mesh.example" });
    expect(foundIn(objects, { settings })).toEqual(found);
    expect(foundIn(objects)).toEqual([]);
  });
});

describe("callers check who answers", () => {
  const { subjectAltNames: _, ...nameless } = mutual;
  const found = [line("identity_unchecked", "spec.trafficPolicy.tls.subjectAltNames")];
  const withEntry = (spec: Readonly<Record<string, unknown>>) => [
    entry("redis", host, "240.0.1.1", spec),
    tls(nameless),
  ];
  const endpoint = { address: "198.51.100.20", ports: { "tcp-redis": 15443 } };
  const rows: readonly Row[] = [
    ["no names", [redis, tls(nameless)], found],
    ["no names, and no entry that is known", [tls(nameless)], found],
    ["an empty list", [redis, tls({ ...mutual, subjectAltNames: [] })], found],
    [
      "an empty list, which counts as given whatever the entry says",
      [
        entry("redis", host, "240.0.1.1", { subjectAltNames: mutual.subjectAltNames }),
        tls({ ...mutual, subjectAltNames: [] }),
      ],
      found,
    ],
    [
      "names for the host, and none for a version",
      [
        redis,
        rule("redis", host, {
          trafficPolicy: { tls: mutual },
          subsets: [{ name: "v1", trafficPolicy: { tls: nameless } }],
        }),
      ],
      [line("identity_unchecked", "spec.subsets[0].trafficPolicy.tls.subjectAltNames")],
    ],
    [
      "nothing checked at all",
      [redis, tls({ ...mutual, insecureSkipVerify: true })],
      [line("identity_unchecked", "spec.trafficPolicy.tls.insecureSkipVerify")],
    ],
    [
      "one endpoint of two with an account",
      withEntry({ endpoints: [{ ...endpoint, serviceAccount: "redis" }, endpoint] }),
      found,
    ],
    ["names", [redis, tls(mutual)], []],
    ["names of the entry", withEntry({ subjectAltNames: mutual.subjectAltNames }), []],
    [
      "accounts of endpoints",
      withEntry({ endpoints: [{ ...endpoint, serviceAccount: "redis" }] }),
      [],
    ],
    [
      "the cluster's own pods",
      withEntry({ endpoints: undefined, workloadSelector: { labels: { app: "redis" } } }),
      [],
    ],
    ["a local host", [tls({ mode: "ISTIO_MUTUAL" }, "redis.shop.svc.cluster.local")], []],
  ];
  it.each(rows)("%s", (_what, objects, expected) => expect(foundIn(objects)).toEqual(expected));
});

describe("callers accept identities of the mesh alone", () => {
  const names = (...subjectAltNames: readonly string[]) => [
    redis,
    tls({ ...mutual, subjectAltNames }),
  ];
  const found = (index: number) => [
    line("identity_foreign", `spec.trafficPolicy.tls.subjectAltNames[${index}]`),
  ];
  const own = "spiffe://cluster.local/ns/shop/sa/redis";
  const given = policySettings({ trustDomains: ["cluster.local", "west.example"] });

  it.each([
    ["another trust domain", [own, "spiffe://old.example/ns/shop/sa/redis"], found(1)],
    ["a trust domain that begins alike", ["spiffe://cluster.local.evil/ns/a/sa/b"], found(0)],
    ["a DNS name", ["redis.example.com"], found(0)],
    ["both of the mesh's", [own, "spiffe://west.example/ns/shop/sa/redis"], []],
  ])("%s", (_what, subjectAltNames, expected) =>
    expect(foundIn(names(...subjectAltNames), { settings: given })).toEqual(expected),
  );

  it("any, where nobody says which count", () => {
    expect(foundIn(names("spiffe://old.example/ns/shop/sa/redis"))).toEqual([]);
  });

  it("of a described service, its own alone", () => {
    const settings = meshPolicySettings(
      parseMesh({
        name: "shop",
        clusters: { east: {}, west: {} },
        trust: { trustDomainAliases: ["old.example"] },
        services: {
          "redis.shop": {
            ports: [{ name: "tcp-redis", port: 6379, protocol: "TCP" }],
            serviceAccount: "redis",
            servedBy: ["west"],
            address: "240.0.1.1",
          },
        },
      }),
    );
    expect(foundIn(names(own), { settings })).toEqual([]);
    // A domain that counts while another takes its place.
    expect(foundIn(names("spiffe://old.example/ns/shop/sa/redis"), { settings })).toEqual([]);
    expect(foundIn(names("spiffe://cluster.local/ns/shop/sa/cart"), { settings })).toEqual(
      found(0),
    );
  });
});

describe("calls carry a server name that gateways know", () => {
  const found = (path: string) => [line("server_name_wrong", path)];
  const twoPorts = entry("redis", host, "240.0.1.1", {
    ports: [
      { name: "tcp-redis", number: 6379, protocol: "TCP" },
      { name: "http", number: 9121, protocol: "HTTP" },
    ],
  });
  const sniFor = (port: number) => `outbound_.${port}_._.redis.shop.svc.cluster.local`;
  const perPort = (...ports: readonly (readonly [number, string])[]) =>
    rule("redis", host, {
      trafficPolicy: {
        portLevelSettings: ports.map(([number, sni]) => ({
          port: { number },
          tls: { ...mutual, sni },
        })),
      },
    });
  const { sni: _, ...unnamed } = mutual;
  const rows: readonly Row[] = [
    ["no name", [redis, tls(unnamed)], found("spec.trafficPolicy.tls")],
    [
      "a host's own name",
      [redis, tls({ ...mutual, sni: host })],
      found("spec.trafficPolicy.tls.sni"),
    ],
    [
      "the name for another port",
      [redis, tls({ ...mutual, sni: sniFor(6380) })],
      found("spec.trafficPolicy.tls.sni"),
    ],
    ["one name for two ports", [twoPorts, tls(mutual)], found("spec.trafficPolicy.tls.sni")],
    [
      "a port's name at another",
      [twoPorts, perPort([6379, sniFor(6379)], [9121, sniFor(6379)])],
      found("spec.trafficPolicy.portLevelSettings[1].tls.sni"),
    ],
    ["a name for each port", [twoPorts, perPort([6379, sniFor(6379)], [9121, sniFor(9121)])], []],
    [
      "one name for the port that is left",
      [
        twoPorts,
        rule("redis", host, {
          trafficPolicy: {
            tls: mutual,
            portLevelSettings: [{ port: { number: 9121 }, tls: { ...mutual, sni: sniFor(9121) } }],
          },
        }),
      ],
      [],
    ],
    ["a name where no entry is known", [tls(mutual)], []],
    [
      "no name for the cluster's own pods",
      [
        entry("redis", host, "240.0.1.1", {
          endpoints: undefined,
          workloadSelector: { labels: { app: "redis" } },
        }),
        tls(unnamed),
      ],
      [],
    ],
  ];
  it.each(rows)("%s", (_what, objects, expected) => expect(foundIn(objects)).toEqual(expected));
});
