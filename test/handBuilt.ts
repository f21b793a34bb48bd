/** Three meshes built by hand, in the shape of what people have: cluster by cluster, as YAML. The lab runs the last one. */
import type { ImportResult } from "../src";
import type { ImportData } from "../src/cli/schemas";

const service = (name: string, port: number, target = port, namespace = "default") => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { selector: { app: ${name} }, ports: [{ name: main, port: ${port}, targetPort: ${target} }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { serviceAccountName: ${name}, containers: [{ name: app, image: example/app }] }
`;

const loadBalancer = (address: string) => `
apiVersion: v1
kind: Service
metadata: { name: istio-eastwestgateway, namespace: istio-system }
spec:
  type: LoadBalancer
  selector: { istio: eastwestgateway }
  ports: [{ name: tls, port: 15443 }]
status: { loadBalancer: { ingress: [{ ip: ${address} }] } }
`;

/** Nothing of the mesh. */
const outside = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: outside, namespace: default }
spec:
  hosts: [api.example.com]
  location: MESH_EXTERNAL
  ports: [{ name: tls, number: 443, protocol: TLS }]
  resolution: DNS
`;

/** As the talk of 2019 wires it: a loopback address, no names of identities, a gateway for "*.global". */
export const talk = {
  east: `
apiVersion: networking.istio.io/v1alpha3
kind: ServiceEntry
metadata: { name: redis-cart, namespace: default }
spec:
  hosts: [redis-cart.default.global]
  location: MESH_INTERNAL
  ports: [{ name: redis, number: 6379, protocol: tcp }]
  resolution: STATIC
  addresses: [127.255.3.6]
  endpoints: [{ address: 62.208.220.13, ports: { redis: 15443 } }]
---
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: { name: everything-global, namespace: istio-system }
spec: { host: "*.global", trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }
`,
  west: `
apiVersion: networking.istio.io/v1alpha3
kind: Gateway
metadata: { name: multicluster, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers:
    - port: { number: 15443, name: tls, protocol: TLS }
      tls: { mode: AUTO_PASSTHROUGH }
      hosts: ["*.global"]
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: rewrite-global, namespace: istio-system }
spec: { workloadSelector: { labels: { istio: ingressgateway } }, configPatches: [] }
---${service("redis-cart", 6379)}`,
};

/**
 * As Istio's guides for several networks lay it out: "*.local" at an east-west gateway, and a host of a replicated control plane,
 * whose entry is in the callers' namespace.
 */
export const samples = {
  cluster1: `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: httpbin-bar, namespace: foo }
spec:
  hosts: [httpbin.bar.global]
  location: MESH_INTERNAL
  ports: [{ name: http1, number: 8000, protocol: HTTP }]
  resolution: DNS
  addresses: [240.0.0.2]
  endpoints: [{ address: 203.0.113.20, network: external, ports: { http1: 15443 } }]
---
${outside}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: httpbin, namespace: foo }
spec:
  hosts: [httpbin.bar.global]
  http:
    - match: [{ uri: { prefix: /slow } }]
      route: [{ destination: { host: httpbin.bar.global } }]
      timeout: 3s
      fault: { delay: { fixedDelay: 1s, percentage: { value: 1 } } }
    - route: [{ destination: { host: httpbin.bar.global } }]
`,
  cluster2: `${loadBalancer("203.0.113.20")}---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: cross-network-gateway, namespace: istio-system }
spec:
  selector: { istio: eastwestgateway }
  servers:
    - port: { number: 15443, name: tls, protocol: TLS }
      tls: { mode: AUTO_PASSTHROUGH }
      hosts: ["*.local"]
---${service("httpbin", 8000, 8080, "bar")}`,
};

const tls = (service: string, port: number, subset = "", more = "") =>
  `tls: { mode: ISTIO_MUTUAL, sni: outbound_.${port}_.${subset}_.${service}.default.svc.cluster.local${more} }`;

const far = (subset = "") =>
  tls("far", 80, subset, ', subjectAltNames: ["spiffe://cluster.local/ns/default/sa/far"]');

/** `far` has names of its own for everything, and two versions; `orders` has those that a mesh gives, but no identities. */
const east = (gateway: string) => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: far-tls, namespace: default }
spec:
  host: far.default.global
  trafficPolicy: { ${far()} }
  subsets:
    - { name: v1, labels: { version: v1 }, trafficPolicy: { ${far("v1")} } }
    - { name: v2, labels: { version: v2 }, trafficPolicy: { ${far("v2")} } }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: far, namespace: default }
spec:
  hosts: [far.default.global]
  location: MESH_INTERNAL
  ports: [{ name: http, number: 80, protocol: HTTP }]
  resolution: STATIC
  addresses: [240.12.3.6]
  endpoints:
    - { address: ${gateway}, ports: { http: 15443 }, labels: { version: v1 } }
    - { address: ${gateway}, ports: { http: 15443 }, labels: { version: v2 } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: far-canary, namespace: default }
spec:
  hosts: [far.default.global]
  http:
    - route:
        - { destination: { host: far.default.global, subset: v1 }, weight: 80 }
        - { destination: { host: far.default.global, subset: v2 }, weight: 20 }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: orders.global, namespace: default, labels: { team: orders } }
spec:
  host: orders.default.global
  trafficPolicy:
    portLevelSettings:
      - { port: { number: 80 }, ${tls("orders", 80)} }
      - { port: { number: 9000 }, ${tls("orders", 9000)} }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: orders, namespace: default, labels: { team: orders } }
spec:
  hosts: [orders.default.global]
  location: MESH_INTERNAL
  ports: [{ name: http, number: 80, protocol: HTTP }, { name: tcp, number: 9000, protocol: TCP }]
  resolution: STATIC
  addresses: [240.12.3.7]
  endpoints: [{ address: ${gateway}, ports: { http: 15443, tcp: 15443 } }]
---
${outside}`;

const west = `
apiVersion: v1
kind: Namespace
metadata: { name: edge }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: eastwest, namespace: edge }
spec:
  selector: { matchLabels: { istio: eastwest } }
  template:
    metadata:
      annotations: { inject.istio.io/templates: gateway }
      labels: { istio: eastwest, sidecar.istio.io/inject: "true" }
    spec: { containers: [{ name: istio-proxy, image: auto }] }
---
apiVersion: v1
kind: Service
metadata: { name: eastwest, namespace: edge }
spec:
  type: LoadBalancer
  selector: { istio: eastwest }
  ports: [{ name: tls, port: 15443 }]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: eastwest, namespace: edge }
spec:
  selector: { istio: eastwest }
  servers:
    - port: { number: 15443, name: tls, protocol: TLS }
      tls: { mode: AUTO_PASSTHROUGH }
      hosts: [far.default.svc.cluster.local, orders.default.svc.cluster.local]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: far-versions, namespace: default }
spec:
  host: far.default.svc.cluster.local
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: far-callers, namespace: default }
spec:
  selector: { matchLabels: { app: far } }
  action: ALLOW
  rules: [{ from: [{ source: { principals: [cluster.local/ns/default/sa/caller] } }] }]
`;

/**
 * As today's gateways need it, server names and identities included: pods in west, callers in east. Workloads aren't in it.
 * @param gateway Where west's is dialled.
 */
export function exact(gateway = "203.0.113.21"): Readonly<Record<"east" | "west", string>> {
  return { east: east(gateway), west };
}

/** Pods of its services. */
export const exactWorkloads = [service("far", 80, 8080), service("orders", 80, 8080)].join("---");

const imported: readonly (readonly string[])[] = [
  ["east changed ServiceEntry/default/far", "spec.exportTo"],
  ["east same ServiceEntry/default/orders"],
  ["east not_expressed ServiceEntry/default/outside"],
  [
    "east renamed DestinationRule/default/far-tls",
    "spec.exportTo",
    "spec.subsets[name=v1].trafficPolicy.connectionPool",
    "spec.subsets[name=v2].trafficPolicy.connectionPool",
    "spec.trafficPolicy.connectionPool",
  ],
  [
    "east changed DestinationRule/default/orders.global",
    "spec.trafficPolicy.portLevelSettings[0].connectionPool",
    "spec.trafficPolicy.portLevelSettings[0].tls.subjectAltNames",
    "spec.trafficPolicy.portLevelSettings[1].tls.subjectAltNames",
  ],
  ["east renamed VirtualService/default/far-canary", "spec.exportTo"],
  [
    "west renamed Gateway/edge/eastwest",
    "spec.selector.app",
    "spec.selector.istio",
    'spec.selector["meshspan.dev/gateway"]',
  ],
  ["west renamed DestinationRule/default/far-versions", "spec.exportTo"],
  ["west renamed AuthorizationPolicy/default/far-callers", "spec.rules[0].to"],
];

/** Rows of what an import makes of its objects. */
export const exactImported = sorted(imported);

/** `<cluster> <state> <kind>/<namespace>/<name>` and fields that change: what import says of each object of a mesh's kinds, sorted. */
export function importedRows(
  objects: ImportData["objects"] | ImportResult["objects"],
): readonly (readonly string[])[] {
  return sorted(
    objects
      .filter(({ reason }) => reason?.code !== "kind_not_made")
      .map(({ cluster, object, state, changes }) => [
        `${cluster} ${state} ${object.replace(/^[^/]*\//, "")}`,
        ...changes.map(({ path }) => path),
      ]),
  );
}

function sorted(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return [...rows].sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
}
