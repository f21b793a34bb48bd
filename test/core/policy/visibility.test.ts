import type { Manifest } from "../../../src";
import { parseMesh, planMesh } from "../../../src";
import { checkPolicies } from "../../../src/core/policy/check";
import { meshPolicySettings } from "../../../src/core/policy/settings";
import { foundIn, foundInClusters, type Row } from "./findings";
import { deployment, entry, mutual, networking, object, rule } from "./handWritten";

const host = "redis.shop.global";
const redis = (spec: Readonly<Record<string, unknown>> = {}, namespace = "shop") =>
  entry("redis", host, "240.0.1.1", spec, namespace);
const policy = { trafficPolicy: { tls: mutual } };
const redisRule = (spec: Readonly<Record<string, unknown>> = {}, namespace = "shop") =>
  rule("redis", host, { ...policy, ...spec }, namespace);
const caller = (namespace: string) =>
  deployment("cart", { namespace, env: [{ name: "REDIS", value: `${host}:6379` }] });

describe("a host that gateways serve has a DestinationRule", () => {
  const found = ["rule_missing ServiceEntry shop/redis spec.hosts[0]"];
  const rows: readonly Row[] = [
    ["none", [redis()], found],
    ["one for another host", [redis(), rule("pay", "pay.shop.global")], found],
    ["one for the host", [redis(), redisRule()], []],
    [
      "one for all hosts of the domain",
      [redis(), rule("all", "*.global", { trafficPolicy: {} })],
      [],
    ],
    [
      "the cluster's own pods",
      [redis({ endpoints: undefined, workloadSelector: { labels: { app: "redis" } } })],
      [],
    ],
    ["endpoints that aren't gateways", [redis({ endpoints: [{ address: "10.0.0.1" }] })], []],
    ["a host of another domain", [entry("db", "db.example.com", "240.0.1.2")], []],
  ];
  it.each(rows)("%s", (_what, objects, expected) => expect(foundIn(objects)).toEqual(expected));
});

describe("who sees a host sees its rule", () => {
  const hidden = (namespace: string, path: string) => [
    `rule_hidden DestinationRule ${namespace}/redis ${path}`,
  ];
  const rows: readonly Row[] = [
    [
      "a rule for its own namespace",
      [redis(), redisRule({ exportTo: ["."] })],
      hidden("shop", "spec.exportTo"),
    ],
    [
      "a rule in another namespace",
      [redis(), redisRule({}, "rules")],
      hidden("rules", "metadata.namespace"),
    ],
    [
      "a rule for one namespace of two",
      [redis({ exportTo: ["shop", "jobs"] }), redisRule({ exportTo: ["shop"] })],
      hidden("shop", "spec.exportTo"),
    ],
    [
      "a rule that another namespace's callers see, who see another entry",
      [
        redis({ exportTo: ["jobs"] }),
        redis({ exportTo: ["web"] }, "other"),
        redisRule({}, "other"),
      ],
      hidden("other", "metadata.namespace"),
    ],
    ["both for everybody", [redis(), redisRule()], []],
    ["a rule in the root namespace", [redis(), redisRule({}, "istio-system")], []],
    [
      "both for one namespace",
      [redis({ exportTo: ["jobs"] }), redisRule({ exportTo: ["jobs"] })],
      [],
    ],
    [
      "a host for one namespace, and the rule in it",
      [redis({ exportTo: ["jobs"] }), redisRule({}, "jobs")],
      [],
    ],
    [
      "the cluster's own pods, which Istio settles by itself",
      [
        redis({ endpoints: undefined, workloadSelector: { labels: { app: "redis" } } }),
        redisRule({ exportTo: ["."] }),
      ],
      [],
    ],
  ];
  it.each(rows)("%s", (_what, objects, expected) => expect(foundIn(objects)).toEqual(expected));

  const wildcard = (namespace: string, pattern = "*") =>
    rule("all", pattern, { trafficPolicy: { connectionPool: {} } }, namespace);
  it.each([
    [
      "a wildcard in the caller's namespace",
      [caller("jobs"), wildcard("jobs")],
      ["rule_hidden DestinationRule jobs/all spec.host"],
    ],
    ["a wildcard where nobody calls", [caller("shop"), wildcard("jobs")], []],
    ["a wildcard beside the rule", [caller("shop"), wildcard("shop")], []],
    ["a wildcard of other hosts", [caller("jobs"), wildcard("jobs", "*.local")], []],
  ])("%s", (_what, objects, expected) =>
    expect(foundIn([redis(), redisRule(), ...objects])).toEqual(expected),
  );
});

describe("callers see the hosts that they call", () => {
  const sidecar = (
    hosts: readonly string[] | undefined,
    namespace = "shop",
    labels?: Readonly<Record<string, string>>,
  ): Manifest =>
    object(networking, "Sidecar", namespace, "default", {
      spec: {
        ...(labels === undefined ? {} : { workloadSelector: { labels } }),
        ...(hosts === undefined ? {} : { egress: [{ hosts }] }),
      },
    });
  const sound = [redis(), redisRule()];
  const left = (namespace: string) => [`host_hidden Sidecar ${namespace}/default spec.egress`];
  const rows: readonly Row[] = [
    ["a Sidecar without the host", [caller("shop"), sidecar(["./*.local"])], left("shop")],
    [
      "a Sidecar that sees another namespace",
      [caller("jobs"), sidecar(["./*", "istio-system/*"], "jobs")],
      left("jobs"),
    ],
    [
      "a Sidecar for the mesh",
      [caller("shop"), sidecar(["istio-system/*"], "istio-system")],
      left("istio-system"),
    ],
    [
      "a Sidecar for the caller's pods",
      [caller("shop"), sidecar(["~/*"], "shop", { app: "cart" })],
      left("shop"),
    ],
    ["a Sidecar with the host", [caller("jobs"), sidecar([`shop/${host}`], "jobs")], []],
    ["a Sidecar with its own namespace", [caller("shop"), sidecar(["./*"])], []],
    ["a Sidecar with the domain", [caller("jobs"), sidecar(["*/*.global"], "jobs")], []],
    ["a Sidecar with the namespace", [caller("jobs"), sidecar(["shop/*"], "jobs")], []],
    ["a Sidecar without egress", [caller("shop"), sidecar(undefined)], []],
    ["a Sidecar for other pods", [caller("shop"), sidecar(["~/*"], "shop", { app: "web" })], []],
    ["a Sidecar where nobody calls", [caller("shop"), sidecar(["~/*"], "jobs")], []],
    ["a Sidecar, and nobody who is known to call", [sidecar(["~/*"])], []],
    [
      "a narrow Sidecar for the mesh, and a wide one for the namespace",
      [caller("shop"), sidecar(["~/*"], "istio-system"), sidecar(["*/*"])],
      [],
    ],
  ];
  it.each(rows)("%s", (_what, objects, expected) =>
    expect(foundIn([...sound, ...objects])).toEqual(expected),
  );

  it("an entry that isn't exported to the caller", () => {
    const objects = [redis({ exportTo: ["."] }), redisRule()];
    expect(foundIn([...objects, caller("jobs")])).toEqual([
      "host_hidden ServiceEntry shop/redis spec.exportTo",
    ]);
    expect(foundIn([...objects, caller("shop")])).toEqual([]);
  });

  it("an object takes the place of the planned one", () => {
    const mesh = parseMesh({
      name: "shop",
      clusters: { east: {}, west: { gateway: { address: "203.0.113.20" } } },
      services: {
        "redis.shop": {
          ports: [{ name: "tcp-redis", port: 6379, protocol: "TCP" }],
          serviceAccount: "redis",
          servedBy: ["west"],
          callers: ["report.jobs"],
          address: "240.0.1.1",
        },
      },
    });
    const [east] = planMesh(mesh).clusters;
    const found = (manifest: Manifest) =>
      checkPolicies(
        [{ name: "east", objects: [{ manifest }], beside: east!.objects }],
        meshPolicySettings(mesh),
      ).map(({ code, name }) => `${code} ${name}`);
    expect(found(redis())).toEqual([]);
    expect(found(redis({ exportTo: ["."] }))).toEqual(["host_hidden ServiceEntry shop/redis"]);
  });

  it("described callers call from where the service is consumed", () => {
    const settings = meshPolicySettings(
      parseMesh({
        name: "shop",
        clusters: { east: {}, west: {}, north: {} },
        services: {
          "redis.shop": {
            ports: [{ name: "tcp-redis", port: 6379, protocol: "TCP" }],
            serviceAccount: "redis",
            servedBy: ["west"],
            consumedBy: ["east"],
            callers: ["report.jobs"],
            address: "240.0.1.1",
          },
        },
      }),
    );
    const objects = [redis({ exportTo: ["."] }), redisRule()];
    expect(foundInClusters({ east: objects, north: objects }, { settings })).toEqual([
      "east host_hidden ServiceEntry shop/redis spec.exportTo",
    ]);
  });
});
