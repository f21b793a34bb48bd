import type { Plan } from "../../../src";
import { objectsOf, planOf, sampleDescription, samplePlan, spec } from "../sampleMesh";

const { clusters, services } = sampleDescription;
const key = (namespace: string, name: string) =>
  `networking.k8s.io/NetworkPolicy/${namespace}/${name}`;
const ofGateway = key("istio-eastwest", "istio-eastwestgateway");
const ofIstiod = key("istio-system", "meshspan-istiod");
const ofDns = key("istio-system", "meshspan-dns");

const ports = (protocol: string, ...numbers: readonly number[]) =>
  numbers.map((port) => ({ protocol, port }));
const everyPod = [{ namespaceSelector: {} }];
const namespace = (name: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});

const west = (gateway: object, more: object = {}): Plan =>
  planOf({
    clusters: {
      ...clusters,
      west: { ...clusters.west, ...more, gateway: { ...clusters.west.gateway, ...gateway } },
    },
  });

describe("NetworkPolicies", () => {
  it("let peers, health checks and the cluster's metrics reach the gateway, and nobody else", () => {
    expect(spec(samplePlan, "west", ofGateway)).toMatchObject({
      podSelector: {
        matchLabels: { app: "istio-eastwestgateway", "meshspan.dev/gateway": "sample" },
      },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { ports: ports("TCP", 15443) },
        { ports: ports("TCP", 15021) },
        { from: everyPod, ports: ports("TCP", 15020, 15090) },
      ],
    });
  });

  it("let the gateway reach istiod, DNS servers and the ports of what it exports", () => {
    const other = { ...services["cart.default"], serviceAccount: "stock" };
    const plan = planOf({ services: { ...services, "stock.warehouse": other } });
    expect(spec(plan, "west", ofGateway).egress).toEqual([
      {
        to: [{ ...namespace("istio-system"), podSelector: { matchLabels: { app: "istiod" } } }],
        ports: ports("TCP", 15012),
      },
      { ports: [53, 5353].flatMap((port) => [...ports("UDP", port), ...ports("TCP", port)]) },
      // As the pods have them: 8080 is behind 80.
      { to: [namespace("default")], ports: ports("TCP", 90, 7070, 8080) },
      { to: [namespace("warehouse")], ports: ports("TCP", 7070) },
    ]);
    // Of its services, east serves one.
    expect(spec(plan, "east", ofGateway).egress.slice(2)).toEqual([
      { to: [namespace("default")], ports: ports("TCP", 90, 8080) },
    ]);
  });

  it.each([
    { title: "ranges of peers", gateway: { allowFrom: ["198.51.100.0/24", "2001:db8::/32"] } },
    {
      title: "none where a load balancer hides them",
      gateway: { allowFrom: ["198.51.100.0/24"], preserveClientIP: false },
      from: undefined,
    },
  ])("name $title at the gateway's port", ({ gateway, ...rest }) => {
    const plan = west({ ...gateway, port: 16443 });
    const from = gateway.allowFrom.map((cidr) => ({ ipBlock: { cidr } }));
    const expected = "from" in rest ? {} : { from };
    expect(spec(plan, "west", ofGateway).ingress[0]).toEqual({
      ...expected,
      ports: ports("TCP", 16443),
    });
    const service = spec(plan, "west", "core/Service/istio-eastwest/istio-eastwestgateway");
    expect(service.loadBalancerSourceRanges).toEqual(gateway.allowFrom);
    expect(service.externalTrafficPolicy).toBe("from" in rest ? undefined : "Local");
  });

  it("open no health checks where no load balancer makes them", () => {
    const plan = west({ service: "NodePort" });
    expect(JSON.stringify(spec(plan, "west", ofGateway).ingress)).not.toContain("15021");
  });

  it("let pods of the cluster reach istiod, and anybody its webhooks, which API servers call", () => {
    expect(spec(samplePlan, "west", ofIstiod)).toEqual({
      podSelector: { matchLabels: { app: "istiod" } },
      policyTypes: ["Ingress"],
      ingress: [
        { from: everyPod, ports: ports("TCP", 15012, 15014) },
        { ports: ports("TCP", 15017) },
      ],
    });
    const plan = planOf({ istio: { revision: "canary", namespace: "istio-canary" } });
    expect(spec(plan, "east", key("istio-canary", "meshspan-istiod")).podSelector).toEqual({
      matchLabels: { app: "istiod", "istio.io/rev": "canary" },
    });
  });

  it("let queries in to the DNS server, which asks nobody", () => {
    expect(spec(samplePlan, "west", ofDns)).toEqual({
      podSelector: { matchLabels: { "app.kubernetes.io/name": "meshspan-dns" } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { ports: [...ports("UDP", 5353), ...ports("TCP", 5353)] },
        { from: everyPod, ports: ports("TCP", 9153) },
      ],
    });
    expect(objectsOf(samplePlan, "east").map((object) => object.key)).not.toContain(ofDns);
  });

  it("are left out where the cluster has others", () => {
    const kinds = (cluster: string) =>
      objectsOf(west({}, { networkPolicies: false }), cluster).map(({ manifest }) => manifest.kind);
    expect(kinds("west")).not.toContain("NetworkPolicy");
    expect(kinds("east")).toContain("NetworkPolicy");
  });
});

describe("exportTo", () => {
  const kinds = ["ServiceEntry", "DestinationRule", "VirtualService"];
  const exportsOf = (plan: Plan, cluster: string) =>
    Object.fromEntries(
      objectsOf(plan, cluster)
        .filter(({ manifest }) => kinds.includes(manifest.kind))
        .map(({ manifest }) => [
          `${manifest.kind} ${manifest.metadata.name}`,
          (manifest.spec as { readonly exportTo?: readonly string[] }).exportTo,
        ]),
    );
  const of = (callers: readonly string[] | undefined) => {
    const { callers: _, ...pay } = services["pay.default"];
    const service = { ...pay, ...(callers === undefined ? {} : { callers: [...callers] }) };
    return exportsOf(planOf({ services: { "pay.default": service } }), "east");
  };

  it("is the service's namespace and those of its callers", () => {
    const audience = [".", "tills", "web"];
    expect(of(["shop.web", "front.default", "other.web", "desk.tills"])).toEqual({
      "ServiceEntry pay": audience,
      "ServiceEntry pay.local": audience,
      "DestinationRule pay.global": audience,
      "VirtualService pay.global": audience,
      // The gateway's chains for versions come from it.
      "DestinationRule pay.versions": [".", "istio-eastwest", "tills", "web"],
    });
  });

  it("is every namespace where anyone may call", () => {
    expect(new Set(Object.values(of(undefined)))).toEqual(new Set([undefined]));
  });
});
