import { App, Chart, Lazy, Testing } from "cdk8s";
import { Construct } from "constructs";
import { GlobalDns, GlobalService, Mesh, MultiClusterGateway, SharedRootCA } from "../../src/cdk8s";
import {
  caFileNames,
  type Manifest,
  type MeshDescription,
  MeshError,
  parseMesh,
  planMesh,
} from "../../src";
import { toLiteral } from "../../src/core/literals";
import { type PlannedObject } from "../../src";
import { shopClusters, shopMesh } from "../../src/demo";
import { sampleDescription, sampleMesh, samplePlan, sampleWorkloads } from "../core/sampleMesh";

/** Files that stand for certificates: what constructs do with them doesn't depend on what is in them. */
function certificatesFor(description: MeshDescription) {
  return Object.fromEntries(
    Object.keys(description.clusters).map((cluster) => [
      cluster,
      Object.fromEntries(caFileNames.map((file) => [file, `${cluster} ${file}\n`])) as Record<
        (typeof caFileNames)[number],
        string
      >,
    ]),
  );
}

const certificates = certificatesFor(sampleDescription);

/** Objects by group, kind, namespace and name, as both sides of a comparison have them. */
function byKey(manifests: readonly any[]): Readonly<Record<string, unknown>> {
  const keys = manifests.map(
    ({ apiVersion, kind, metadata }) =>
      `${apiVersion} ${kind} ${metadata.namespace ?? ""}/${metadata.name}`,
  );
  expect(new Set(keys).size).toBe(keys.length);
  return Object.fromEntries(keys.map((key, index) => [key, manifests[index]]));
}

const literal = (objects: readonly PlannedObject[], files = certificates) =>
  objects.map(({ manifest }) => toLiteral(manifest, files));

describe("Mesh", () => {
  const meshes: readonly (readonly [string, ReturnType<typeof shopMesh>])[] = [
    ["the sample", { description: sampleDescription, workloads: sampleWorkloads, calls: [] }],
    ...[1, 2, 3, 8].map(
      (n) => [`the demo shop on ${n}`, shopMesh({ clusters: shopClusters(n) })] as const,
    ),
  ];

  it.each(meshes)(
    "%s: charts have exactly the objects of the plan",
    (_what, { description, workloads }) => {
      const files = certificatesFor(description);
      const mesh = new Mesh(Testing.app(), "mesh", { description, workloads, certificates: files });
      const plan = planMesh(parseMesh(description), { workloads });
      for (const { cluster, objects } of plan.clusters) {
        const charts = [mesh.charts[cluster.name]!, mesh.trustCharts[cluster.name]!];
        expect(byKey(charts.flatMap((chart) => Testing.synth(chart)))).toEqual(
          byKey(literal(objects, files)),
        );
      }
    },
  );

  it("keeps key material in charts of its own", () => {
    const mesh = new Mesh(Testing.app(), "mesh", { description: sampleDescription, certificates });
    for (const [name, chart] of Object.entries(mesh.charts)) {
      expect(JSON.stringify(Testing.synth(chart))).not.toContain("ca-key.pem");
      expect(Testing.synth(mesh.trustCharts[name]!).map(({ kind }) => kind)).toEqual(["Secret"]);
    }
  });

  it("has no charts for trust where clusters have their CA", () => {
    const app = new App();
    const description: MeshDescription = { ...sampleDescription, trust: { issuer: "existing" } };
    const { trustCharts } = new Mesh(app, "mesh", { description });
    expect(trustCharts).toEqual({});
    expect(app.charts.map(({ node }) => node.id)).toEqual(Object.keys(description.clusters));
  });

  it("of one description is in as many apps as there are", () => {
    const mesh = parseMesh(sampleDescription);
    const [first, second] = [1, 2].map(() => {
      const { charts } = new Mesh(Testing.app(), "mesh", { mesh, certificates });
      return Object.values(charts).map((chart) => Testing.synth(chart));
    });
    expect(second).toEqual(first);
  });

  it("says how two meshes get into one app", () => {
    const app = Testing.app();
    new Mesh(app, "first", { description: sampleDescription, certificates });
    const description = { ...sampleDescription, name: "other" };
    expect(() => new Mesh(app, "second", { description, certificates })).toThrow(
      /charts.east: there is a construct "east".*new Mesh\(new Construct[^]*charts.east-cacerts/,
    );
    expect(() => new Mesh(Testing.app(), "east", { description, certificates })).toThrow(
      /charts.east: .*give it another ID/,
    );
    const { charts } = new Mesh(new Construct(app, "other"), "mesh", { description, certificates });
    expect(charts.east?.node.path).toBe("other/east");
  });

  it("takes workloads with lazy values, whatever these hold", () => {
    const app = Testing.app();
    // As where a construct is the producer: it leads to the whole app and back.
    const producer = { app, produce: () => 2 };
    const lazy: Manifest = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "lazy", namespace: "default" },
      spec: { replicas: Lazy.any(producer) },
    };
    const { charts } = new Mesh(app, "mesh", {
      ...{ description: sampleDescription, certificates },
      workloads: { east: [lazy] },
    });
    const made = Testing.synth(charts.east!).find(({ metadata }) => metadata.name === "lazy");
    expect(made.spec).toEqual({ replicas: 2 });
  });

  it("applies what an object needs before it", () => {
    const mesh = new Mesh(Testing.app(), "mesh", { description: sampleDescription, certificates });
    const kinds = Testing.synth(mesh.charts.west!).map(({ kind }) => kind);
    expect(kinds.indexOf("Namespace")).toBeLessThan(kinds.indexOf("ServiceAccount"));
    expect(kinds.indexOf("ServiceAccount")).toBeLessThan(kinds.indexOf("Deployment"));
  });

  it("gives the values of Istio's charts, and its services' names and addresses", () => {
    const mesh = new Mesh(Testing.app(), "mesh", { description: sampleDescription, certificates });
    expect(mesh.helmValues("east")).toEqual(samplePlan.clusters[0]!.helm);
    expect(mesh.services["cart.default"]!.host).toBe("cart.default.global");
    expect(() => mesh.helmValues("north")).toThrow(MeshError);
  });

  it("shows every fault at construction, and makes no chart", () => {
    const app = Testing.app();
    const faulty = {
      ...sampleDescription,
      clusters: { ...sampleDescription.clusters, west: {} },
      domain: "Global",
      addresses: "10.0.0.0/31",
    };
    const construct = () => new Mesh(app, "mesh", { description: faulty });
    expect(construct).toThrow(
      expect.objectContaining({
        issues: [
          expect.objectContaining({ path: ["domain"] }),
          expect.objectContaining({ path: ["addresses"] }),
        ],
      }),
    );
    expect(app.charts).toEqual([]);
  });

  it("says all that files need and the description lacks", () => {
    const clusters = { east: {}, west: { dns: { mode: "coredns" } } } as const;
    const issues = (() => {
      try {
        new Mesh(Testing.app(), "mesh", { description: { ...sampleDescription, clusters } });
      } catch (error) {
        return (error as MeshError).issues.map(({ code, path }) => `${code} ${path.join(".")}`);
      }
      return [];
    })();
    expect([...issues].sort()).toEqual([
      "certificate_missing certificates.east",
      "certificate_missing certificates.west",
      "corefile_needed clusters.west.dns.corefile",
      "dns_address_needed clusters.west.dns.address",
      "gateway_address_needed clusters.east.gateway.address",
      "gateway_address_needed clusters.west.gateway.address",
    ]);
  });
});

describe("constructs used one by one in somebody else's App", () => {
  const { services: described, ...settings } = sampleDescription;
  const mesh = parseMesh(settings);
  const charts = (): Record<string, Chart> => {
    const app = new App();
    return { east: new Chart(app, "east"), west: new Chart(app, "west") };
  };
  const scopeOf = (own: Record<string, Chart>) => own.east!.node.root as App;
  const ofComponent = (component: string) =>
    samplePlan.clusters.map(
      ({ cluster, objects }) =>
        [
          cluster.name,
          literal(objects.filter((object) => object.component === component)),
        ] as const,
    );

  it("SharedRootCA gives the secrets of the plan", () => {
    const own = charts();
    new SharedRootCA(scopeOf(own), "ca", { mesh, charts: own, certificates });
    for (const [cluster, expected] of ofComponent("SharedRootCA"))
      expect(byKey(Testing.synth(own[cluster]!))).toEqual(byKey(expected));
  });

  it("GlobalService gives the objects of the plan, whether it is described here or in the mesh", () => {
    const [here, there] = [charts(), charts()];
    const cart = new GlobalService(scopeOf(here), "cart", {
      mesh,
      charts: here,
      name: "cart",
      ...described["cart.default"],
    });
    new GlobalService(scopeOf(here), "pay", {
      mesh,
      charts: here,
      name: "pay",
      namespace: "default",
      ...described["pay.default"],
    });
    for (const service of ["cart.default", "pay.default"])
      new GlobalService(scopeOf(there), service, { mesh: sampleMesh, charts: there, service });
    for (const [cluster, expected] of ofComponent("GlobalService")) {
      expect(byKey(Testing.synth(here[cluster]!))).toEqual(byKey(expected));
      expect(byKey(Testing.synth(there[cluster]!))).toEqual(byKey(expected));
    }
    expect(cart.host).toBe("cart.default.global");
    expect(cart.address).toBe(sampleMesh.services[0]!.address);
  });

  it("MultiClusterGateway and GlobalDns take the services that they are given", () => {
    const [services, gateways, dns] = [charts(), charts(), charts()];
    const globals = (["cart", "pay"] as const).map(
      (name) =>
        new GlobalService(scopeOf(services), name, {
          mesh: parseMesh(settings),
          charts: services,
          name,
          ...described[`${name}.default`],
        }),
    );
    for (const cluster of ["east", "west"]) {
      new MultiClusterGateway(scopeOf(gateways), `gateway-${cluster}`, {
        mesh,
        charts: gateways,
        cluster,
        exports: globals,
      });
      new GlobalDns(scopeOf(dns), `dns-${cluster}`, {
        mesh,
        charts: dns,
        cluster,
        services: globals,
      });
    }
    for (const [cluster, expected] of ofComponent("MultiClusterGateway"))
      expect(byKey(Testing.synth(gateways[cluster]!))).toEqual(byKey(expected));
    for (const [cluster, expected] of ofComponent("GlobalDns"))
      expect(byKey(Testing.synth(dns[cluster]!))).toEqual(byKey(expected));
  });

  it("faults name the service, the chart, the cluster", () => {
    const own = charts();
    const app = scopeOf(own);
    const fresh = parseMesh(settings);
    const issuesOf = (construct: () => unknown) => {
      try {
        construct();
      } catch (error) {
        if (error instanceof MeshError)
          return error.issues.map(({ code, path }) => `${code} ${path.join("/")}`);
        throw error;
      }
      return [];
    };
    const cart = { mesh: fresh, charts: own, name: "cart", ...described["cart.default"] };
    expect(
      issuesOf(() => new GlobalService(app, "a", { ...cart, servedBy: ["wset"], ports: [] })),
    ).toEqual([
      "no_ports services/cart.default/ports",
      "unknown_cluster services/cart.default/servedBy/0",
    ]);
    expect(
      issuesOf(() => new GlobalService(app, "b", { ...cart, charts: { east: own.east! } })),
    ).toEqual(["unknown_cluster charts/west"]);
    expect(
      issuesOf(
        () =>
          new GlobalService(app, "c", { mesh: sampleMesh, charts: own, service: "cart.defualt" }),
      ),
    ).toEqual(["unknown_service service"]);
    expect(
      issuesOf(() => new MultiClusterGateway(app, "d", { mesh, charts: own, cluster: "north" })),
    ).toEqual(["unknown_cluster cluster"]);
    expect(issuesOf(() => new SharedRootCA(app, "e", { mesh, charts: own }))).toEqual([
      "certificate_missing certificates/east",
      "certificate_missing certificates/west",
    ]);
  });

  it("a gateway that keeps a service shut in is a fault when the App is written", () => {
    const own = charts();
    const app = scopeOf(own);
    const fresh = parseMesh(settings);
    const gateway = (id: string, exports: readonly GlobalService[]) =>
      new MultiClusterGateway(app, id, { mesh: fresh, charts: own, cluster: "west", exports });
    const empty = gateway("early", []);
    const cart = new GlobalService(app, "cart", {
      mesh: fresh,
      charts: own,
      name: "cart",
      ...described["cart.default"],
    });
    expect(empty.node.validate()).toEqual([
      expect.stringMatching(
        /^cart\.default\.svc\.cluster\.local is called from other clusters.*add its GlobalService to exports$/,
      ),
    ]);
    const other = charts();
    const later = new MultiClusterGateway(scopeOf(other), "later", {
      mesh: fresh,
      charts: other,
      cluster: "west",
      exports: [cart],
    });
    expect(later.node.validate()).toEqual([]);
  });

  it("what an object needs comes before it, in whatever order constructs are made", () => {
    const own = charts();
    const app = scopeOf(own);
    new SharedRootCA(app, "ca", { mesh: sampleMesh, charts: own, certificates });
    new GlobalDns(app, "dns", { mesh: sampleMesh, charts: own, cluster: "west" });
    new MultiClusterGateway(app, "gateway", { mesh: sampleMesh, charts: own, cluster: "west" });
    const order = Testing.synth(own.west!).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    for (const needing of [
      "Secret cacerts",
      "ServiceAccount meshspan-dns",
      "ServiceAccount istio-eastwestgateway",
    ]) {
      expect(order.indexOf("Namespace istio-system")).toBeLessThan(order.indexOf(needing));
      expect(order).toContain(needing);
    }
  });

  it("two services on one address are told apart when they are made", () => {
    const own = charts();
    const app = scopeOf(own);
    const fresh = parseMesh(settings);
    const pinned = { mesh: fresh, charts: own, ...described["cart.default"], address: "240.1.2.3" };
    new GlobalService(app, "cart", { ...pinned, name: "cart" });
    expect(() => new GlobalService(app, "tray", { ...pinned, name: "tray" })).toThrow(
      /both have 240\.1\.2\.3/,
    );
  });
});
