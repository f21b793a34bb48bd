import type { Manifest } from "../../../src";
import { parseMesh, planMesh } from "../../../src";
import { checkPolicies } from "../../../src/core/policy/check";
import { meshPolicySettings } from "../../../src/core/policy/settings";
import { foundIn, type Row } from "./findings";
import {
  allow,
  deployment,
  entry,
  gatewayLabels,
  networking,
  object,
  passthroughServer,
  peerAuthentication,
  security,
} from "./handWritten";

const exported = object(networking, "Gateway", "edge", "eastwest", {
  spec: {
    selector: gatewayLabels,
    servers: [passthroughServer("redis.shop.svc.cluster.local")],
  },
});

const redisService = (...ports: readonly object[]) =>
  object("v1", "Service", "shop", "redis", { spec: { selector: { app: "redis" }, ports } });

const selector = { matchLabels: { app: "redis" } };
const strict = peerAuthentication("shop", "redis", { selector, mtls: { mode: "STRICT" } });
const mesh = (mode: string) => peerAuthentication("istio-system", "default", { mtls: { mode } });
const namespace = (mode: string) => peerAuthentication("shop", "default", { mtls: { mode } });

describe("exported services take STRICT mutual TLS", () => {
  const found = (name: string, path = "spec.mtls.mode") => [
    `plaintext_accepted PeerAuthentication ${name} ${path}`,
  ];
  const portLevel = (port: number, mode: string) =>
    peerAuthentication("shop", "redis", {
      selector,
      mtls: { mode: "STRICT" },
      portLevelMtls: { [port]: { mode } },
    });
  const rows: readonly Row[] = [
    ["PERMISSIVE for the mesh", [exported, mesh("PERMISSIVE")], found("istio-system/default")],
    ["DISABLE for the namespace", [exported, namespace("DISABLE")], found("shop/default")],
    [
      "PERMISSIVE for the workload, within a STRICT namespace",
      [
        exported,
        namespace("STRICT"),
        peerAuthentication("shop", "redis", { selector, mtls: { mode: "PERMISSIVE" } }),
      ],
      found("shop/redis"),
    ],
    [
      "PERMISSIVE for some of the pods",
      [
        exported,
        strict,
        deployment("redis"),
        peerAuthentication("shop", "v1", {
          selector: { matchLabels: { version: "v1" } },
          mtls: { mode: "PERMISSIVE" },
        }),
      ],
      found("shop/v1"),
    ],
    [
      "PERMISSIVE for the port of the Service",
      [exported, redisService({ port: 6379 }), portLevel(6379, "PERMISSIVE")],
      found("shop/redis", 'spec.portLevelMtls["6379"].mode'),
    ],
    [
      "PERMISSIVE for a port by its name",
      [
        exported,
        redisService({ port: 80, targetPort: "redis" }),
        deployment("redis", { ports: [{ name: "redis", containerPort: 6379 }] }),
        portLevel(6379, "PERMISSIVE"),
      ],
      found("shop/redis", 'spec.portLevelMtls["6379"].mode'),
    ],
    [
      "PERMISSIVE for a port where nobody says which there are",
      [exported, portLevel(6379, "DISABLE")],
      found("shop/redis", 'spec.portLevelMtls["6379"].mode'),
    ],
    [
      "pods that answer for a global host",
      [
        entry("redis.local", "redis.shop.global", "240.0.1.1", {
          endpoints: undefined,
          workloadSelector: { labels: { app: "redis" } },
        }),
        namespace("PERMISSIVE"),
      ],
      found("shop/default"),
    ],
    [
      "every service of a gateway that opens all",
      [
        object(networking, "Gateway", "edge", "eastwest", {
          spec: { selector: gatewayLabels, servers: [passthroughServer("*.local")] },
        }),
        redisService({ port: 6379 }),
        namespace("PERMISSIVE"),
      ],
      ["gateway_wildcard Gateway edge/eastwest spec.servers[0].hosts[0]", ...found("shop/default")],
    ],
    [
      "PERMISSIVE for the mesh, and STRICT for the workload",
      [exported, mesh("PERMISSIVE"), strict],
      [],
    ],
    [
      "PERMISSIVE for the mesh, and STRICT for the namespace",
      [exported, mesh("PERMISSIVE"), namespace("STRICT")],
      [],
    ],
    [
      "PERMISSIVE for the namespace, and UNSET for the workload's",
      [exported, namespace("PERMISSIVE"), peerAuthentication("shop", "redis", { selector })],
      found("shop/default"),
    ],
    [
      "PERMISSIVE for a port that the Service doesn't have",
      [exported, redisService({ port: 6379 }), portLevel(9121, "PERMISSIVE")],
      [],
    ],
    [
      "PERMISSIVE for pods with one more label",
      [
        exported,
        strict,
        deployment("redis"),
        peerAuthentication("shop", "cache", {
          selector: { matchLabels: { app: "redis", tier: "cache" } },
          mtls: { mode: "PERMISSIVE" },
        }),
      ],
      [],
    ],
    [
      "PERMISSIVE for another workload",
      [
        exported,
        strict,
        peerAuthentication("shop", "cart", {
          selector: { matchLabels: { app: "cart" } },
          mtls: { mode: "PERMISSIVE" },
        }),
      ],
      [],
    ],
    [
      "PERMISSIVE for another namespace",
      [exported, peerAuthentication("jobs", "default", { mtls: { mode: "PERMISSIVE" } })],
      [],
    ],
    [
      "PERMISSIVE where nothing is exported",
      [mesh("PERMISSIVE"), redisService({ port: 6379 })],
      [],
    ],
    ["nothing said", [exported], []],
  ];
  it.each(rows)("%s", (_what, objects, expected) => expect(foundIn(objects)).toEqual(expected));
});

describe("ports of exported services go through the sidecar", () => {
  const pods = (annotations: Readonly<Record<string, string>>) => [
    exported,
    redisService({ port: 6379 }),
    deployment("redis", { annotations, ports: [{ containerPort: 6379 }] }),
  ];
  const path = (name: string) =>
    `sidecar_bypassed Deployment shop/redis spec.template.metadata.annotations["traffic.sidecar.istio.io/${name}"]`;
  it.each([
    ["excludeInboundPorts", "6379", true],
    ["excludeInboundPorts", "9121, 6379", true],
    ["excludeInboundPorts", "9121", false],
    ["includeInboundPorts", "9121", true],
    ["includeInboundPorts", "9121,6379", false],
    ["includeInboundPorts", "*", false],
  ])("%s: %s", (name, ports, isFound) =>
    expect(foundIn(pods({ [`traffic.sidecar.istio.io/${name}`]: ports }))).toEqual(
      isFound ? [path(name)] : [],
    ),
  );

  it("of other workloads anything goes", () => {
    const annotations = { "traffic.sidecar.istio.io/excludeInboundPorts": "6379" };
    expect(
      foundIn([exported, redisService({ port: 6379 }), deployment("cart", { annotations })]),
    ).toEqual([]);
  });
});

describe("exported services admit callers by their identities", () => {
  const principals = ["cluster.local/ns/shop/sa/cart"];
  const at = (index: number, name = "shop/open") =>
    `anyone_allowed AuthorizationPolicy ${name} spec.rules[${index}]`;
  const withRules = (...rules: readonly object[]) => [
    exported,
    redisService({ port: 6379 }),
    allow("open", ...rules),
  ];
  const rows: readonly Row[] = [
    ["an empty rule", withRules({}), [at(0)]],
    ["a rule for a port alone", withRules({ to: [{ operation: { ports: ["6379"] } }] }), [at(0)]],
    [
      "a rule for addresses",
      withRules({ from: [{ source: { ipBlocks: ["10.0.0.0/8"] } }] }),
      [at(0)],
    ],
    ["all but some", withRules({ from: [{ source: { notPrincipals: principals } }] }), [at(0)]],
    [
      "one source of two without an identity",
      withRules({
        from: [{ source: { principals } }, { source: { remoteIpBlocks: ["10.1.0.0/16"] } }],
      }),
      [at(0)],
    ],
    [
      "one rule of two",
      withRules(
        { from: [{ source: { principals } }] },
        { to: [{ operation: { ports: ["6379"] } }] },
      ),
      [at(1)],
    ],
    [
      "a policy for the whole namespace",
      [exported, object(security, "AuthorizationPolicy", "shop", "all", { spec: { rules: [{}] } })],
      [at(0, "shop/all")],
    ],
    [
      "a policy for the whole mesh",
      [
        exported,
        object(security, "AuthorizationPolicy", "istio-system", "all", { spec: { rules: [{}] } }),
      ],
      [at(0, "istio-system/all")],
    ],
    ["principals", withRules({ from: [{ source: { principals } }] }), []],
    [
      "any identity of the mesh",
      withRules({ from: [{ source: { principals: ["cluster.local/*"] } }] }),
      [],
    ],
    ["namespaces", withRules({ from: [{ source: { namespaces: ["shop"] } }] }), []],
    ["ServiceAccounts", withRules({ from: [{ source: { serviceAccounts: ["shop/cart"] } }] }), []],
    [
      "addresses of principals",
      withRules({ from: [{ source: { principals, ipBlocks: ["10.0.0.0/8"] } }] }),
      [],
    ],
    [
      "tokens of requests, which may name who calls",
      withRules({ from: [{ source: { requestPrincipals: ["*"] } }] }),
      [],
    ],
    [
      "a path that is open on purpose",
      withRules({ to: [{ operation: { paths: ["/healthz"] } }] }),
      [],
    ],
    ["another port", withRules({ to: [{ operation: { ports: ["9121"] } }] }), []],
    ["conditions", withRules({ when: [{ key: "source.principal", values: principals }] }), []],
    ["no rules, which admit nobody", withRules(), []],
    [
      "a policy that denies",
      [
        exported,
        object(security, "AuthorizationPolicy", "shop", "deny", {
          spec: { action: "DENY", rules: [{}] },
        }),
      ],
      [],
    ],
    [
      "a policy for other pods",
      [
        exported,
        object(security, "AuthorizationPolicy", "shop", "web", {
          spec: { selector: { matchLabels: { app: "web" } }, rules: [{}] },
        }),
      ],
      [],
    ],
    [
      "a policy for a waypoint",
      [
        exported,
        object(security, "AuthorizationPolicy", "shop", "w", {
          spec: { targetRefs: [{ kind: "Gateway", name: "w" }], rules: [{}] },
        }),
      ],
      [],
    ],
  ];
  it.each(rows)("%s", (_what, objects, expected) => expect(foundIn(objects)).toEqual(expected));
});

describe("with a description", () => {
  const described = parseMesh({
    name: "shop",
    clusters: {
      east: { gateway: { address: "203.0.113.10" } },
      west: { gateway: { address: "203.0.113.20" } },
    },
    services: {
      "redis.shop": {
        ports: [{ name: "tcp-redis", port: 6379, protocol: "TCP", targetPort: 7000 }],
        serviceAccount: "redis",
        selector: { role: "store" },
        servedBy: ["west"],
        callers: ["cart.shop"],
      },
    },
  });
  const plan = planMesh(described);
  const find = (manifest: Manifest) =>
    checkPolicies(
      plan.clusters
        .filter(({ cluster }) => cluster.name === "west")
        .map(({ cluster, objects }) => ({
          name: cluster.name,
          objects: [{ manifest }],
          beside: objects,
        })),
      meshPolicySettings(described),
    ).map(({ code, name }) => `${code} ${name}`);

  it("the planned gateway exports, and the described selector says which pods", () => {
    const open = (labels: Readonly<Record<string, string>>) =>
      object(security, "AuthorizationPolicy", "shop", "open", {
        spec: { selector: { matchLabels: labels }, rules: [{}] },
      });
    expect(find(open({ role: "store" }))).toEqual(["anyone_allowed AuthorizationPolicy shop/open"]);
    expect(find(open({ app: "redis" }))).toEqual([]);
  });

  it("the planned policy is narrower than one of the namespace", () => {
    expect(find(peerAuthentication("shop", "default", { mtls: { mode: "PERMISSIVE" } }))).toEqual(
      [],
    );
  });

  it("the described port of the pods counts", () => {
    const atPort = (port: number) =>
      find(
        peerAuthentication("shop", "ports", {
          selector: { matchLabels: { role: "store" } },
          mtls: { mode: "STRICT" },
          portLevelMtls: { [port]: { mode: "DISABLE" } },
        }),
      );
    expect(atPort(7000)).toEqual(["plaintext_accepted PeerAuthentication shop/ports"]);
    expect(atPort(6379)).toEqual([]);
  });
});
