/** Faults as they happen to clusters, and what a look at them has to name. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../../src";
import { type Authority, createIntermediate, createRoot } from "../../src/pki";
import type { LabCluster } from "./cluster";
import { corefile } from "./clusterDns";
import { caller } from "./echoMesh";
import { workFolder } from "./lab";

/** What a look names. */
export interface Named {
  readonly code: string;
  readonly subject: string;
}

/** One fault in one cluster. */
export interface Fault {
  readonly what: string;
  readonly cluster: "east" | "west";
  readonly named: Named | ((cluster: LabCluster) => Named);
  readonly plant: (cluster: LabCluster) => Promise<unknown>;
  readonly undo: (cluster: LabCluster, restore: Restore) => Promise<unknown>;
}

/** Puts a planned object back as it was. */
type Restore = (key: string) => Promise<void>;

export function restorer(plan: Plan, cluster: LabCluster): Restore {
  const objects = plan.clusters.find((own) => own.cluster.name === cluster.name)?.objects ?? [];
  return async (key) => {
    const found = objects.find((object) => object.key === key);
    if (found === undefined) throw new Error(`${cluster.name} has no ${key}`);
    await cluster.apply([found.manifest]);
  };
}

const istio = (group: string, plural: string, name: string) =>
  `/apis/${group}.istio.io/v1/namespaces/default/${plural}/${name}`;
const paths = {
  serviceEntry: istio("networking", "serviceentries", "hello"),
  destinationRule: istio("networking", "destinationrules", "hello.global"),
  strict: istio("security", "peerauthentications", "hello.strict"),
  callers: istio("security", "authorizationpolicies", "hello.callers"),
  gateway: "/apis/apps/v1/namespaces/istio-eastwest/deployments/istio-eastwestgateway",
  gatewayService: "/api/v1/namespaces/istio-eastwest/services/istio-eastwestgateway",
  istiod: "/apis/apps/v1/namespaces/istio-system/deployments/istiod",
  secret: "/api/v1/namespaces/istio-system/secrets/cacerts",
  dnsServer: "/apis/apps/v1/namespaces/istio-system/deployments/meshspan-dns",
  istiodGuard: "/apis/networking.k8s.io/v1/namespaces/istio-system/networkpolicies/meshspan-istiod",
  zone: "/api/v1/namespaces/istio-system/configmaps/meshspan-dns",
  corefile: "/api/v1/namespaces/kube-system/configmaps/coredns",
  service: "/api/v1/namespaces/default/services/hello",
};
const keys = {
  serviceEntry: "networking.istio.io/ServiceEntry/default/hello",
  destinationRule: "networking.istio.io/DestinationRule/default/hello.global",
  strict: "security.istio.io/PeerAuthentication/default/hello.strict",
  callers: "security.istio.io/AuthorizationPolicy/default/hello.callers",
  gateway: "apps/Deployment/istio-eastwest/istio-eastwestgateway",
  gatewayService: "core/Service/istio-eastwest/istio-eastwestgateway",
  istiod: "apps/Deployment/istio-system/istiod",
  secret: "core/Secret/istio-system/cacerts",
  dnsServer: "apps/Deployment/istio-system/meshspan-dns",
  istiodGuard: "networking.k8s.io/NetworkPolicy/istio-system/meshspan-istiod",
  zone: "core/ConfigMap/istio-system/meshspan-dns",
  corefile: "core/ConfigMap/kube-system/coredns",
  service: "core/Service/default/hello",
};

const scale = (path: string, replicas: number) => (cluster: LabCluster) =>
  cluster.api.patch(path, { spec: { replicas } });

/** A field that is set by hand, and set back by an apply. */
function edited(
  what: string,
  cluster: Fault["cluster"],
  object: keyof typeof keys,
  change: object,
  code = "object_changed",
): Fault {
  return {
    what,
    cluster,
    named: { code, subject: keys[object] },
    plant: ({ api }) => api.patch(paths[object], change),
    undo: (_, restore) => restore(keys[object]),
  };
}

function deleted(what: string, cluster: Fault["cluster"], object: keyof typeof keys): Fault {
  return {
    what,
    cluster,
    named: { code: "object_missing", subject: keys[object] },
    plant: ({ api }) => api.delete(paths[object]),
    undo: (_, restore) => restore(keys[object]),
  };
}

/** An object that is put there, and taken away. */
function added(
  what: string,
  cluster: Fault["cluster"],
  named: Fault["named"],
  ...objects: readonly object[]
): Fault {
  return {
    what,
    cluster,
    named,
    plant: (lab) => lab.apply(objects),
    undo: async (lab) => {
      for (const object of objects) await lab.delete(object);
    },
  };
}

/** Another CA in the secret, and the one that was there again. */
function exchanged(
  what: string,
  code: string,
  make: () => Promise<readonly [Authority, string]>,
): Fault {
  let before: unknown;
  return {
    what,
    cluster: "east",
    named: { code, subject: keys.secret },
    plant: async ({ api }) => {
      const [{ certificatePem, keyPem }, root] = await make();
      before = (await api.find(paths.secret)).data;
      const files = {
        "ca-cert.pem": certificatePem,
        "ca-key.pem": keyPem,
        "root-cert.pem": root,
        "cert-chain.pem": certificatePem + root,
      };
      const data = Object.entries(files).map(([name, text]) => [
        name,
        Buffer.from(text).toString("base64"),
      ]);
      await api.patch(paths.secret, { data: Object.fromEntries(data) });
    },
    undo: ({ api }) => api.patch(paths.secret, { data: before }),
  };
}

const authority = { meshName: "looked-at", cluster: "east" };

const foreignRoot = async (): Promise<readonly [Authority, string]> => {
  const now = new Date();
  const root = await createRoot({ meshName: "others", now });
  return [await createIntermediate(root, { ...authority, now }), root.certificatePem];
};

/** Below the mesh's root. */
const shortLived = async (): Promise<readonly [Authority, string]> => {
  const read = (name: string) => readFileSync(join(workFolder, "certs", name), "utf8");
  const root = { certificatePem: read("root-cert.pem"), keyPem: read("root-key.pem") };
  const intermediate = await createIntermediate(root, { ...authority, now: new Date(), days: 5 });
  return [intermediate, root.certificatePem];
};

const ownedBy = {
  "app.kubernetes.io/managed-by": "meshspan",
  "app.kubernetes.io/part-of": "looked-at",
};

/** The caller's proxy takes no such timeout; istiod doesn't look at it. */
const refusedFilter = {
  apiVersion: "networking.istio.io/v1alpha3",
  kind: "EnvoyFilter",
  metadata: { name: "no-time", namespace: "default" },
  spec: {
    workloadSelector: { labels: { app: "caller" } },
    configPatches: [
      {
        applyTo: "CLUSTER",
        match: { context: "SIDECAR_OUTBOUND" },
        patch: { operation: "MERGE", value: { connect_timeout: "0s" } },
      },
    ],
  },
};

const denied = {
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name: "somebody-elses", namespace: "default" },
  spec: {
    selector: { matchLabels: { app: "hello" } },
    action: "DENY",
    rules: [{ to: [{ operation: { ports: ["8080"] } }] }],
  },
};

const leftOver = {
  apiVersion: "security.istio.io/v1",
  kind: "PeerAuthentication",
  metadata: { name: "gone.strict", namespace: "default", labels: ownedBy },
  spec: { selector: { matchLabels: { app: "gone" } }, mtls: { mode: "STRICT" } },
};

/** Workloads whose proxies are told to answer no queries. */
function deafCaller(): readonly object[] {
  return caller("deaf").map((manifest) => {
    if (manifest.kind !== "Deployment") return manifest;
    const spec = structuredClone(manifest.spec) as any;
    spec.template.metadata.annotations = {
      "proxy.istio.io/config": '{ "proxyMetadata": { "ISTIO_META_DNS_CAPTURE": "false" } }',
    };
    return { ...manifest, spec };
  });
}

export const faults: readonly Fault[] = [
  deleted("a ServiceEntry is deleted", "east", "serviceEntry"),
  edited("a server name is changed by hand", "east", "destinationRule", {
    spec: {
      trafficPolicy: {
        portLevelSettings: [
          { port: { number: 80 }, tls: { mode: "ISTIO_MUTUAL", sni: "hello.default.global" } },
        ],
      },
    },
  }),
  edited(
    "a consumer has another gateway's address",
    "east",
    "serviceEntry",
    {
      spec: {
        endpoints: [{ address: "203.0.113.99", ports: { http: 15443, grpc: 15443, tcp: 15443 } }],
      },
    },
    "gateway_address_stale",
  ),
  added(
    "an object of a service that is gone is left over",
    "west",
    {
      code: "object_left_over",
      subject: "security.istio.io/PeerAuthentication/default/gone.strict",
    },
    leftOver,
  ),
  edited("plaintext is let in", "west", "strict", { spec: { mtls: { mode: "PERMISSIVE" } } }),
  {
    ...edited("plaintext is let in at one port", "west", "strict", {
      spec: { portLevelMtls: { "8080": { mode: "DISABLE" } } },
    }),
    undo: ({ api }) => api.patch(paths.strict, { spec: { portLevelMtls: null } }),
  },
  deleted("who may call isn't asked any more", "west", "callers"),
  edited("anybody is let in to istiod", "west", "istiodGuard", { spec: { ingress: [{}] } }),
  added(
    "somebody else's policy keeps callers out",
    "west",
    { code: "call_fails", subject: "hello.default.global:80" },
    denied,
  ),
  {
    what: "a gateway is scaled to none",
    cluster: "west",
    named: { code: "gateway_not_ready", subject: keys.gateway },
    plant: scale(paths.gateway, 0),
    undo: scale(paths.gateway, 1),
  },
  {
    what: "a load balancer gets another address",
    cluster: "west",
    named: { code: "gateway_address_differs", subject: keys.gatewayService },
    plant: ({ api }) =>
      api.setLoadBalancer("istio-eastwest", "istio-eastwestgateway", { ip: "203.0.113.77" }),
    undo: ({ api, gatewayAddress: ip }) =>
      api.setLoadBalancer("istio-eastwest", "istio-eastwestgateway", { ip }),
  },
  edited("a gateway's Service leads to another port", "west", "gatewayService", {
    spec: { ports: [{ name: "tls", port: 15443, targetPort: 15444, protocol: "TCP" }] },
  }),
  {
    what: "the serving Service is deleted",
    cluster: "west",
    named: { code: "service_missing", subject: keys.service },
    plant: ({ api }) => api.delete(paths.service),
    undo: (_, restore) => restore(keys.service),
  },
  {
    what: "the serving Service selects no pods",
    cluster: "west",
    named: { code: "service_without_endpoints", subject: keys.service },
    plant: ({ api }) => api.patch(paths.service, { spec: { selector: { app: "nobody" } } }),
    undo: (_, restore) => restore(keys.service),
  },
  exchanged("a cluster gets a CA of another root", "root_differs", foreignRoot),
  exchanged("an intermediate has days left", "certificate_expires_soon", shortLived),
  added(
    "a proxy refuses its configuration",
    "west",
    (cluster) => ({
      code: "proxy_rejects_config",
      subject: `core/Pod/default/${cluster.podOf("caller").object.metadata.name as string}`,
    }),
    refusedFilter,
  ),
  {
    what: "istiod is down",
    cluster: "east",
    named: { code: "istiod_not_ready", subject: keys.istiod },
    plant: scale(paths.istiod, 0),
    undo: scale(paths.istiod, 1),
  },
  added(
    "a workload's proxy answers no queries",
    "east",
    { code: "dns_capture_missing", subject: "core/Namespace//default" },
    ...deafCaller(),
  ),
  {
    ...edited("the stub domain is taken out", "west", "corefile", {}, "stub_domain_missing"),
    plant: ({ api }) => api.patch(paths.corefile, { data: { Corefile: corefile } }),
  },
  edited("the names' server is scaled to none", "west", "dnsServer", { spec: { replicas: 0 } }),
  edited("the zone is changed by hand", "west", "zone", {
    data: {
      zone: "$ORIGIN global.\n@ 30 IN SOA ns.dns.global. hostmaster.global. 1 7200 1800 86400 30\n",
    },
  }),
];
