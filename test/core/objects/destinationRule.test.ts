import { planOf, sampleDescription, samplePlan, spec } from "../sampleMesh";

const networking = (kind: string, name: string) => `networking.istio.io/${kind}/default/${name}`;
const { clusters, services } = sampleDescription;

describe("DestinationRule", () => {
  it("has whole settings per port where a service has several, since Istio's ports inherit nothing", () => {
    const { trafficPolicy, subsets } = spec(
      samplePlan,
      "east",
      networking("DestinationRule", "pay.global"),
    );
    expect(trafficPolicy.tls).toBeUndefined();
    expect(
      trafficPolicy.portLevelSettings.map((setting: any) => [
        setting.port.number,
        setting.tls.sni,
        Object.keys(setting).sort(),
      ]),
    ).toEqual([
      [
        80,
        "outbound_.80_._.pay.default.svc.cluster.local",
        ["connectionPool", "loadBalancer", "outlierDetection", "port", "tls"],
      ],
      [
        90,
        "outbound_.90_._.pay.default.svc.cluster.local",
        ["connectionPool", "loadBalancer", "outlierDetection", "port", "tls"],
      ],
    ]);
    expect(subsets.map((subset: any) => subset.trafficPolicy.portLevelSettings[1].tls.sni)).toEqual(
      [
        "outbound_.90_.v1_.pay.default.svc.cluster.local",
        "outbound_.90_.v2_.pay.default.svc.cluster.local",
      ],
    );
  });

  it("has connections of HTTP made anew, and cuts none of TCP", () => {
    const ports = [
      { name: "http", port: 80, protocol: "HTTP" },
      { name: "grpc", port: 90, protocol: "GRPC" },
      { name: "tcp", port: 100, protocol: "TCP" },
      { name: "https", port: 110, protocol: "HTTPS" },
    ];
    const plan = planOf({ services: { "pay.default": { ...services["pay.default"], ports } } });
    const { trafficPolicy } = spec(plan, "east", networking("DestinationRule", "pay.global"));
    const renewed = { tcp: { maxConnectionDuration: "60s" } };
    expect(trafficPolicy.portLevelSettings.map((one: any) => one.connectionPool)).toEqual([
      renewed,
      renewed,
      undefined,
      undefined,
    ]);
  });

  it("expects the identity of the service in each serving cluster's trust domain", () => {
    const plan = planOf({
      clusters: {
        east: { ...clusters.east, trustDomain: "east.example" },
        west: { ...clusters.west, trustDomain: "west.example" },
      },
    });
    expect(
      spec(plan, "east", networking("DestinationRule", "pay.global")).trafficPolicy
        .portLevelSettings[0].tls.subjectAltNames,
    ).toEqual([
      "spiffe://east.example/ns/default/sa/pay",
      "spiffe://west.example/ns/default/sa/pay",
    ]);
    expect(
      spec(plan, "west", "security.istio.io/AuthorizationPolicy/default/pay.callers").rules[0]
        .from[0].source.principals,
    ).toEqual(["east.example/ns/default/sa/front", "west.example/ns/default/sa/front"]);
    expect(plan.clusters[0]!.helm.istiod.meshConfig).toMatchObject({
      trustDomain: "east.example",
      trustDomainAliases: ["west.example"],
    });
  });

  it("takes nothing out where there is one place only", () => {
    expect(
      spec(samplePlan, "east", networking("DestinationRule", "cart.global")).trafficPolicy,
    ).not.toHaveProperty("outlierDetection");
  });

  it("never takes out the only place of a version", () => {
    const servedBy = { east: ["v1"], west: ["v2"] };
    const plan = planOf({ services: { "pay.default": { ...services["pay.default"], servedBy } } });
    const { trafficPolicy, subsets } = spec(
      plan,
      "east",
      networking("DestinationRule", "pay.global"),
    );
    // All places may be out at once, and are tried all the same.
    expect(trafficPolicy.outlierDetection).toMatchObject({
      maxEjectionPercent: 100,
      minHealthPercent: 1,
    });
    for (const { trafficPolicy: policy } of subsets) {
      const off = { consecutiveGatewayErrors: 0, consecutive5xxErrors: 0 };
      expect([policy, ...policy.portLevelSettings].map((one: any) => one.outlierDetection)).toEqual(
        [off, off, off],
      );
    }
  });

  it("counts identities of trust domain aliases on both sides, since istiod does neither", () => {
    const plan = planOf({ trust: { trustDomainAliases: ["old.example"] } });
    expect(
      spec(plan, "east", networking("DestinationRule", "cart.global")).trafficPolicy.tls
        .subjectAltNames,
    ).toEqual([
      "spiffe://cluster.local/ns/default/sa/cart",
      "spiffe://old.example/ns/default/sa/cart",
    ]);
    expect(
      spec(plan, "west", "security.istio.io/AuthorizationPolicy/default/cart.callers").rules[0]
        .from[0].source.principals,
    ).toEqual(["cluster.local/ns/default/sa/front", "old.example/ns/default/sa/front"]);
    expect(plan.clusters[0]!.helm.istiod.meshConfig.trustDomainAliases).toEqual(["old.example"]);
  });

  it("treats all places alike without failover", () => {
    const plan = planOf({
      services: { "pay.default": { ...services["pay.default"], failover: false } },
    });
    const [port] = spec(plan, "east", networking("DestinationRule", "pay.global")).trafficPolicy
      .portLevelSettings;
    expect(port.loadBalancer).toEqual({ localityLbSetting: { enabled: false } });
    expect(port).not.toHaveProperty("outlierDetection");
  });

  it("goes by locality where gateways have host names, since istiod orders DNS clusters by labels in part only", () => {
    const plan = planOf({
      clusters: { ...clusters, west: { gateway: { address: "gateway.example.com" } } },
    });
    const [port] = spec(plan, "east", networking("DestinationRule", "pay.global")).trafficPolicy
      .portLevelSettings;
    expect(port.loadBalancer).toEqual({ localityLbSetting: { enabled: true } });
    expect(port).toHaveProperty("outlierDetection");
  });

  it("on the serving side has the versions that run there, and no others", () => {
    expect(spec(samplePlan, "east", networking("DestinationRule", "pay.versions")).subsets).toEqual(
      [{ name: "v1", labels: { version: "v1" } }],
    );
    expect(
      spec(samplePlan, "west", networking("DestinationRule", "pay.versions")).subsets,
    ).toHaveLength(2);
  });
});
