/** With `distribution: endpoints`: who reads whom, by which secrets, and what a trace says of it. */
import {
  fileIssues,
  Late,
  type LateInput,
  parseMesh,
  type Plan,
  planMesh,
  traceIssues,
  tracePlan,
} from "../../../src";
import { generatedMeshes } from "../../generatedMesh";
import { renderPlan } from "../../../src/render";
import { objectOf, objectsOf, planOf, sampleDescription, spec } from "../sampleMesh";
import { cart, changed, missingHops } from "../trace/changes";

const { clusters, services } = sampleDescription;
const reading = planOf({ distribution: "endpoints" });
const of = (plan: Plan, cluster: string) =>
  plan.clusters.find((one) => one.cluster.name === cluster)!;
const keysOf = (plan: Plan, cluster: string) =>
  of(plan, cluster)
    .objects.filter(({ component }) => component === "RemoteSecrets")
    .map(({ key }) => key);
const remoteSecret = (cluster: string) => `core/Secret/istio-system/istio-remote-secret-${cluster}`;

describe("objects", () => {
  it("are none where objects are distributed", () => {
    for (const { cluster } of planOf({}).clusters)
      expect(keysOf(planOf({}), cluster.name)).toEqual([]);
  });

  it("let a cluster be read where it serves others, and read where it consumes from others", () => {
    expect(keysOf(reading, "east")).toEqual([
      "core/ServiceAccount/istio-system/meshspan-reader",
      "rbac.authorization.k8s.io/ClusterRole//meshspan-reader-istio-system",
      "rbac.authorization.k8s.io/ClusterRoleBinding//meshspan-reader-istio-system",
      "rbac.authorization.k8s.io/Role/istio-system/meshspan-reader",
      "rbac.authorization.k8s.io/RoleBinding/istio-system/meshspan-reader",
      "core/Secret/istio-system/meshspan-reader-token-1",
      remoteSecret("west"),
    ]);
    // Nobody calls what only its own cluster consumes.
    const cart = { ...services["cart.default"], consumedBy: ["east"] };
    const oneWay = planOf({ distribution: "endpoints", services: { "cart.default": cart } });
    expect(keysOf(oneWay, "east")).toEqual([remoteSecret("west")]);
    expect(keysOf(oneWay, "west")).not.toContain(remoteSecret("east"));
    expect(keysOf(oneWay, "west")).toHaveLength(6);
  });

  it("select pods in place of naming gateways, in every consumer alike", () => {
    for (const cluster of ["east", "west"]) {
      const entries = objectsOf(reading, cluster)
        .map(({ manifest }) => manifest)
        .filter(({ kind }) => kind === "ServiceEntry");
      expect(entries.map(({ metadata }) => metadata.name)).toEqual(["cart.local", "pay.local"]);
      expect(JSON.stringify(entries)).not.toContain("203.0.113");
      expect(spec(reading, cluster, "networking.istio.io/ServiceEntry/default/cart.local")).toEqual(
        spec(reading, "west", "networking.istio.io/ServiceEntry/default/cart.local"),
      );
    }
  });

  it("have the token's number in its name, so that the next one is there beside it", () => {
    const second = planOf({
      distribution: "endpoints",
      clusters: { ...clusters, west: { ...clusters.west, readerToken: 2 } },
    });
    expect(keysOf(second, "west")).toContain("core/Secret/istio-system/meshspan-reader-token-2");
    expect(keysOf(second, "east")).toContain("core/Secret/istio-system/meshspan-reader-token-1");
    expect(keysOf(second, "east").at(-1)).toBe(remoteSecret("west"));
  });
});

describe("a remote secret", () => {
  const kubeconfigOf = (plan: Plan) => {
    const secret = of(plan, "east").objects.find(({ key }) => key === remoteSecret("west"))!;
    const { west } = secret.manifest.data as { readonly west: Late };
    const asked: string[] = [];
    const text = west.resolve((input: LateInput) => {
      asked.push(`${input.kind} ${input.cluster}`);
      return `the ${input.kind}`;
    });
    return { asked, secret, kubeconfig: JSON.parse(Buffer.from(text, "base64").toString("utf8")) };
  };

  it("is a kubeconfig with the reader's token, for istiod of the other cluster", () => {
    const { asked, secret, kubeconfig } = kubeconfigOf(reading);
    expect(asked).toEqual(["apiServer west", "readerAuthority west", "readerToken west"]);
    expect(secret.manifest.metadata).toMatchObject({
      labels: { "istio/multiCluster": "true" },
      annotations: { "networking.istio.io/cluster": "west" },
    });
    expect(kubeconfig).toMatchObject({
      "current-context": "west",
      clusters: [{ name: "west", cluster: { server: "the apiServer" } }],
      users: [{ user: { token: "the readerToken" } }],
    });
  });

  it("dials the URL that the description says", () => {
    const apiServer = "https://10.0.0.5:6443";
    const described = planOf({
      distribution: "endpoints",
      clusters: { ...clusters, west: { ...clusters.west, apiServer } },
    });
    expect(kubeconfigOf(described).kubeconfig.clusters[0].cluster.server).toBe(apiServer);
  });

  it("is in no file, and none lacks anything else for that", () => {
    const plan = planOf({ distribution: "endpoints", trust: { issuer: "existing" } });
    const files = renderPlan(plan);
    const text = files.map(({ content }) => content).join("\n");
    expect(text).not.toContain("istio/multiCluster");
    expect(text).toContain("meshspan-reader-token-1");
    // What Kubernetes fills has no key material yet.
    expect(files.filter(({ secret }) => secret)).toEqual([]);
  });
});

describe("istiod", () => {
  const valuesOf = (plan: Plan, cluster: string) => of(plan, cluster).helm.istiod;

  it("keeps Kubernetes' own names to the own cluster", () => {
    expect(valuesOf(reading, "east").meshConfig.serviceSettings).toEqual([
      { settings: { clusterLocal: true }, hosts: ["*.svc.cluster.local"] },
    ]);
    expect(valuesOf(planOf({}), "east").meshConfig.serviceSettings).toBeUndefined();
  });

  it("is told of gateways that are described, and finds load balancers by their Services", () => {
    expect(valuesOf(reading, "east").global.meshNetworks).toEqual({
      west: {
        endpoints: [{ fromRegistry: "west" }],
        gateways: [{ address: "203.0.113.20", port: 15443 }],
      },
    });
    const label = "topology.istio.io/network";
    const gatewayOf = (plan: Plan) =>
      objectOf(plan, "west", "core/Service/istio-eastwest/istio-eastwestgateway").metadata.labels;
    // One of two addresses would be tried half of the time.
    expect(gatewayOf(reading)).not.toHaveProperty([label]);
    const learnt = planOf({
      distribution: "endpoints",
      clusters: { ...clusters, west: { ...clusters.west, gateway: {} } },
    });
    expect(valuesOf(learnt, "east").global.meshNetworks).toBeUndefined();
    expect(gatewayOf(learnt)).toHaveProperty([label], "west");
  });

  it("needs the address of a gateway at a port of nodes, as files do", () => {
    const plan = planOf({
      distribution: "endpoints",
      clusters: { ...clusters, west: { ...clusters.west, gateway: { service: "NodePort" } } },
    });
    expect(valuesOf(plan, "east").global.meshNetworks?.west?.gateways[0]?.address).toBeInstanceOf(
      Late,
    );
    expect(fileIssues(plan)).toMatchObject([
      { code: "gateway_address_needed", path: ["clusters", "west", "gateway", "address"] },
    ]);
  });
});

describe("a trace", () => {
  it("leads through the gateway of whoever serves, as with objects", () => {
    const text = (plan: Plan) =>
      tracePlan(plan, [cart]).map(({ paths }) => paths.map(({ servedBy }) => servedBy));
    expect(text(reading)).toEqual(text(planOf({})));
  });

  it("is whole for every mesh", () => {
    for (const description of generatedMeshes(60)) {
      const plan = planMesh(parseMesh({ ...description, distribution: "endpoints" }));
      expect(traceIssues(tracePlan(plan))).toEqual([]);
    }
  });

  const breaks = [
    ["east", "Secret istio-remote-secret-west", "removed"],
    [
      "east",
      "Secret istio-remote-secret-west",
      (m: any) => delete m.metadata.labels["istio/multiCluster"],
    ],
    ["east", "Secret istio-remote-secret-west", (m: any) => (m.data = {})],
    ["west", "Secret meshspan-reader-token-1", "removed"],
    ["west", "ClusterRole meshspan-reader-istio-system", "removed"],
    ["west", "ClusterRoleBinding meshspan-reader-istio-system", "removed"],
    ["west", "Namespace istio-system", (m: any) => delete m.metadata.labels],
  ] as const;
  it.each(breaks)("ends at the endpoints without %s's %s (%#)", (cluster, which, change) => {
    expect(missingHops(reading, cart)).toEqual([]);
    const broken = changed(reading, cluster, which, change);
    expect(missingHops(broken, cart)).toEqual(["east endpoint"]);
  });
});
