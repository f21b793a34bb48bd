/** Meshes with hubs: what goes into them, what stays with clusters, and what a service more costs. */
import fc from "fast-check";
import { parseMesh, planMesh, type ServiceDescription } from "../../../src";
import { described, names, service } from "../hubMesh";

const plan = (...args: Parameters<typeof described>) => planMesh(parseMesh(described(...args)));

/** Keys of the objects of a service, or of what is in a namespace, by cluster. */
function keysOf(made: ReturnType<typeof plan>, fits: (key: string) => boolean) {
  return Object.fromEntries(
    made.clusters.flatMap(({ cluster, objects }) => {
      const found = objects.map(({ key }) => key.split("/").slice(1).join("/")).filter(fits);
      return found.length === 0 ? [] : [[cluster.name, found]];
    }),
  );
}

describe("a service of a mesh with hubs", () => {
  it("is in each hub once, and with consumers not at all", () => {
    const made = plan({ "pay.default": service("pay", { shortName: true }) });
    const hub = ["DestinationRule", "ServiceEntry", "VirtualService"].map(
      (kind) => `${kind}/mesh-config-all/pay.default`,
    );
    expect(keysOf(made, (key) => /(Entry|Rule|VirtualService).*\/pay/.test(key))).toEqual({
      east: hub,
      north: hub,
      west: ["DestinationRule/default/pay.global", "ServiceEntry/default/pay.local"],
    });
    // A Service for the short name is none that a hub could hand out.
    expect(keysOf(made, (key) => key === "Service/default/pay")).toEqual({
      east: ["Service/default/pay"],
      north: ["Service/default/pay"],
      south: ["Service/default/pay"],
    });
    const east = made.clusters[0]?.objects.filter(
      ({ manifest }) => manifest.metadata.namespace === "mesh-config-all",
    );
    // Without its rule, an entry would have proxies speak plaintext.
    expect(east?.find(({ manifest }) => manifest.kind === "ServiceEntry")?.dependsOn).toContain(
      "networking.istio.io/DestinationRule/mesh-config-all/pay.default",
    );
    for (const { manifest, dependsOn } of east ?? []) {
      expect(manifest.spec).toMatchObject({ exportTo: ["*"] });
      expect(manifest.metadata.labels).not.toHaveProperty(["istio.io/rev"]);
      expect(dependsOn).toContain("core/Namespace//mesh-config-all");
    }
  });

  it("keeps, where it is served and consumed, entries that come before the hub's", () => {
    const made = plan({
      "pay.shop": service("pay", { servedBy: ["south", "west"] }),
      "cart.default": service("cart", { callers: ["front.web"] }),
      "user.default": service("user", { servedBy: ["south"], callers: ["front.web"] }),
    });
    const south = made.clusters[2]?.objects ?? [];
    const specs = south
      .filter(
        ({ service: key, manifest }) =>
          ["pay.shop", "user.default"].includes(key ?? "") &&
          ["ServiceEntry", "DestinationRule"].includes(manifest.kind),
      )
      .map(({ key, manifest }) => [
        key.split("/").slice(1).join("/"),
        (manifest.spec as { exportTo: string[] }).exportTo,
      ]);
    expect(specs).toEqual([
      // Anybody may call it, so it's every namespace that the mesh knows.
      ["DestinationRule/shop/pay.global", [".", "default", "web"]],
      ["ServiceEntry/shop/pay", [".", "default", "web"]],
      ["ServiceEntry/shop/pay.local", [".", "default", "web"]],
      ["DestinationRule/default/user.global", [".", "web"]],
      ["ServiceEntry/default/user.local", [".", "web"]],
    ]);
    const remote = south.find(({ key }) => key.endsWith("ServiceEntry/shop/pay"));
    const { endpoints } = remote?.manifest.spec as { endpoints: { address: string }[] };
    expect(endpoints.map(({ address }) => address)).toEqual(["203.0.113.13"]);
  });

  it("is in a namespace of those that consume it, which nobody else reads", () => {
    const made = plan({
      "pay.default": service("pay"),
      "some.default": service("some", { consumedBy: ["south", "east"] }),
      "same.default": service("same", { consumedBy: ["east", "south"] }),
    });
    const [east, , south, west] = made.clusters;
    const namespace = east?.objects.find(({ key }) => key.endsWith("/some.default"))?.manifest
      .metadata.namespace;
    expect(namespace).toMatch(/^mesh-config-[0-9a-f]{8}$/);
    expect(
      east?.objects.find(({ key }) => key.endsWith("/same.default"))?.manifest.metadata.namespace,
    ).toBe(namespace);
    const sources = made.clusters.map(({ helm }) => helm.istiod.meshConfig.configSources?.length);
    expect(sources).toEqual([3, 2, 3, 2]);
    expect(south?.helm.istiod.meshConfig.configSources).toEqual([
      { address: "k8s://" },
      {
        address: expect.stringMatching(/^xds:\/\/meshspan-hub\.istio-eastwest\.svc:15\d{3}$/),
        tlsSettings: { mode: "DISABLE" },
      },
      {
        address: "xds://meshspan-hub.istio-eastwest.svc:15110",
        tlsSettings: { mode: "DISABLE" },
      },
    ]);
    expect(west?.helm.istiod.podAnnotations).toEqual({
      "meshspan.dev/config-sources": "k8s:// xds://meshspan-hub.istio-eastwest.svc:15110",
    });
  });

  it("costs objects whose number doesn't go with that of clusters", () => {
    const written = (count: number, more: Partial<ServiceDescription>) => {
      const clusters = Array.from({ length: count }, (_, index) => `c${100 + index}`);
      const one = { "old.default": service("old", { servedBy: ["c100"] }) };
      const all = { ...one, "new.default": service("new", { servedBy: ["c101"], ...more }) };
      const texts = (services: Record<string, ServiceDescription>) =>
        planMesh(parseMesh(described(services, {}, clusters))).clusters.flatMap(
          ({ cluster, objects, helm }) => [
            `${cluster.name} ${JSON.stringify(helm)}`,
            ...objects.map((object) => `${cluster.name} ${JSON.stringify(object)}`),
          ],
        );
      const before = new Set(texts(one));
      return texts(all).filter((text) => !before.has(text)).length;
    };
    const arbitrary = fc.record({
      callers: fc.constantFrom(undefined, ["front.default"]),
      failover: fc.boolean(),
      routes: fc.constantFrom(undefined, [{ to: [{}], timeout: "2s" }]),
      versions: fc.constantFrom(undefined, { v1: { version: "v1" } }),
    });
    fc.assert(
      fc.property(arbitrary, fc.integer({ min: 3, max: 20 }), (more, count) => {
        const given = Object.fromEntries(
          Object.entries({
            ...more,
            ...(more.versions === undefined ? {} : { servedBy: { c101: ["v1"] } }),
          }).filter(([, value]) => value !== undefined),
        );
        expect(written(count, given)).toBe(written(3, given));
        expect(written(3, given)).toBeLessThanOrEqual(13);
      }),
      { numRuns: 10 },
    );
  });
});

describe("a cluster of a mesh with hubs", () => {
  const made = plan({ "pay.default": service("pay") });

  it("has a control plane for gateways and hubs that doesn't read hubs", () => {
    for (const { helm, objects } of made.clusters) {
      expect(helm.gateways?.revision).toBe("meshspan-gateways");
      expect(helm.gateways?.meshConfig).not.toHaveProperty("configSources");
      const revisions = objects
        .filter(({ manifest }) => manifest.kind === "Deployment")
        .map(({ manifest }) => manifest.spec as any)
        .map(({ template }) => template.metadata.labels["istio.io/rev"]);
      expect(new Set(revisions)).toEqual(new Set(["meshspan-gateways"]));
    }
  });

  it("hides hubs' namespaces from its own control planes", () => {
    const selectors = [
      { matchExpressions: [{ key: "meshspan.dev/audience", operator: "DoesNotExist" }] },
    ];
    const [east, , south] = made.clusters;
    expect(east?.helm.istiod.meshConfig.discoverySelectors).toEqual(selectors);
    expect(east?.helm.gateways?.meshConfig.discoverySelectors).toEqual(selectors);
    expect(south?.helm.istiod.meshConfig).not.toHaveProperty("discoverySelectors");
  });

  it("lets gateways of the audience read its hub, and reads no Secrets but those beside it", () => {
    const east = made.clusters[0]?.objects ?? [];
    const policy = east.find(({ key }) => key.includes("AuthorizationPolicy/istio-hub/"));
    expect(policy?.manifest.spec).toMatchObject({
      action: "ALLOW",
      rules: [
        {
          from: [
            {
              source: {
                principals: ["cluster.local/ns/istio-eastwest/sa/istio-eastwestgateway"],
              },
            },
          ],
          to: [{ operation: { ports: ["15010"] } }],
        },
      ],
    });
    const role = east.find(({ key }) => key.includes("ClusterRole/"));
    const rules = role?.manifest.rules as { resources: string[]; verbs: string[] }[];
    expect(rules.flatMap(({ resources }) => resources)).not.toContain("secrets");
    expect(rules.flatMap(({ resources }) => resources)).not.toContain("configmaps");
    expect(new Set(rules.flatMap(({ verbs }) => verbs))).toEqual(new Set(["get", "list", "watch"]));
  });

  it("keeps both where hubs are named beside distribution: objects, on the way from one to the other", () => {
    const services = { "pay.default": service("pay") };
    const both = plan(services, { distribution: "objects", hubs: ["east"] });
    const entries = keysOf(both, (key) => key.startsWith("ServiceEntry/") && key.includes("/pay"));
    expect(entries).toEqual({
      east: ["ServiceEntry/default/pay", "ServiceEntry/mesh-config-all/pay.default"],
      north: ["ServiceEntry/default/pay"],
      south: ["ServiceEntry/default/pay"],
      west: ["ServiceEntry/default/pay.local"],
    });
    expect(both.clusters.map(({ helm }) => helm.gateways?.revision)).toEqual(
      names.map(() => "meshspan-gateways"),
    );
  });

  it("has nothing of hubs where there are none", () => {
    const without = plan({ "pay.default": service("pay") }, { distribution: "objects" });
    const text = JSON.stringify(without);
    expect(text).not.toContain("istio-hub");
    expect(text).not.toContain("mesh-config");
    expect(text).not.toContain("-gateways");
  });
});
