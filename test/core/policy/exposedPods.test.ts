import { parseMesh, planMesh, type Manifest } from "../../../src";
import { sampleDescription } from "../sampleMesh";
import { foundIn, type Row } from "./findings";
import { gatewayLabels, networking, object, passthroughServer } from "./handWritten";

const gateway = object(networking, "Gateway", "edge", "eastwest", {
  spec: {
    selector: gatewayLabels,
    servers: [passthroughServer("redis.shop.svc.cluster.local")],
  },
});

const workload = (namespace: string, name: string, labels: object, pod: object): Manifest =>
  object("apps/v1", "Deployment", namespace, name, {
    spec: { template: { metadata: { labels }, spec: pod } },
  });

const networkPolicy = (namespace: string, spec: object, apiVersion = "networking.k8s.io/v1") =>
  object(apiVersion, "NetworkPolicy", namespace, "guard", { spec });

const ofGateway = { podSelector: { matchLabels: gatewayLabels } };
const pods = workload("edge", "eastwest", gatewayLabels, {});

describe("NetworkPolicies say who reaches gateways and istiod", () => {
  const found = ["network_unguarded Deployment edge/eastwest spec.template.metadata.labels"];
  const istiod = workload("istio-system", "istiod", { app: "istiod" }, {});
  const rows: readonly Row[] = [
    ["none is there", [pods, gateway], found],
    [
      "one is for other pods",
      [pods, gateway, networkPolicy("edge", { podSelector: { matchLabels: { app: "web" } } })],
      found,
    ],
    ["one is in another namespace", [pods, gateway, networkPolicy("shop", ofGateway)], found],
    [
      "one is for what pods reach",
      [pods, gateway, networkPolicy("edge", { ...ofGateway, policyTypes: ["Egress"] })],
      found,
    ],
    [
      "one leaves out what has the gateway's label",
      [
        pods,
        gateway,
        networkPolicy("edge", {
          podSelector: { matchExpressions: [{ key: "istio", operator: "DoesNotExist" }] },
        }),
      ],
      found,
    ],
    [
      "one is of another kind of that name",
      [pods, gateway, networkPolicy("edge", ofGateway, "crd.projectcalico.org/v1")],
      found,
    ],
    ["one is for the gateway", [pods, gateway, networkPolicy("edge", ofGateway)], []],
    [
      "one is for all pods of the namespace",
      [pods, gateway, networkPolicy("edge", { podSelector: {} })],
      [],
    ],
    [
      "pods that no gateway selects need none",
      [workload("edge", "web", { app: "web" }, {}), gateway],
      [],
    ],
    [
      "istiod has none",
      [istiod],
      ["network_unguarded Deployment istio-system/istiod spec.template.metadata.labels"],
    ],
    [
      "istiod has one",
      [istiod, networkPolicy("istio-system", { podSelector: { matchLabels: { app: "istiod" } } })],
      [],
    ],
  ];
  it.each(rows)("%s", (_what, objects, expected) => expect(foundIn(objects)).toEqual(expected));

  it("a description that leaves them out is found", () => {
    const { east, west } = sampleDescription.clusters;
    const plan = planMesh(
      parseMesh({
        ...sampleDescription,
        clusters: { east, west: { ...west, networkPolicies: false } },
      }),
    );
    const inCluster = (name: string) =>
      foundIn(
        plan.clusters
          .filter(({ cluster }) => cluster.name === name)
          .flatMap(({ objects }) => objects.map(({ manifest }) => manifest))
          .filter(({ kind }) => kind !== "Secret"),
      );
    expect(inCluster("east")).toEqual([]);
    expect(inCluster("west")).toEqual([
      "network_unguarded Deployment istio-eastwest/istio-eastwestgateway spec.template.metadata.labels",
    ]);
  });
});

describe("istiod's pods aren't open to everybody", () => {
  const policy = (ingress: readonly object[], matchLabels: object = { app: "istiod" }) => [
    networkPolicy("istio-system", { podSelector: { matchLabels }, ingress }),
  ];
  const found = ["control_plane_exposed NetworkPolicy istio-system/guard spec.ingress[0]"];
  const anywhere = [{ ipBlock: { cidr: "0.0.0.0/0" } }];
  const rows: readonly Row[] = [
    ["at every port", policy([{}]), found],
    ["at the port of xDS", policy([{ ports: [{ port: 15012 }] }]), found],
    ["in a range of ports", policy([{ ports: [{ port: 15000, endPort: 15100 }] }]), found],
    [
      "from a range that is everybody",
      policy([{ from: anywhere, ports: [{ port: 15010 }] }]),
      found,
    ],
    ["at the webhooks' port", policy([{ ports: [{ port: 15017 }] }]), []],
    ["from the cluster's pods", policy([{ from: [{ namespaceSelector: {} }] }]), []],
    ["from a range", policy([{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }]), []],
    ["by UDP", policy([{ ports: [{ protocol: "UDP", port: 15012 }] }]), []],
    ["other pods", policy([{}], { app: "web" }), []],
  ];
  it.each(rows)("%s", (_what, objects, expected) => expect(foundIn(objects)).toEqual(expected));
});

describe("pods of gateways are restricted", () => {
  const guard = networkPolicy("edge", ofGateway);
  const at = (path: string) =>
    `gateway_privileged Deployment edge/eastwest spec.template.spec.${path}`;
  const container = (securityContext: object) => ({ containers: [{ name: "p", securityContext }] });
  const rows: readonly (readonly [what: string, pod: object, found: readonly string[]])[] = [
    ["the node's network", { hostNetwork: true }, [at("hostNetwork")]],
    [
      "the node's processes and memory",
      { hostPID: true, hostIPC: true },
      [at("hostPID"), at("hostIPC")],
    ],
    [
      "the node's files",
      {
        volumes: [
          { name: "a", emptyDir: {} },
          { name: "b", hostPath: { path: "/" } },
        ],
      },
      [at("volumes[1].hostPath")],
    ],
    ["a token", { automountServiceAccountToken: true }, [at("automountServiceAccountToken")]],
    [
      "root, for all containers",
      { securityContext: { runAsUser: 0 } },
      [at("securityContext.runAsUser")],
    ],
    [
      "root for one",
      container({ runAsNonRoot: false }),
      [at("containers[0].securityContext.runAsNonRoot")],
    ],
    [
      "privileges",
      container({ privileged: true }),
      [at("containers[0].securityContext.privileged")],
    ],
    [
      "more than it started with",
      container({ allowPrivilegeEscalation: true }),
      [at("containers[0].securityContext.allowPrivilegeEscalation")],
    ],
    [
      "a capability",
      container({ capabilities: { add: ["NET_BIND_SERVICE", "NET_ADMIN"] } }),
      [at("containers[0].securityContext.capabilities.add[1]")],
    ],
    [
      "every system call",
      {
        initContainers: [
          { name: "i", securityContext: { seccompProfile: { type: "Unconfined" } } },
        ],
      },
      [at("initContainers[0].securityContext.seccompProfile.type")],
    ],
    ["nothing said", { containers: [{ name: "p" }] }, []],
    [
      "all that is restricted",
      {
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        ...container({
          runAsUser: 1337,
          capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
        }),
      },
      [],
    ],
  ];
  it.each(rows)("%s", (_what, pod, expected) => {
    expect(foundIn([workload("edge", "eastwest", gatewayLabels, pod), gateway, guard])).toEqual(
      expected,
    );
    // Of other pods nothing is asked.
    expect(foundIn([workload("edge", "web", { app: "web" }, pod), gateway, guard])).toEqual([]);
  });
});
