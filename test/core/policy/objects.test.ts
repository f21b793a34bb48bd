import type { Manifest } from "../../../src";
import { foundIn } from "./findings";
import { checkPolicies } from "../../../src/core/policy/check";
import { settings } from "./findings";
import { entry, networking, object, rule } from "./handWritten";

describe("objects are what their kinds promise", () => {
  const gateway = (spec: unknown) => object(networking, "Gateway", "edge", "gw", { spec });
  it.each<[string, Manifest, string[]]>([
    ["a text in a list's place", gateway({ servers: [{ hosts: "*" }] }), ["spec.servers[0].hosts"]],
    ["a list in a map's place", gateway([]), ["spec"]],
    ["a number in a text's place", gateway({ selector: { app: 1 } }), ["spec.selector.app"]],
    [
      "two at once",
      rule("redis", 5 as never, { trafficPolicy: { tls: "ISTIO_MUTUAL" } }),
      ["spec.host", "spec.trafficPolicy.tls"],
    ],
    [
      "a text as a port",
      object("v1", "Service", "a", "b", { spec: { ports: [{ port: "80" }] } }),
      ["spec.ports[0].port"],
    ],
    ["null, which is nothing", gateway({ servers: null, selector: null }), []],
    [
      "fields that no rule reads",
      gateway({ servers: [{ name: 5, port: { targetPort: "x" } }] }),
      [],
    ],
    [
      "another version of the API",
      { ...gateway({ servers: [] }), apiVersion: "networking.istio.io/v1beta1" },
      [],
    ],
    ["no spec at all", gateway(undefined), []],
    ["another kind", object("example.com/v1", "Gateway", "edge", "gw", { spec: 5 }), []],
  ])("%s", (_what, manifest, paths) => {
    const found = foundIn([manifest]);
    expect(found.map((line) => line.split(" ").at(-1))).toEqual(paths);
    for (const line of found) expect(line).toMatch(/^object_malformed /);
  });

  it("and what is wrong is said as in a description", () => {
    const [finding] = checkPolicies(
      [{ name: "one", objects: [{ manifest: gateway({ servers: [{ hosts: "*" }] }) }] }],
      settings,
    );
    expect(finding).toMatchObject({
      path: ["spec", "servers", 0, "hosts"],
      message: '"*" is a text',
      hint: "write a list",
    });
  });
});

it("nothing of a secret is shown", () => {
  const secret = object("v1", "Secret", "a", "b", { stringData: { pin: 90210 } });
  const [finding] = checkPolicies([{ name: "one", objects: [{ manifest: secret }] }], settings);
  expect(finding).toMatchObject({ code: "object_malformed", path: ["stringData", "pin"] });
  expect(JSON.stringify({ ...finding, object: undefined })).not.toContain("90210");
});

describe("an object is written once", () => {
  const redis = entry("redis", "redis.shop.global", "240.0.1.1");
  const other = entry("redis", "redis.shop.global", "240.0.1.1", { resolution: "DNS" });
  const redisRule = rule("redis", "redis.shop.global");
  it("two that differ are one too many, and count as one for all else", () => {
    expect(foundIn([redisRule, redis, other])).toEqual([
      "object_given_twice ServiceEntry shop/redis metadata.name",
    ]);
  });
  it("two that are the same are one", () => {
    expect(foundIn([redisRule, redis, { ...redis }])).toEqual([]);
  });
  it("those whose names the API server makes are as many as there are", () => {
    const made = (name: string) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { generateName: "redis-", namespace: "a" },
      spec: { selector: { app: name } },
    });
    expect(foundIn([made("a"), made("b")] as never)).toEqual([]);
  });
  it("of kinds that no rule looks at there may be as many as there are", () => {
    const route = (name: string) =>
      object("gateway.networking.k8s.io/v1", "HTTPRoute", "a", "web", { spec: { name } });
    expect(foundIn([route("a"), route("b")])).toEqual([]);
  });
});

it("hostile objects are read, or left alone", () => {
  const hostile: unknown[] = [
    {},
    { apiVersion: "v1" },
    { kind: "Gateway" },
    { apiVersion: 5, kind: {} },
    { apiVersion: "v1", kind: "Secret", metadata: "x" },
    { apiVersion: "v1", kind: "Secret", metadata: { name: 5, namespace: [] } },
    { apiVersion: networking, kind: "Gateway", metadata: null, spec: null },
    { apiVersion: "a/b/c", kind: "__proto__", metadata: { name: "x" } },
    JSON.parse(
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"__proto__":"y"}}',
    ),
  ];
  const found = checkPolicies(
    [{ name: "one", objects: hostile.map((manifest) => ({ manifest: manifest as Manifest })) }],
    settings,
  );
  expect(found.map(({ code }) => code)).toEqual(found.map(() => "object_malformed"));
});
