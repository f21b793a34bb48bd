import type { ChangeKind, MeshDescription } from "../../../src";
import { parsed } from "../../cli/run";
import { describeMesh, diffOf, inShort, planOf, withoutCluster, withPay, withWest } from "./pairs";

const plain = withPay({});
const versions = { v1: { version: "v1" }, v2: { version: "v2" } };
const versioned = { servedBy: { west: ["v1", "v2"] }, versions };
const weights = (v1: number, v2: number) => [
  {
    to: [
      { version: "v1", weight: v1 },
      { version: "v2", weight: v2 },
    ],
  },
];
const coreDns = { mode: "coredns", address: "10.96.0.53" } as const;
const spiffe = (domain: string, account = "pay") => `spiffe://${domain}/ns/default/sa/${account}`;

/** Each kind of change: from, to, and what is said of it. */
const pairs: readonly (readonly [
  kind: ChangeKind,
  before: MeshDescription,
  after: MeshDescription,
  expected: readonly string[],
])[] = [
  [
    "meshRenamed",
    plain,
    describeMesh({ name: "store" }),
    ["high : the mesh's name changes from shop to store"],
  ],
  [
    "domainChanged",
    plain,
    describeMesh({ domain: "mesh" }),
    ["high : the domain of global names changes from global to mesh"],
  ],
  [
    "poolChanged",
    withPay({ address: "240.0.0.9" }),
    { ...withPay({ address: "240.0.0.9" }), addresses: "240.0.0.0/8" },
    ["low : the pool of virtual addresses changes from 240.0.0.0/4 to 240.0.0.0/8"],
  ],
  [
    "defaultTrustDomainChanged",
    describeMesh(),
    describeMesh(
      { trustDomain: "example.com" },
      Object.fromEntries(
        Object.entries(describeMesh().clusters).map(([name, cluster]) => [
          name,
          { ...cluster, trustDomain: "cluster.local" },
        ]),
      ),
    ),
    ["low : the trust domain of clusters that name none changes from cluster.local to example.com"],
  ],
  [
    "istioChanged",
    describeMesh({ istio: { version: "1.28.0" } }),
    describeMesh({ istio: { version: "1.29.0", revision: "canary", namespace: "istio" } }),
    [
      "high : Istio's namespace changes from istio-system to istio",
      "medium : Istio's revision changes from none to canary",
      "medium : Istio's version changes from 1.28.0 to 1.29.0",
    ],
  ],
  [
    "distributionChanged",
    plain,
    describeMesh({ distribution: "endpoints" }),
    [
      "high : a control plane that reads another cluster's endpoints reads its Secrets too, CA keys among them",
      "medium : the way that clusters know where services are changes from objects to endpoints",
    ],
  ],
  [
    "hubsChanged",
    describeMesh({ distribution: "hub", hubs: ["east", "west"], istio: { version: "1.29.0" } }),
    describeMesh({ distribution: "hub", hubs: ["east", "north"], istio: { version: "1.29.0" } }),
    ["medium : hubs: added north, removed west"],
  ],
  [
    "istioChanged",
    describeMesh({ istio: { version: "1.29.0" } }),
    describeMesh({ istio: { version: "1.29.0", image: "registry.example.com/pilot:1.29.0" } }),
    ["medium : Istio's image changes from the release's to registry.example.com/pilot:1.29.0"],
  ],
  [
    "issuerChanged",
    plain,
    describeMesh({ trust: { issuer: "cert-manager", certManager: { name: "root" } } }),
    ["high : the issuer of intermediates changes from files to cert-manager ClusterIssuer root"],
  ],
  [
    "rootsChanged",
    plain,
    describeMesh({ trust: { next: { root: "2026" } } }),
    ["medium : trusted roots: root and 2026, signed by root; before: root, signed by root"],
  ],
  [
    "rootsChanged",
    describeMesh({ trust: { next: { root: "2026", signs: true } } }),
    describeMesh({ trust: { root: "2027" } }),
    ["high : trusted roots: 2027, signed by 2027; before: root and 2026, signed by 2026"],
  ],
  [
    "keyAlgorithmChanged",
    plain,
    describeMesh({ trust: { algorithm: "rsa-2048" } }),
    ["medium : the algorithm of CA keys changes from ecdsa-p256 to rsa-2048"],
  ],
  [
    "lifetimeChanged",
    plain,
    describeMesh({ trust: { rootDays: 1000, intermediateDays: 90 } }),
    [
      "medium : the life of the root changes from 3650 days to 1000 days",
      "low : the life of the intermediates changes from 730 days to 90 days",
    ],
  ],
  [
    "revocationListsChanged",
    plain,
    describeMesh({ trust: { crl: true } }),
    ["medium : clusters get the revocation lists of all CAs"],
  ],
  [
    "revocationListsChanged",
    describeMesh({ trust: { crl: true } }),
    plain,
    ["high : clusters get no revocation lists any more"],
  ],
  [
    "observabilityChanged",
    describeMesh({ observability: { accessLogs: "all", rules: "operator" } }),
    plain,
    [
      "medium : the dashboard changes from grafana to none",
      "medium : the way that Prometheus gets the mesh's rules changes from operator to none",
      "medium : what access logs have of calls across clusters changes from all to none",
    ],
  ],
  [
    "observabilityChanged",
    plain,
    describeMesh({ observability: { dashboard: false } }),
    [
      "low : the way that Prometheus gets the mesh's rules changes from none to operator",
      "low : what access logs have of calls across clusters changes from none to errors",
    ],
  ],
  [
    "observabilityChanged",
    describeMesh({ observability: { accessLogs: "errors", labels: { release: "prom" } } }),
    describeMesh({
      observability: {
        accessLogs: "all",
        rules: "configMap",
        namespace: "seen",
        labels: { release: "prom", team: "net" },
      },
    }),
    [
      "medium : the namespace of rules, monitors and dashboard changes from istio-system to seen",
      "medium : the way that Prometheus gets the mesh's rules changes from operator to configMap",
      "low : the set of labels of rules, monitors and dashboard changes from release=prom to release=prom, team=net",
      "low : what access logs have of calls across clusters changes from errors to all",
    ],
  ],
  [
    "observabilityChanged",
    describeMesh({ observability: { labels: { release: "prom" } } }),
    describeMesh({ observability: true }),
    [
      "medium : the set of labels of rules, monitors and dashboard changes from release=prom to none",
    ],
  ],
  [
    "trustedDomainsChanged",
    plain,
    describeMesh({ trust: { trustDomainAliases: ["old.example.com"] } }),
    [
      "high : trust domains that count beside the clusters': added old.example.com",
      "high pay.default: trust domains of its callers: added old.example.com",
      `high pay.default: callers accept ${spiffe("cluster.local")} and ${spiffe("old.example.com")}, before ${spiffe("cluster.local")}`,
    ],
  ],
  [
    "clusterAdded",
    withoutCluster(plain, "north"),
    plain,
    [
      "high in north: the gateway takes connections from any address",
      "medium in north: joins the mesh; it serves 0 services and consumes 0 services",
    ],
  ],
  [
    "clusterRemoved",
    withPay({ consumedBy: ["east", "north"] }),
    withoutCluster(plain, "north"),
    [
      "high in north: leaves the mesh; it served 0 services and consumed 1 service",
      "low pay.default in north: is reachable no more for front.default, by the gateway of west 203.0.113.20:15443 (the cluster is removed)",
    ],
  ],
  [
    "providerChanged",
    plain,
    withWest({ provider: "rendered" }),
    ["low in west: the provider changes from existing to rendered"],
  ],
  [
    "networkChanged",
    plain,
    withWest({ network: "vpc-2" }),
    ["medium in west: the network changes from west to vpc-2"],
  ],
  [
    "localityChanged",
    plain,
    withWest({ locality: "us-west1/us-west1-a" }),
    ["medium in west: the locality changes from none to us-west1/us-west1-a"],
  ],
  [
    "apiServerChanged",
    plain,
    withWest({ apiServer: "https://203.0.113.5:6443" }),
    ["medium in west: the URL of the API server changes from none to https://203.0.113.5:6443"],
  ],
  [
    "readerTokenChanged",
    plain,
    withWest({ readerToken: 2 }),
    ["low in west: the token by which other control planes read it changes from 1 to 2"],
  ],
  [
    "trustDomainChanged",
    plain,
    withWest({ trustDomain: "west.example.com" }),
    [
      "high pay.default: trust domains of its callers: added west.example.com",
      `high pay.default: callers accept ${spiffe("west.example.com")}, before ${spiffe("cluster.local")}`,
      "high in west: the trust domain changes from cluster.local to west.example.com",
    ],
  ],
  [
    "dnsModeChanged",
    plain,
    withWest({ dns: "coredns" }),
    ["medium in west: the way that pods resolve global names changes from proxy to coredns"],
  ],
  [
    "dnsChanged",
    withWest({ dns: { ...coreDns, corefile: ".:53 {\n    errors\n}\n" } }),
    withWest({ dns: { ...coreDns, address: "10.96.0.54", corefile: ".:53 {\n    log\n}\n" } }),
    [
      "medium in west: the Corefile that the stub domain is merged into is another text",
      "medium in west: the cluster IP of the domain's DNS server changes from 10.96.0.53 to 10.96.0.54",
    ],
  ],
  [
    "gatewayAddressChanged",
    plain,
    withWest({ gateway: { address: "203.0.113.99" } }),
    ["high in west: the gateway's address changes from 203.0.113.20 to 203.0.113.99"],
  ],
  [
    "gatewayAddressChanged",
    plain,
    withWest({ gateway: {} }),
    [
      "medium in west: the gateway's address changes from 203.0.113.20 to one that is learnt from the cluster",
    ],
  ],
  [
    "gatewayPortChanged",
    plain,
    withWest({ gateway: { address: "203.0.113.20", port: 15444 } }),
    ["high in west: the port at which peers dial the gateway changes from 15443 to 15444"],
  ],
  [
    "gatewaySourcesChanged",
    withWest({ gateway: { address: "203.0.113.20", allowFrom: ["10.0.0.0/8"] } }),
    withWest({ gateway: { address: "203.0.113.20", allowFrom: ["10.1.0.0/16"] } }),
    ["medium in west: the gateway is reached from 10.1.0.0/16, before from 10.0.0.0/8"],
  ],
  [
    "gatewaySourcesChanged",
    withWest({ gateway: { address: "203.0.113.20", allowFrom: ["10.0.0.0/8"] } }),
    plain,
    ["high in west: the gateway is reached from anywhere, before from 10.0.0.0/8"],
  ],
  [
    "gatewayServiceChanged",
    plain,
    withWest({ gateway: { address: "203.0.113.20", name: "crossing" } }),
    ["medium in west: the gateway's name changes from istio-eastwestgateway to crossing"],
  ],
  [
    "gatewayAnnotationsChanged",
    plain,
    withWest({ gateway: { address: "203.0.113.20", annotations: { a: "1" } } }),
    ["medium in west: the annotations of the gateway's Service: added a=1"],
  ],
  [
    "gatewayScaled",
    plain,
    withWest({ gateway: { address: "203.0.113.20", replicas: { min: 3, max: 9 } } }),
    ["low in west: the range of the gateway's replicas changes from 2 to 5 to 3 to 9"],
  ],
  [
    "reachable",
    plain,
    withPay({ consumedBy: ["east", "north"] }),
    [
      "high pay.default in north: becomes reachable for front.default, by the gateway of west 203.0.113.20:15443",
    ],
  ],
  [
    "reachable",
    { ...plain, services: {} },
    withPay({ consumedBy: ["east", "west"] }),
    [
      "medium pay.default in east: becomes reachable for front.default, by the gateway of west 203.0.113.20:15443 (new global service)",
      "medium pay.default in west: becomes reachable for front.default, by own pods (new global service)",
    ],
  ],
  [
    "unreachable",
    plain,
    { ...plain, services: {} },
    [
      "high pay.default in east: is reachable no more for front.default, by the gateway of west 203.0.113.20:15443 (it is no global service any more)",
    ],
  ],
  [
    "placeAdded",
    plain,
    withPay({ servedBy: ["east", "west"] }),
    ["medium pay.default in east: is served from here"],
  ],
  [
    "placeRemoved",
    plain,
    withPay({ servedBy: ["north"] }),
    [
      "high pay.default in north: is served from here",
      "high pay.default in west: is served from here no more",
      "medium pay.default in north: the gateway lets peers through to it",
      "low pay.default in west: the gateway lets peers through to it no more",
    ],
  ],
  [
    "placeVersionsChanged",
    withPay({ ...versioned, servedBy: { north: ["v1"], west: ["v1", "v2"] } }),
    withPay({ ...versioned, servedBy: { north: ["v1", "v2"], west: ["v1", "v2"] } }),
    ["medium pay.default in north: versions that run here: added v2"],
  ],
  [
    "gatewayOpened",
    withPay({ consumedBy: ["west"] }),
    withPay({ consumedBy: ["east", "west"] }),
    [
      "high pay.default in east: becomes reachable for front.default, by the gateway of west 203.0.113.20:15443",
      "medium pay.default in west: the gateway lets peers through to it",
    ],
  ],
  [
    "callersAdded",
    plain,
    withPay({ callers: ["batch.jobs", "front.default"] }),
    ["high pay.default: batch.jobs may call it"],
  ],
  [
    "callersRemoved",
    withPay({ callers: ["batch.jobs", "front.default"] }),
    plain,
    ["high pay.default: batch.jobs may call it no more"],
  ],
  [
    "identityChanged",
    plain,
    withPay({ serviceAccount: "till" }),
    [
      `high pay.default: callers accept ${spiffe("cluster.local", "till")}, before ${spiffe("cluster.local")}`,
    ],
  ],
  [
    "addressChanged",
    withPay({ address: "240.0.0.9" }),
    withPay({ address: "240.0.0.10" }),
    ["high pay.default: the virtual address moves from 240.0.0.9 to 240.0.0.10"],
  ],
  [
    "selectorChanged",
    plain,
    withPay({ selector: { app: "till" } }),
    ["high pay.default: the labels of its pods: added app=till, removed app=pay"],
  ],
  [
    "portsAdded",
    plain,
    withPay({
      ports: [
        { name: "http", port: 80, protocol: "HTTP" },
        { name: "grpc", port: 90, protocol: "GRPC", targetPort: 9090 },
      ],
    }),
    ["medium pay.default: has port grpc 90 (GRPC, container port 9090)"],
  ],
  [
    "portsRemoved",
    plain,
    withPay({ ports: [{ name: "http", port: 8080, protocol: "HTTP" }] }),
    [
      "high pay.default: has port http 80 (HTTP) no more",
      "medium pay.default: has port http 8080 (HTTP)",
    ],
  ],
  [
    "portChanged",
    plain,
    withPay({ ports: [{ name: "http", port: 80, protocol: "HTTP2" }] }),
    ["medium pay.default: a port changes from http 80 (HTTP) to http 80 (HTTP2)"],
  ],
  [
    "versionAdded",
    withPay({ servedBy: { west: ["v1"] }, versions: { v1: versions.v1 } }),
    withPay(versioned),
    [
      "medium pay.default in west: versions that run here: added v2",
      "low pay.default: has version v2",
    ],
  ],
  [
    "versionRemoved",
    withPay(versioned),
    withPay({ servedBy: { west: ["v1"] }, versions: { v1: versions.v1 } }),
    [
      "medium pay.default: has version v2 no more",
      "medium pay.default in west: versions that run here: removed v2",
    ],
  ],
  [
    "versionChanged",
    withPay(versioned),
    withPay({ ...versioned, versions: { ...versions, v2: { version: "v2b" } } }),
    ["medium pay.default: the labels of version v2: added version=v2b, removed version=v2"],
  ],
  [
    "routesChanged",
    withPay({ ...versioned, routes: weights(90, 10) }),
    withPay({ ...versioned, routes: weights(50, 50) }),
    [
      "medium pay.default: route rules: now everything → v1 ×50, v2 ×50; before everything → v1 ×90, v2 ×10",
    ],
  ],
  [
    "routesChanged",
    withPay({ ...versioned, routes: weights(90, 10) }),
    withPay({
      ...versioned,
      routes: [
        {
          match: [
            { headers: { user: { regex: "j.*" } }, uri: { prefix: "/a" } },
            { method: "GET" },
          ],
          to: [{ version: "v2" }],
          timeout: "2s",
          retries: { attempts: 2, perTryTimeout: "1s", retryOn: "5xx" },
        },
        ...weights(90, 10),
      ],
    }),
    [
      'medium pay.default: route rules: now requests with URI starting with "/a" and header user matching "j.*", or requests with method "GET" → v2; timeout 2s; at most 2 retries of 1s on 5xx',
    ],
  ],
  [
    "failoverChanged",
    plain,
    withPay({ failover: false }),
    [
      "medium pay.default: places are chosen differently: all places share the calls; before: own pods first, a place is out for 10s after 3 errors, counted each 1s",
    ],
  ],
  [
    "shortNameAdded",
    plain,
    withPay({ shortName: true }),
    ["medium pay.default: the short name is routed like the global one"],
  ],
  [
    "shortNameRemoved",
    withPay({ shortName: true }),
    plain,
    ["high pay.default: the short name is routed like the global one no more"],
  ],
];

describe("the difference of two meshes says", () => {
  it.each(pairs.map(([kind, ...rest]) => [kind, rest] as const))(
    "%s",
    (kind, [before, after, expected]) => {
      const diff = diffOf(before, after);
      const { changes } = diff;
      parsed("diff", JSON.stringify(diff));
      expect(changes.map(inShort)).toEqual(expected);
      expect(changes.map((change) => change.kind)).toContain(kind);
      expect(changes.every(({ why }) => /^\S.*[^.\s]$/.test(why))).toBe(true);
    },
  );

  it("that everybody may call, and that only some may", () => {
    const { callers: _, ...open } = describeMesh().services!["pay.default"]!;
    const opened = describeMesh({}, {}, { "pay.default": open });
    expect(diffOf(plain, opened).changes.map(inShort)).toEqual([
      "high pay.default: every identity of the mesh may call it, before front.default only",
    ]);
    expect(diffOf(opened, plain).changes.map(inShort)).toEqual([
      "high pay.default: only front.default may call it, before every identity of the mesh",
    ]);
  });

  it("that everything is new where there was nothing, and gone where nothing is left", () => {
    const kinds = (diff: ReturnType<typeof diffOf>) => diff.changes.map(({ kind }) => kind).sort();
    expect(kinds(diffOf(undefined, plain))).toEqual([
      "clusterAdded",
      "clusterAdded",
      "clusterAdded",
      "exposureAdded",
      "exposureAdded",
      "exposureAdded",
      "reachable",
    ]);
    expect(kinds(diffOf(plain, undefined))).toEqual([
      "clusterRemoved",
      "clusterRemoved",
      "clusterRemoved",
      "unreachable",
    ]);
    const { objects } = diffOf(undefined, plain);
    const planned = planOf(plain)!.clusters.map((cluster) => cluster.objects.length + 2);
    expect(objects.map(({ added }) => added.length)).toEqual(planned);
    expect(diffOf(undefined, undefined)).toEqual({
      before: undefined,
      after: undefined,
      changes: [],
      objects: [],
    });
  });
});
