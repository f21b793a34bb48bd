import {
  diffPlans,
  exposureCodes,
  exposuresOf,
  formatPath,
  type MeshDescription,
  parseMesh,
  planMesh,
} from "../../src";

/** Two clusters and two services as narrow as a description can be. */
const narrow = {
  name: "shop",
  clusters: {
    east: { gateway: { address: "203.0.113.10", allowFrom: ["198.51.100.0/24"] } },
    west: { gateway: { address: "203.0.113.20", allowFrom: ["192.0.2.0/24", "2001:db8::/32"] } },
  },
  services: {
    "cart.default": {
      ports: [{ name: "grpc", port: 7070, protocol: "GRPC" }],
      serviceAccount: "cart",
      servedBy: ["west"],
      callers: ["front.default"],
    },
    "pay.default": {
      ports: [{ name: "grpc", port: 9090, protocol: "GRPC" }],
      serviceAccount: "pay",
      servedBy: ["east"],
      callers: ["till.default"],
    },
  },
} satisfies MeshDescription;

const west = (change: object): MeshDescription => ({
  ...narrow,
  clusters: { ...narrow.clusters, west: { ...narrow.clusters.west, ...change } },
});
const gateway = (change: object) =>
  west({ gateway: { ...narrow.clusters.west.gateway, ...change } });
const { callers: _, ...anyone } = narrow.services["cart.default"];

/** A widening, what it exposes, and the change that a review sees. */
const widenings: readonly {
  readonly title: string;
  readonly description: MeshDescription;
  readonly code: (typeof exposureCodes)[number];
  readonly path: string;
  readonly change: string;
}[] = [
  {
    title: "a further trust domain",
    description: { ...narrow, trust: { trustDomainAliases: ["old.example"] } },
    code: "trust_domain_alias",
    path: "trust.trustDomainAliases[0]",
    change: "trustedDomainsChanged",
  },
  {
    title: "control planes that read each other's clusters",
    description: { ...narrow, distribution: "endpoints" },
    code: "secrets_read_by_peers",
    path: "distribution",
    change: "exposureAdded",
  },
  {
    title: "a cluster without NetworkPolicies",
    description: west({ networkPolicies: false }),
    code: "network_policies_off",
    path: "clusters.west.networkPolicies",
    change: "exposureAdded",
  },
  {
    title: "a gateway without ranges",
    description: west({ gateway: { address: "203.0.113.20" } }),
    code: "gateway_open",
    path: "clusters.west.gateway.allowFrom",
    change: "gatewaySourcesChanged",
  },
  {
    title: "a gateway with a range that is everything",
    description: gateway({ allowFrom: ["192.0.2.0/24", "::/0"] }),
    code: "gateway_open",
    path: "clusters.west.gateway.allowFrom",
    change: "gatewaySourcesChanged",
  },
  {
    title: "ranges that only the load balancer keeps to",
    description: gateway({ preserveClientIP: false }),
    code: "gateway_sources_unchecked",
    path: "clusters.west.gateway.preserveClientIP",
    change: "exposureAdded",
  },
  {
    title: "a gateway in a namespace that may be others'",
    description: gateway({ namespace: "edge" }),
    code: "gateway_namespace_shared",
    path: "clusters.west.gateway.namespace",
    change: "exposureAdded",
  },
  {
    title: "a service that anyone may call",
    description: { ...narrow, services: { ...narrow.services, "cart.default": anyone } },
    code: "callers_open",
    path: 'services["cart.default"].callers',
    change: "callersOpened",
  },
];

const planOf = (description: MeshDescription) => planMesh(parseMesh(description));

describe("exposuresOf", () => {
  it("finds nothing in a description that is as narrow as can be", () => {
    expect(exposuresOf(parseMesh(narrow))).toEqual([]);
  });

  it.each(widenings)("finds $title", ({ description, code, path }) => {
    const found = exposuresOf(parseMesh(description));
    expect(found.map((exposure) => [exposure.code, formatPath(exposure.path)])).toEqual([
      [code, path],
    ]);
    for (const { message, hint } of found)
      expect(`${message} ${hint}`).not.toMatch(/\.$|undefined/);
  });

  it("says what pods can read where hubs have no NetworkPolicy", () => {
    const hubs = { distribution: "hub", istio: { version: "1.30.2" } } as const;
    const [found] = exposuresOf(parseMesh({ ...west({ networkPolicies: false }), ...hubs }));
    expect(found!.message).toMatch(/any pod can read what istiod reads from hubs$/);
  });

  it("has a widening for every code", () => {
    expect(new Set(widenings.map(({ code }) => code))).toEqual(new Set(exposureCodes));
  });
});

describe("diffPlans", () => {
  it.each(widenings)("tells of $title once, at the top", ({ description, change }) => {
    const { changes } = diffPlans(planOf(narrow), planOf(description));
    expect(changes[0]).toMatchObject({ kind: change, risk: "high" });
    expect(changes.filter(({ kind }) => kind === change)).toHaveLength(1);
    expect(changes.slice(1).map(({ kind }) => kind)).not.toContain("exposureAdded");
  });

  it.each(widenings)("tells when there is no more of $title", ({ description, change }) => {
    const { changes } = diffPlans(planOf(description), planOf(narrow));
    const removed = changes.filter(({ kind }) => kind === "exposureRemoved");
    expect(removed).toHaveLength(change === "exposureAdded" ? 1 : 0);
    for (const { risk, text } of removed) {
      expect(risk).toBe("medium");
      expect(text).toMatch(/^no more: /);
    }
  });

  it("tells what a new cluster opens", () => {
    const north = { gateway: { address: "203.0.113.30" } };
    const description = { ...narrow, clusters: { ...narrow.clusters, north } };
    const { changes } = diffPlans(planOf(narrow), planOf(description));
    expect(changes[0]).toMatchObject({
      kind: "exposureAdded",
      exposure: "gateway_open",
      cluster: "north",
      text: "the gateway takes connections from any address",
    });
    // One that leaves shuts it.
    const { changes: back } = diffPlans(planOf(description), planOf(narrow));
    expect(back.map(({ kind }) => kind)).not.toContain("exposureRemoved");
  });

  it("tells what a new mesh opens", () => {
    const [{ description }] = widenings as readonly [(typeof widenings)[number]];
    expect(diffPlans(undefined, planOf(description)).changes[0]).toMatchObject({
      kind: "exposureAdded",
      exposure: "trust_domain_alias",
    });
  });
});
