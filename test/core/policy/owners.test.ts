import type { Manifest } from "../../../src";
import { foundIn, type Row } from "./findings";
import { entry, mutual, networking, object, rule } from "./handWritten";

const host = "redis.shop.global";
const owned = (manifest: Manifest, owner: string): Manifest => ({
  ...manifest,
  metadata: { ...manifest.metadata, labels: { "app.kubernetes.io/part-of": owner } },
});
const byMeshspan = (manifest: Manifest): Manifest => ({
  ...manifest,
  metadata: {
    ...manifest.metadata,
    labels: { "app.kubernetes.io/managed-by": "meshspan", "app.kubernetes.io/part-of": "shop" },
  },
});
const ofPods = { endpoints: undefined, workloadSelector: { labels: { app: "redis" } } };
const redis = (name: string, spec: Readonly<Record<string, unknown>> = {}, namespace = "shop") =>
  entry(name, host, "240.0.1.1", spec, namespace);
const redisRule = rule("redis", host);

describe("a global host has one ServiceEntry", () => {
  const found = (name: string) => [`host_owned_twice ServiceEntry ${name} spec.hosts[0]`];
  const rows: readonly Row[] = [
    ["two that list endpoints", [redis("redis"), redis("redis-2")], found("shop/redis-2")],
    [
      "two in different namespaces",
      [redis("redis"), redis("redis", {}, "staging")],
      found("staging/redis"),
    ],
    [
      "two owners in one namespace",
      [owned(redis("redis"), "shop"), owned(redis("redis.local", ofPods), "other")],
      found("shop/redis.local"),
    ],
    [
      "one of Meshspan's, whichever comes first",
      [redis("by-hand"), byMeshspan(redis("redis"))],
      found("shop/by-hand"),
    ],
    [
      "one that also has another host",
      [
        redis("redis"),
        entry("both", "x.example.com", "240.0.1.1", { hosts: ["x.example.com", host] }),
      ],
      ["host_owned_twice ServiceEntry shop/both spec.hosts[1]"],
    ],
    [
      "the cluster's own pods beside the gateways",
      [redis("redis"), redis("redis.local", ofPods)],
      [],
    ],
    [
      "the same of Meshspan",
      [byMeshspan(redis("redis")), byMeshspan(redis("redis.local", ofPods))],
      [],
    ],
    ["endpoints of one owner in two", [owned(redis("a"), "shop"), owned(redis("b"), "shop")], []],
    [
      "different hosts",
      [
        redis("redis"),
        entry("pay", "pay.shop.global", "240.0.1.2"),
        rule("pay", "pay.shop.global"),
      ],
      [],
    ],
    [
      "hosts outside of the domain",
      [redis("redis"), ...["a", "b"].map((name) => entry(name, "db.example.com", "240.0.1.3"))],
      [],
    ],
  ];
  it.each(rows)("%s", (_what, objects, expected) =>
    expect(foundIn([redisRule, ...objects])).toEqual(expected),
  );

  it("unless no namespace sees both", () => {
    const apart = ["shop", "staging"].flatMap((namespace) => [
      redis("redis", { exportTo: ["."] }, namespace),
      rule("redis", host, { exportTo: ["."], trafficPolicy: { tls: mutual } }, namespace),
    ]);
    expect(foundIn(apart)).toEqual([]);
  });
});

describe("a global host has one VirtualService for sidecars", () => {
  const routes = (name: string, spec: Readonly<Record<string, unknown>> = {}, namespace = "shop") =>
    object(networking, "VirtualService", namespace, name, {
      spec: { hosts: [host], tcp: [{ route: [{ destination: { host } }] }], ...spec },
    });
  const rows: readonly Row[] = [
    ["two", [routes("a"), routes("b")], ["host_owned_twice VirtualService shop/b spec.hosts[0]"]],
    [
      "two of one owner",
      [owned(routes("a"), "shop"), owned(routes("b"), "shop")],
      ["host_owned_twice VirtualService shop/b spec.hosts[0]"],
    ],
    [
      "one for a gateway and for sidecars",
      [routes("a"), routes("b", { gateways: ["edge/web", "mesh"] })],
      ["host_owned_twice VirtualService shop/b spec.hosts[0]"],
    ],
    ["one for a gateway alone", [routes("a"), routes("b", { gateways: ["edge/web"] })], []],
    [
      "one for each namespace",
      [routes("a", { exportTo: ["."] }), routes("b", { exportTo: ["."] }, "jobs")],
      [],
    ],
  ];
  it.each(rows)("%s", (_what, objects, expected) => expect(foundIn(objects)).toEqual(expected));
});

describe("a global host has one DestinationRule", () => {
  const second = (spec: Readonly<Record<string, unknown>>, namespace = "shop") =>
    rule("second", host, spec, namespace);
  const found = (namespace: string) => [
    `host_owned_twice DestinationRule ${namespace}/second spec.host`,
  ];
  const policy = { trafficPolicy: { tls: mutual } };
  const rows: readonly Row[] = [
    ["two with settings", [second(policy)], found("shop")],
    ["one in the callers' namespace", [second(policy, "jobs")], found("jobs")],
    ["another owner's", [owned(second({ subsets: [] }), "other")], found("shop")],
    [
      "one that adds subsets alone",
      [second({ subsets: [{ name: "v1", labels: { version: "v1" } }] })],
      [],
    ],
    [
      "one for some callers",
      [second({ ...policy, workloadSelector: { matchLabels: { app: "cart" } } })],
      [],
    ],
  ];
  it.each(rows)("%s", (_what, objects, expected) =>
    expect(foundIn([redis("redis"), redisRule, ...objects])).toEqual(expected),
  );
});
