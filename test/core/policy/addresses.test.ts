import { policySettings } from "../../../src/core/policy/settings";
import { MeshError } from "../../../src/core/issues";
import { foundIn, type Row } from "./findings";
import { entry, rule } from "./handWritten";

const redis = (address: string, spec: Readonly<Record<string, unknown>> = {}) =>
  entry("redis", "redis.shop.global", address, spec);
const rules = ["redis", "pay"].map((name) => rule(name, `${name}.shop.global`));

describe("virtual addresses are of the pool", () => {
  const found = ["address_outside_pool ServiceEntry shop/redis spec.addresses[0]"];
  const rows: readonly Row[] = [
    ["an address of pods", [redis("10.0.0.7")], found],
    ["a loopback address", [redis("127.0.0.7")], found],
    ["one that istiod gives out", [redis("240.240.3.4")], found],
    ["the broadcast address", [redis("255.255.255.255")], found],
    ["a range", [redis("240.0.1.0/30")], found],
    ["IPv6", [redis("2001:db8::1")], found],
    ["one of the pool", [redis("240.0.1.1")], []],
    ["none", [redis("", { addresses: [] })], []],
    ["a host of another domain", [entry("db", "db.example.com", "10.0.0.7")], []],
  ];
  it.each(rows)("%s", (_what, objects, expected) =>
    expect(foundIn([...rules, ...objects])).toEqual(expected),
  );

  it("that the mesh has", () => {
    const settings = policySettings({ addresses: "127.255.0.0/16" });
    expect(foundIn([...rules, redis("127.255.3.6")], { settings })).toEqual([]);
    expect(foundIn([...rules, redis("240.0.1.1")], { settings })).toEqual(found);
  });

  it("which has to be one that a description takes", () => {
    expect(() => policySettings({ addresses: "224.0.0.0/8" })).toThrow(MeshError);
  });
});

describe("an address is one host's, and a host has one", () => {
  const other = (name: string, host: string, address: string, spec = {}) =>
    entry(name, host, address, spec);
  const found = (name: string) => [`address_shared ServiceEntry shop/${name} spec.addresses[0]`];
  const rows: readonly Row[] = [
    [
      "two global hosts",
      [redis("240.0.1.1"), other("pay", "pay.shop.global", "240.0.1.1")],
      found("pay"),
    ],
    [
      "a global host and another",
      [redis("240.0.1.1"), other("db", "db.example.com", "240.0.1.1")],
      found("db"),
    ],
    [
      "one host with two addresses",
      [
        redis("240.0.1.1"),
        entry("redis.local", "redis.shop.global", "240.0.1.2", {
          endpoints: undefined,
          workloadSelector: { labels: { app: "redis" } },
        }),
      ],
      found("redis.local"),
    ],
    [
      "one host with one address in two entries",
      [
        redis("240.0.1.1"),
        entry("redis.local", "redis.shop.global", "240.0.1.1", {
          endpoints: undefined,
          workloadSelector: { labels: { app: "redis" } },
        }),
      ],
      [],
    ],
    ["two addresses", [redis("240.0.1.1"), other("pay", "pay.shop.global", "240.0.1.2")], []],
    [
      "two hosts that aren't the mesh's",
      [
        redis("240.0.1.1"),
        other("a", "a.example.com", "10.0.0.1"),
        other("b", "b.example.com", "10.0.0.1"),
      ],
      [],
    ],
    [
      "hosts that nobody sees both of",
      [
        redis("240.0.1.1", { exportTo: ["shop"] }),
        other("db", "db.example.com", "240.0.1.1", { exportTo: ["jobs"] }),
      ],
      [],
    ],
  ];
  it.each(rows)("%s", (_what, objects, expected) =>
    expect(foundIn([...rules, ...objects])).toEqual(expected),
  );
});
