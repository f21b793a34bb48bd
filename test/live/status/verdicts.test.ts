import type { V1Deployment } from "@kubernetes/client-node";
import { type Mesh, parseMesh, planMesh } from "../../../src";
import { istiodValues } from "../../../src/core/objects/helmValues";
import { judgeDnsServers } from "../../../src/live/status/dnsServers";
import type { Verdict } from "../../../src/live/status/finding";
import { judgeGateway } from "../../../src/live/status/gateways";
import { judgeIstiod } from "../../../src/live/status/istiod";
import { judgeSync } from "../../../src/live/status/istiodSync";
import type {
  ClusterObservation,
  NamespaceObservation,
} from "../../../src/live/status/observation";
import { judgeServices } from "../../../src/live/status/services";
import {
  answer,
  description,
  forbidden,
  istiod,
  mesh,
  planOf,
  pod,
  sound,
  withObject,
} from "./soundMesh";

const notFine = (verdicts: readonly Verdict[]) => verdicts.filter(({ state }) => state !== "ok");

const unready = (name: string, namespace: string) =>
  pod(name, namespace, {
    status: {
      conditions: [{ type: "Ready", status: "False" }],
      containerStatuses: [
        {
          ...{ name, ready: false, image: "", imageID: "", restartCount: 0 },
          state: { waiting: { reason: "ImagePullBackOff" } },
        },
      ],
    },
  });

const gateway = "apps/Deployment/istio-eastwest/istio-eastwestgateway";
const gatewayService = "core/Service/istio-eastwest/istio-eastwestgateway";

type Case = [string, (seen: ClusterObservation) => ClusterObservation, Partial<Verdict>[]];

const cases = (judge: (seen: ClusterObservation) => readonly Verdict[], rows: readonly Case[]) => {
  it.each(rows)("%s", (_, change, expected) => {
    expect(notFine(judge(change(sound("east"))))).toMatchObject(expected);
  });
};

/** A part of a message. */
const says = (text: string): string => expect.stringContaining(text) as string;

describe("gateways", () => {
  cases(
    (seen) => judgeGateway(mesh, planOf("east"), seen),
    [
      ["are fine", (seen) => seen, []],
      [
        "are scaled to 0",
        (seen) =>
          withObject(
            seen,
            gateway,
            (live) => (live.spec.replicas = live.status.availableReplicas = 0) + 1,
          ),
        [
          {
            state: "error",
            code: "gateway_not_ready",
            subject: gateway,
            message: says("scaled to 0"),
          },
        ],
      ],
      [
        "have no pod that is ready, and why, whatever ends beside it",
        (seen) =>
          withObject(
            {
              ...seen,
              gatewayPods: answer([
                Object.assign(unready("before", "istio-eastwest"), {
                  metadata: { deletionTimestamp: new Date() },
                }),
                unready("gateway", "istio-eastwest"),
              ]),
            },
            gateway,
            (live) => delete live.status.availableReplicas,
          ),
        [
          {
            state: "error",
            code: "gateway_not_ready",
            message: says("gateway-1: ImagePullBackOff"),
          },
        ],
      ],
      [
        "have fewer pods than they should",
        (seen) => withObject(seen, gateway, (live) => (live.status.availableReplicas = 1)),
        [{ state: "warning", code: "gateway_not_ready" }],
      ],
      [
        "have no address",
        (seen) => withObject(seen, gatewayService, (live) => (live.status = {})),
        [{ state: "error", code: "gateway_without_address", subject: gatewayService }],
      ],
      [
        "have the address that peers dial in another spelling",
        (seen) =>
          withObject(
            seen,
            gatewayService,
            (live) => (live.status.loadBalancer.ingress[0].ip = "::ffff:203.0.113.10"),
          ),
        [],
      ],
      [
        "have another address than peers dial",
        (seen) =>
          withObject(
            seen,
            gatewayService,
            (live) => (live.status.loadBalancer.ingress[0].ip = "192.0.2.1"),
          ),
        [
          {
            code: "gateway_address_differs",
            message: "peers dial 203.0.113.10, and its address is 192.0.2.1",
            hint: says("clusters.east.gateway.address"),
          },
        ],
      ],
      [
        "are called by a name, which may lead there",
        (seen) =>
          withObject(
            seen,
            gatewayService,
            (live) => (live.status.loadBalancer.ingress = [{ hostname: "lb.example" }]),
          ),
        [],
      ],
    ],
  );
});

describe("istiod", () => {
  const judge = (seen: ClusterObservation) => judgeIstiod(mesh, planOf("east"), seen);
  const changed = (change: (deployment: V1Deployment) => unknown) => (seen: ClusterObservation) => {
    const deployment = istiod();
    change(deployment);
    return { ...seen, istiod: answer([deployment]) };
  };
  cases(judge, [
    ["is fine", (seen) => seen, []],
    [
      "isn't there",
      (seen) => ({ ...seen, istiod: answer([]) }),
      [{ state: "error", code: "istio_missing", message: says("no istiod runs") }],
    ],
    [
      "isn't installed",
      (seen) => ({
        ...seen,
        owned: new Map([
          [
            "networking.istio.io/v1 Gateway",
            { ok: false, reason: "unknown_kind", what: "list", message: "" } as const,
          ],
        ]),
      }),
      [{ code: "istio_missing", message: says("doesn't know its kinds") }],
    ],
    [
      "is scaled to 0",
      changed((deployment) => {
        deployment.spec!.replicas = 0;
        deployment.status = {};
      }),
      [
        {
          state: "error",
          code: "istiod_not_ready",
          subject: "apps/Deployment/istio-system/istiod",
        },
      ],
    ],
    [
      "may not be looked at",
      (seen) => ({ ...seen, istiod: forbidden("list deployments.apps in istio-system") }),
      [{ state: "unknown", code: "permission_missing" }],
    ],
    [
      "belongs to another mesh and trust domain, and its proxies answer no queries",
      (seen) => ({
        ...seen,
        meshConfig: answer({
          data: { mesh: "trustDomain: other\ndefaultConfig:\n  meshId: another\n" },
        }),
      }),
      [
        {
          code: "istiod_settings_differ",
          message: says(
            "trustDomain other → cluster.local; meshID another → shop; PROXY_CONFIG_XDS_AGENT unset → true; ISTIO_META_DNS_CAPTURE unset → true",
          ),
        },
      ],
    ],
    [
      "calls its cluster by another name",
      changed((deployment) => (deployment.spec!.template.spec!.containers[0]!.env = [])),
      [{ code: "istiod_settings_differ", message: says("clusterName Kubernetes → east") }],
    ],
  ]);

  /** What is wrong with settings of east, in a mesh that is distributed so, where istiod has this beside what it always has. */
  function settingsOf(distribution: "hub" | "endpoints", extra: object): string | undefined {
    const described = parseMesh({ ...description, distribution, istio: { version: "1.30.2" } });
    const seen = sound("east");
    const text = seen.meshConfig.ok ? seen.meshConfig.value?.data?.mesh : undefined;
    const live = { ...(JSON.parse(text!) as object), ...extra };
    const observed = { ...seen, meshConfig: answer({ data: { mesh: JSON.stringify(live) } }) };
    const plan = planMesh(described).clusters.find(({ cluster }) => cluster.name === "east")!;
    return notFine(judgeIstiod(described, plan, observed)).find(
      ({ code }) => code === "istiod_settings_differ",
    )?.message;
  }

  const planned = (distribution: "hub" | "endpoints") => {
    const described = parseMesh({ ...description, distribution, istio: { version: "1.30.2" } });
    return istiodValues(described, described.clusters[0]!).meshConfig;
  };

  it("reads no hubs, or those of an earlier plan", () => {
    const { configSources, discoverySelectors } = planned("hub");
    expect(settingsOf("hub", { configSources, discoverySelectors })).toBeUndefined();
    expect(settingsOf("hub", {})).toMatch(
      /configSources k8s:\/\/ → k8s:\/\/ xds:.*; discoverySelectors none → \[\{"match/,
    );
    const old = [{ address: "xds://elsewhere:15110" }, ...configSources!];
    expect(settingsOf("hub", { configSources: old, discoverySelectors })).toMatch(
      /configSources k8s:\S* \S*xds:\/\/elsewhere:15110/,
    );
    expect(settingsOf("endpoints", { configSources })).toMatch(/configSources k8s:\/\/ xds:/);
  });

  it("lets Kubernetes' own names lead to other clusters, where endpoints are read", () => {
    const { serviceSettings } = planned("endpoints");
    const own = { settings: { clusterLocal: true }, hosts: ["ours.default.svc.cluster.local"] };
    expect(
      settingsOf("endpoints", { serviceSettings: [own, ...serviceSettings!] }),
    ).toBeUndefined();
    expect(settingsOf("endpoints", { serviceSettings: [own] })).toMatch(/serviceSettings none → /);
  });

  it("is another version than described, or the same as another image", () => {
    const described = { ...mesh, istio: { ...mesh.istio, version: "1.31.0" } } as Mesh;
    const judged = (tag: string) =>
      judgeIstiod(
        described,
        planOf("east"),
        changed((deployment) => {
          deployment.spec!.template.spec!.containers[0]!.image = `registry:5000/pilot:${tag}`;
          deployment.spec!.template.spec!.containers[0]!.env = [
            { name: "CLUSTER_ID", value: "east" },
          ];
        })(sound("east")),
      );
    expect(notFine(judged("1.31.0-distroless"))).toEqual([]);
    expect(notFine(judged("1.30.2"))).toMatchObject([
      { state: "warning", code: "istiod_version_differs", message: says("1.30.2") },
    ]);
  });
});

describe("istiod's proxies", () => {
  const at = new Date("2026-06-01T00:00:10Z");
  const listener = "type.googleapis.com/envoy.config.listener.v3.Listener";
  const proxy = (name: string, sent: string, sentTime: string) => ({
    proxy: name,
    resources: { [listener]: { sent, acked: "a", sentTime } },
  });
  const gatewayProxy = proxy("istio-eastwestgateway-1.istio-eastwest", "a", "");
  const sync = (proxies: readonly object[], refusals = new Map<string, string>(), rejects = 0) =>
    notFine(
      judgeSync(
        sound("east"),
        answer({
          ...{ at, proxies, refusals, ended: new Set<string>() },
          rejects: new Map(rejects === 0 ? [] : [["lds", rejects]]),
        }),
      ),
    );

  it("have what they were sent, or are being sent it", () => {
    const proxies = [gatewayProxy, proxy("web-1.default", "b", "2026-06-01T00:00:08Z")];
    expect(sync(proxies)).toEqual([]);
  });

  it("haven't taken something for a while", () => {
    const proxies = [gatewayProxy, proxy("web-1.default", "b", "2026-06-01T00:00:01Z")];
    expect(sync(proxies)).toMatchObject([
      { code: "proxy_out_of_sync", subject: "core/Pod/default/web-1", message: says("Listener") },
    ]);
  });

  it("refuse it, and say why", () => {
    const proxies = [gatewayProxy, proxy("web-1.default", "b", "2026-06-01T00:00:01Z")];
    expect(sync(proxies, new Map([["web-1.default", "no such filter"]]), 2)).toMatchObject([
      { code: "proxy_rejects_config", message: says("no such filter") },
    ]);
  });

  it("aren't connected", () => {
    expect(sync([gatewayProxy])).toMatchObject([
      {
        code: "proxy_out_of_sync",
        subject: "core/Pod/default/web-1",
        message: says("isn't connected"),
      },
    ]);
  });

  it("are unknown while no istiod is ready, or nobody may ask", () => {
    expect(judgeSync(sound("east"), undefined)).toMatchObject([
      { state: "unknown", code: "not_looked_at" },
    ]);
    expect(judgeSync(sound("east"), forbidden("create pods/portforward"))).toMatchObject([
      { state: "unknown", code: "permission_missing", hint: says("create pods/portforward") },
    ]);
  });
});

describe("services", () => {
  const withNamespace = (
    change: (namespace: NamespaceObservation) => Partial<NamespaceObservation>,
  ) => {
    const seen = sound("west");
    const before = seen.namespaces.get("default")!;
    return { ...seen, namespaces: new Map([["default", { ...before, ...change(before) }]]) };
  };
  it.each<[string, Parameters<typeof withNamespace>[0], Partial<Verdict>[]]>([
    ["are fine", () => ({}), []],
    ["are missing", () => ({ services: answer([]) }), [{ code: "service_missing" }]],
    [
      "lack a port",
      () => ({
        services: answer([
          { metadata: { name: "pay" }, spec: { selector: { app: "pay" }, ports: [{ port: 81 }] } },
        ]),
      }),
      [{ code: "service_missing", message: says("no port 80") }],
    ],
    [
      "lead to other ports of the pods than described",
      ({ slices }) => ({
        slices: answer(
          (slices.ok ? slices.value : []).map(({ addressType, metadata, endpoints }) => ({
            ...{ addressType, endpoints, ports: [{ port: 8080, protocol: "TCP" }] },
            ...(metadata === undefined ? {} : { metadata }),
          })),
        ),
      }),
      [
        {
          code: "service_port_differs",
          service: "pay.default",
          message: says("port 80 leads to port 8080 of the pods, and the description says 80"),
        },
      ],
    ],
    [
      "have no ready endpoint, because a pod isn't",
      () => ({ slices: answer([]), pods: answer([unready("pay", "default")]) }),
      [{ code: "service_without_endpoints", message: says("pay-1: ImagePullBackOff") }],
    ],
    [
      "have slices without endpoints, as API servers write them",
      () => ({
        slices: answer([
          {
            addressType: "IPv4",
            metadata: { labels: { "kubernetes.io/service-name": "pay" } },
            endpoints: null as never,
          },
        ]),
      }),
      [{ code: "service_without_endpoints" }],
    ],
    [
      "select nobody",
      () => ({
        slices: answer([]),
        services: answer([
          { metadata: { name: "pay" }, spec: { selector: { app: "x" }, ports: [{ port: 80 }] } },
        ]),
      }),
      [{ code: "service_without_endpoints", message: says("its selector app=x") }],
    ],
    [
      "have pods without a sidecar",
      () => ({
        pods: answer([
          pod("pay", "default", {
            metadata: {
              ...{ name: "pay-0", labels: { app: "pay" } },
              ownerReferences: [
                { apiVersion: "apps/v1", kind: "StatefulSet", name: "pay", uid: "" },
              ],
            },
            spec: { containers: [{ name: "pay" }] },
          }),
        ]),
      }),
      [
        {
          ...{ code: "sidecar_missing", service: "pay.default" },
          fix: "kubectl -n default rollout restart statefulset/pay",
        },
      ],
    ],
  ])("%s", (_, change, expected) => {
    expect(notFine(judgeServices(mesh, withNamespace(change)))).toMatchObject(expected);
  });

  it("of other clusters aren't looked for", () => {
    expect(judgeServices(mesh, sound("east"))).toEqual([]);
  });
});

describe("what names need", () => {
  const deaf = pod("web", "default", {
    metadata: {
      name: "web-5d9c7b-x1",
      namespace: "default",
      ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-5d9c7b", uid: "" }],
    },
    spec: { containers: [{ name: "istio-proxy", env: [] }] },
  });
  it.each<["east" | "west", string, Partial<ClusterObservation>, Partial<Verdict>[]]>([
    ["east", "is there", {}, []],
    ["west", "is there", {}, []],
    [
      "east",
      "are proxies that answer queries",
      {
        namespaces: new Map([
          ["default", { pods: answer([deaf]), services: answer([]), slices: answer([]) }],
        ]),
      },
      [
        {
          code: "dns_capture_missing",
          subject: "core/Namespace//default",
          message: says("proxies of web answer"),
          fix: "kubectl -n default rollout restart deployment/web",
        },
      ],
    ],
    [
      "west",
      "is a server of the mesh's names",
      { meshDnsPods: answer([unready("meshspan-dns", "istio-system")]) },
      [{ code: "dns_server_not_ready", message: says("ImagePullBackOff") }],
    ],
    [
      "west",
      "is the cluster's own server",
      { clusterDnsPods: answer([]) },
      [{ code: "cluster_dns_not_ready", message: says("there are no pods") }],
    ],
  ])("in %s %s", (cluster, _, change, expected) => {
    const seen = { ...sound(cluster), ...change };
    expect(notFine(judgeDnsServers(mesh, planOf(cluster), seen))).toMatchObject(expected);
  });
});
