import { Late } from "../../../src";
import {
  corefile,
  objectOf,
  objectsOf,
  planOf,
  sampleDescription,
  samplePlan,
  spec,
} from "../sampleMesh";

const networking = (kind: string, name: string) => `networking.istio.io/${kind}/default/${name}`;
const gatewayKey = (group: string, kind: string) =>
  `${group}/${kind}/istio-eastwest/istio-eastwestgateway`;
const { clusters, services } = sampleDescription;

describe("ServiceEntry", () => {
  it("lists each peer's gateway with its locality, once per version that it can reach", () => {
    expect(spec(samplePlan, "east", networking("ServiceEntry", "pay")).endpoints).toEqual([
      {
        address: "203.0.113.20",
        ports: { http: 15443, grpc: 15443 },
        locality: "us-west1/us-west1-a",
        labels: { version: "v1" },
      },
      {
        address: "203.0.113.20",
        ports: { http: 15443, grpc: 15443 },
        locality: "us-west1/us-west1-a",
        labels: { version: "v2" },
      },
    ]);
  });

  it("for the cluster's own pods goes to the container's port", () => {
    expect(spec(samplePlan, "east", networking("ServiceEntry", "pay.local")).ports).toEqual([
      { name: "http", number: 80, protocol: "HTTP", targetPort: 8080 },
      { name: "grpc", number: 90, protocol: "GRPC" },
    ]);
  });

  it("dials the nodes' port where the gateway is behind one", () => {
    const plan = planOf({
      clusters: {
        ...clusters,
        west: { provider: "kind", gateway: { address: "172.18.0.3", nodePort: 32000 } },
      },
    });
    expect(spec(plan, "east", networking("ServiceEntry", "cart")).endpoints).toEqual([
      { address: "172.18.0.3", ports: { grpc: 32000 } },
    ]);
    expect(spec(plan, "west", gatewayKey("core", "Service")).ports).toEqual([
      { name: "tls", port: 15443, targetPort: 15443, protocol: "TCP", nodePort: 32000 },
    ]);
  });

  it("resolves by DNS, both entries of a host alike, where a gateway's address is a host name", () => {
    const plan = planOf({
      clusters: { ...clusters, west: { gateway: { address: "gateway.example.com" } } },
    });
    expect(spec(plan, "east", networking("ServiceEntry", "pay")).resolution).toBe("DNS");
    expect(spec(plan, "east", networking("ServiceEntry", "pay.local")).resolution).toBe("DNS");
    expect(spec(plan, "west", networking("ServiceEntry", "pay")).resolution).toBe("STATIC");
    const late = planOf({
      clusters: { ...clusters, west: { gateway: { addressType: "hostname" } } },
    });
    expect(spec(late, "east", networking("ServiceEntry", "cart")).resolution).toBe("DNS");
  });

  it("has a typed reference where the gateway's address is still to come", () => {
    const plan = planOf({ clusters: { ...clusters, west: {} } });
    const { address } = spec(plan, "east", networking("ServiceEntry", "cart")).endpoints[0];
    expect(address).toBeInstanceOf(Late);
    expect(address.inputs).toEqual([{ kind: "gatewayAddress", cluster: "west" }]);
  });
});

describe("VirtualService", () => {
  it("routes requests by header, with a timeout, and the rest by weight", () => {
    const host = "pay.default.global";
    expect(spec(samplePlan, "east", networking("VirtualService", "pay.global"))).toEqual({
      exportTo: ["."],
      hosts: [host],
      http: [
        {
          match: [{ headers: { "x-user": { exact: "tester" } } }],
          route: [{ destination: { host, subset: "v2" } }],
          timeout: "2s",
        },
        {
          route: [
            { destination: { host, subset: "v1" }, weight: 90 },
            { destination: { host, subset: "v2" }, weight: 10 },
          ],
        },
      ],
    });
  });

  it("routes by URI, query and port, with retries", () => {
    const plan = planOf({
      services: {
        "pay.default": {
          ...services["pay.default"],
          routes: [
            {
              match: [{ uri: { prefix: "/v2" } }, { queryParams: { beta: "1" } }],
              port: 80,
              to: [{ version: "v2" }],
            },
            { port: 90, retries: { attempts: 2, perTryTimeout: "250ms", retryOn: "unavailable" } },
            {},
          ],
        },
      },
    });
    const host = "pay.default.global";
    expect(spec(plan, "east", networking("VirtualService", "pay.global")).http).toEqual([
      {
        match: [
          { uri: { prefix: "/v2" }, port: 80 },
          { queryParams: { beta: { exact: "1" } }, port: 80 },
        ],
        route: [{ destination: { host, subset: "v2" } }],
      },
      {
        match: [{ port: 90 }],
        route: [{ destination: { host } }],
        retries: { attempts: 2, perTryTimeout: "250ms", retryOn: "unavailable" },
      },
      { route: [{ destination: { host } }] },
    ]);
  });

  it("sends the short name the same way, by a Service without pods where the service doesn't run", () => {
    const plan = planOf({
      services: { "cart.default": { ...services["cart.default"], shortName: true } },
    });
    expect(spec(plan, "east", networking("VirtualService", "cart.global"))).toEqual({
      exportTo: ["."],
      hosts: ["cart.default.global", "cart.default.svc.cluster.local"],
      http: [{ route: [{ destination: { host: "cart.default.global" } }] }],
    });
    expect(spec(plan, "east", "core/Service/default/cart")).toEqual({
      type: "ClusterIP",
      ports: [{ name: "grpc", port: 7070, protocol: "TCP", appProtocol: "grpc" }],
    });
    expect(objectsOf(plan, "west").map(({ key }) => key)).not.toContain(
      "core/Service/default/cart",
    );
  });
});

describe("gateway", () => {
  it("lets exactly the exported hosts through", () => {
    expect(
      spec(samplePlan, "west", gatewayKey("networking.istio.io", "Gateway")).servers[0].hosts,
    ).toEqual(["cart.default.svc.cluster.local", "pay.default.svc.cluster.local"]);
    expect(
      spec(samplePlan, "east", gatewayKey("networking.istio.io", "Gateway")).servers[0].hosts,
    ).toEqual(["pay.default.svc.cluster.local"]);
  });

  it("is selected by a label that Istio's own samples don't select by", () => {
    const selector = { app: "istio-eastwestgateway", "meshspan.dev/gateway": "sample" };
    expect(spec(samplePlan, "west", gatewayKey("networking.istio.io", "Gateway")).selector).toEqual(
      selector,
    );
    expect(spec(samplePlan, "west", gatewayKey("core", "Service")).selector).toEqual(selector);
    const labels = spec(samplePlan, "west", gatewayKey("apps", "Deployment")).template.metadata
      .labels;
    expect(labels).toMatchObject(selector);
    expect(labels).not.toHaveProperty("istio");
  });

  it("exposes its own port and health checks, never istiod's", () => {
    expect(
      spec(samplePlan, "west", gatewayKey("core", "Service")).ports.map(({ port }: any) => port),
    ).toEqual([15021, 15443]);
  });

  it("has everything that its workload needs", () => {
    expect(
      objectsOf(samplePlan, "west")
        .filter(({ component }) => component === "MultiClusterGateway")
        .map(({ key }) => key),
    ).toEqual([
      "core/Namespace//istio-system",
      "core/Namespace//istio-eastwest",
      "networking.k8s.io/NetworkPolicy/istio-system/meshspan-istiod",
      gatewayKey("networking.k8s.io", "NetworkPolicy"),
      gatewayKey("core", "ServiceAccount"),
      gatewayKey("apps", "Deployment"),
      gatewayKey("core", "Service"),
      gatewayKey("autoscaling", "HorizontalPodAutoscaler"),
      gatewayKey("policy", "PodDisruptionBudget"),
      gatewayKey("networking.istio.io", "Gateway"),
    ]);
    const { template, selector } = spec(samplePlan, "west", gatewayKey("apps", "Deployment"));
    expect(template.metadata.labels).toMatchObject({
      ...selector.matchLabels,
      "sidecar.istio.io/inject": "true",
      "topology.istio.io/network": "west",
    });
    expect(template.metadata.annotations).toMatchObject({ "inject.istio.io/templates": "gateway" });
    expect(template.spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(template.spec.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
    });
  });

  it("is open to the ranges that it is told, where a load balancer can keep others out", () => {
    const gateway = { ...clusters.west.gateway, allowFrom: ["198.51.100.0/24"] };
    const plan = planOf({ clusters: { ...clusters, west: { ...clusters.west, gateway } } });
    expect(spec(plan, "west", gatewayKey("core", "Service"))).toMatchObject({
      loadBalancerSourceRanges: ["198.51.100.0/24"],
      // Elsewhere nodes put their own addresses in place of the peers'.
      externalTrafficPolicy: "Local",
    });
    const open = spec(plan, "east", gatewayKey("core", "Service"));
    expect(open).not.toHaveProperty("loadBalancerSourceRanges");
    expect(open).not.toHaveProperty("externalTrafficPolicy");
  });

  it("is described name by name", () => {
    const plan = planOf({
      clusters: {
        ...clusters,
        west: {
          ...clusters.west,
          gateway: {
            name: "bridge",
            namespace: "bridges",
            port: 16443,
            replicas: { min: 1, max: 3 },
            annotations: { "example.com/lb": "internal" },
            address: "203.0.113.20",
          },
        },
      },
    });
    expect(spec(plan, "west", "networking.istio.io/Gateway/bridges/bridge")).toMatchObject({
      selector: { app: "bridge", "meshspan.dev/gateway": "sample" },
      servers: [{ port: { number: 16443 } }],
    });
    expect(objectOf(plan, "west", "core/Service/bridges/bridge").metadata.annotations).toEqual({
      "example.com/lb": "internal",
    });
    expect(spec(plan, "west", "autoscaling/HorizontalPodAutoscaler/bridges/bridge")).toMatchObject({
      minReplicas: 1,
      maxReplicas: 3,
    });
    expect(objectsOf(plan, "west").map(({ manifest }) => manifest.kind)).not.toContain(
      "PodDisruptionBudget",
    );
    expect(spec(plan, "east", networking("ServiceEntry", "cart")).endpoints[0].ports).toEqual({
      grpc: 16443,
    });
  });
});

describe("root of trust", () => {
  it("is a secret of late files, in base64", () => {
    const { data } = objectOf(samplePlan, "east", "core/Secret/istio-system/cacerts") as any;
    expect(data["ca-key.pem"].resolve(() => "pem")).toBe(Buffer.from("pem").toString("base64"));
    expect(data["ca-key.pem"].inputs).toEqual([
      { kind: "caFile", cluster: "east", file: "ca-key.pem" },
    ]);
  });

  it("is a Certificate below one issuer with cert-manager, and nothing where clusters have theirs", () => {
    const managed = planOf({
      trust: { issuer: "cert-manager", certManager: { name: "mesh-root" }, intermediateDays: 90 },
    });
    expect(spec(managed, "east", "cert-manager.io/Certificate/istio-system/cacerts")).toMatchObject(
      {
        secretName: "cacerts",
        isCA: true,
        duration: "2160h",
        dnsNames: ["istiod.istio-system.svc"],
        issuerRef: { kind: "ClusterIssuer", name: "mesh-root" },
        usages: ["digital signature", "cert sign", "crl sign"],
      },
    );
    expect(
      objectsOf(planOf({ trust: { issuer: "existing" } }), "east").some(
        ({ stage }) => stage === "trust",
      ),
    ).toBe(false);
  });
});

describe("DNS", () => {
  const dnsOf = (dns: object) =>
    planOf({
      clusters: { ...clusters, west: { ...clusters.west, provider: "gke", dns } as never },
    });

  it("by proxy is a switch in istiod's values alone", () => {
    expect(objectsOf(samplePlan, "east").filter(({ stage }) => stage === "dns")).toEqual([]);
    const captures = samplePlan.clusters.map(
      ({ helm }) => helm.istiod.meshConfig.defaultConfig.proxyMetadata.ISTIO_META_DNS_CAPTURE,
    );
    expect(captures.slice(0, 2)).toEqual(["true", undefined]);
  });

  it("by CoreDNS is a server with a zone, and a stub domain in front of the existing Corefile", () => {
    const server = objectOf(samplePlan, "west", "core/ConfigMap/istio-system/meshspan-dns") as any;
    for (const { host, address } of samplePlan.mesh.services)
      expect(server.data.zone).toContain(`${host}. 30 IN A ${address}\n`);
    const stub = objectOf(samplePlan, "west", "core/ConfigMap/kube-system/coredns") as any;
    expect(stub.data.Corefile).toContain("forward . 10.96.0.53");
    expect(stub.data.Corefile.endsWith(corefile)).toBe(true);
    expect(spec(samplePlan, "west", "core/Service/istio-system/meshspan-dns").clusterIP).toBe(
      "10.96.0.53",
    );
  });

  it("by CoreDNS runs a binary that needs one capability to start, and no other", () => {
    const [container] = spec(samplePlan, "west", "apps/Deployment/istio-system/meshspan-dns")
      .template.spec.containers;
    expect(container.securityContext.capabilities).toEqual({
      add: ["NET_BIND_SERVICE"],
      drop: ["ALL"],
    });
  });

  it("by CoreDNS waits for the Corefile and the server's address where they aren't given", () => {
    const late = (
      objectOf(dnsOf({ mode: "coredns" }), "west", "core/ConfigMap/kube-system/coredns") as any
    ).data.Corefile as Late;
    expect(late.inputs).toEqual([
      { kind: "corefile", cluster: "west" },
      { kind: "dnsAddress", cluster: "west" },
    ]);
    expect(late.resolve(({ kind }) => (kind === "corefile" ? corefile : "10.0.0.9"))).toContain(
      "forward . 10.0.0.9",
    );
  });

  it("leaves the Corefile alone where the provider has coredns-custom", () => {
    const plan = dnsOf({ mode: "coredns", extension: "coredns-custom", address: "10.0.0.9" });
    const { data } = objectOf(plan, "west", "core/ConfigMap/kube-system/coredns-custom") as any;
    expect(Object.keys(data)).toEqual(["global.server"]);
    expect(data["global.server"]).toContain("forward . 10.0.0.9");
  });

  it("by kube-dns adds the domain to the existing stub domains", () => {
    const plan = dnsOf({
      mode: "kube-dns",
      address: "10.0.0.9",
      stubDomains: '{"corp":["10.1.1.1"]}',
    });
    const { data } = objectOf(plan, "west", "core/ConfigMap/kube-system/kube-dns") as any;
    expect(JSON.parse(data.stubDomains)).toEqual({ corp: ["10.1.1.1"], global: ["10.0.0.9"] });
  });
});

describe("istiod's values", () => {
  it("name the cluster, its network and the mesh", () => {
    expect(samplePlan.clusters[0]!.helm).toEqual({
      base: { global: { istioNamespace: "istio-system" } },
      istiod: {
        env: { ISTIO_MULTIROOT_MESH: "true" },
        global: {
          istioNamespace: "istio-system",
          meshID: "sample",
          network: "east",
          multiCluster: { clusterName: "east" },
        },
        meshConfig: {
          trustDomain: "cluster.local",
          defaultConfig: {
            proxyMetadata: { PROXY_CONFIG_XDS_AGENT: "true", ISTIO_META_DNS_CAPTURE: "true" },
          },
        },
      },
    });
  });
});
