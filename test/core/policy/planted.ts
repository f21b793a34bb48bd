/** Faults planted into the hand-written mesh, each of which one rule finds in one object. */
import type { Manifest } from "../../../src";
import type { PolicyCode } from "../../../src/core/policy/finding";
import {
  allow,
  type Authorities,
  caSecret,
  type ClusterName,
  deployment,
  entry,
  gatewayLabels,
  handWritten,
  type HandWritten,
  mutual,
  networking,
  object,
  passthroughServer,
  peerAuthentication,
  rule,
} from "./handWritten";

export interface Planted {
  readonly what: string;
  readonly code: PolicyCode;
  readonly cluster: ClusterName;
  /** `<kind> <namespace>/<name>` of the object that is at fault. */
  readonly name: string;
  /** @param others CAs below another root. */
  readonly plant: (objects: readonly Manifest[], others: Authorities) => readonly Manifest[];
}

/** The hand-written mesh with the fault in it. */
export function withPlanted(
  { cluster, plant }: Planted,
  authorities: Authorities,
  others: Authorities,
): HandWritten {
  const sound = handWritten(authorities);
  return { ...sound, [cluster]: plant(sound[cluster], others) };
}

/** One more object. */
export const add =
  (...more: readonly Manifest[]) =>
  (objects: readonly Manifest[]): readonly Manifest[] => [...objects, ...more];

/** Another object in the place of the one with its key. */
export const replace =
  (other: Manifest) =>
  (objects: readonly Manifest[]): readonly Manifest[] => {
    const isSame = ({ kind, metadata }: Manifest) =>
      kind === other.kind &&
      metadata.name === other.metadata.name &&
      metadata.namespace === other.metadata.namespace;
    if (!objects.some(isSame)) throw new Error(`there is no ${other.kind} to replace`);
    return objects.map((one) => (isSame(one) ? other : one));
  };

const gateway = (...servers: readonly object[]) =>
  object(networking, "Gateway", "edge", "eastwest", { spec: { selector: gatewayLabels, servers } });

const gatewayDeployment = (pod: object) =>
  object("apps/v1", "Deployment", "edge", "eastwest", {
    spec: {
      selector: { matchLabels: gatewayLabels },
      template: { metadata: { labels: gatewayLabels }, spec: pod },
    },
  });

const networkPolicy = (
  namespace: string,
  name: string,
  matchLabels: Readonly<Record<string, string>>,
  ingress: readonly object[],
) =>
  object("networking.k8s.io/v1", "NetworkPolicy", namespace, name, {
    spec: { podSelector: { matchLabels }, ingress },
  });

const exportedHost = "redis.shop.svc.cluster.local";

export const planted: readonly Planted[] = [
  {
    what: "a cluster whose CA is below another root",
    code: "root_differs",
    cluster: "west",
    name: "Secret istio-system/cacerts",
    plant: (objects, { west }) => replace(caSecret(west))(objects),
  },
  {
    what: "a root that can't be read",
    code: "ca_unusable",
    cluster: "east",
    name: "ConfigMap shop/istio-ca-root-cert",
    plant: add(
      object("v1", "ConfigMap", "shop", "istio-ca-root-cert", {
        data: { "root-cert.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n" },
      }),
    ),
  },
  {
    what: "a CA's key in a ConfigMap",
    code: "ca_key_in_clear",
    cluster: "west",
    name: "ConfigMap istio-system/ca-files",
    plant: (objects, { west }) =>
      add(
        object("v1", "ConfigMap", "istio-system", "ca-files", {
          data: { "ca-key.pem": west["ca-key.pem"] },
        }),
      )(objects),
  },
  {
    what: "a gateway that opens every service, as Istio's sample does",
    code: "gateway_wildcard",
    cluster: "west",
    name: "Gateway edge/eastwest",
    plant: replace(gateway(passthroughServer("*.local"))),
  },
  {
    what: "a gateway that opens a namespace, with a namespace in front",
    code: "gateway_wildcard",
    cluster: "west",
    name: "Gateway edge/eastwest",
    plant: replace(gateway(passthroughServer("shop/*.shop.svc.cluster.local"))),
  },
  {
    what: "a second gateway for a host at the same port of the same pods",
    code: "gateway_overlap",
    cluster: "west",
    name: "Gateway shop/redis",
    plant: add(
      object(networking, "Gateway", "shop", "redis", {
        spec: { selector: gatewayLabels, servers: [passthroughServer(exportedHost)] },
      }),
    ),
  },
  {
    what: "a gateway that lets through what isn't TLS",
    code: "gateway_not_tls",
    cluster: "west",
    name: "Gateway edge/eastwest",
    plant: replace(
      gateway({
        ...passthroughServer(exportedHost),
        port: { number: 15443, name: "http", protocol: "HTTP" },
      }),
    ),
  },
  {
    what: "istiod's ports at a load balancer",
    code: "control_plane_exposed",
    cluster: "west",
    name: "Service edge/eastwest",
    plant: replace(
      object("v1", "Service", "edge", "eastwest", {
        spec: {
          type: "LoadBalancer",
          selector: gatewayLabels,
          ports: [
            { name: "tls", port: 15443 },
            { name: "tls-istiod", port: 15012 },
          ],
        },
      }),
    ),
  },
  {
    what: "istiod's plaintext port, let in by a NetworkPolicy",
    code: "control_plane_exposed",
    cluster: "west",
    name: "NetworkPolicy istio-system/istiod",
    plant: add(
      networkPolicy("istio-system", "istiod", { app: "istiod" }, [
        { ports: [{ protocol: "TCP", port: 15017 }] },
        { ports: [{ protocol: "TCP", port: 15010, endPort: 15012 }] },
      ]),
    ),
  },
  {
    what: "a gateway that runs as root",
    code: "gateway_privileged",
    cluster: "west",
    name: "Deployment edge/eastwest",
    plant: add(
      gatewayDeployment({
        containers: [{ name: "istio-proxy", securityContext: { runAsUser: 0 } }],
      }),
      networkPolicy("edge", "eastwest", gatewayLabels, [{ ports: [{ port: 15443 }] }]),
    ),
  },
  {
    what: "a gateway that no NetworkPolicy guards",
    code: "network_unguarded",
    cluster: "west",
    name: "Deployment edge/eastwest",
    plant: add(
      gatewayDeployment({ containers: [{ name: "istio-proxy" }] }),
      networkPolicy("edge", "web", { app: "web" }, []),
    ),
  },
  {
    what: "PERMISSIVE for the pods of an exported service",
    code: "plaintext_accepted",
    cluster: "west",
    name: "PeerAuthentication shop/redis",
    plant: replace(
      peerAuthentication("shop", "redis", {
        selector: { matchLabels: { app: "redis" } },
        mtls: { mode: "PERMISSIVE" },
      }),
    ),
  },
  {
    what: "DISABLE for the port of an exported service",
    code: "plaintext_accepted",
    cluster: "west",
    name: "PeerAuthentication shop/redis",
    plant: replace(
      peerAuthentication("shop", "redis", {
        selector: { matchLabels: { app: "redis" } },
        mtls: { mode: "STRICT" },
        portLevelMtls: { 6379: { mode: "DISABLE" } },
      }),
    ),
  },
  {
    what: "a port that goes past the sidecar",
    code: "sidecar_bypassed",
    cluster: "west",
    name: "Deployment shop/redis",
    plant: replace(
      deployment("redis", {
        ports: [{ containerPort: 6379 }],
        annotations: { "traffic.sidecar.istio.io/excludeInboundPorts": "9121,6379" },
      }),
    ),
  },
  {
    what: "a global host that is called without TLS",
    code: "tls_disabled",
    cluster: "east",
    name: "DestinationRule shop/redis",
    plant: replace(
      rule("redis", "redis.shop.global", { trafficPolicy: { tls: { mode: "DISABLE" } } }),
    ),
  },
  {
    what: "a global host that anybody may answer for",
    code: "identity_unchecked",
    cluster: "east",
    name: "DestinationRule shop/redis",
    plant: replace(
      rule("redis", "redis.shop.global", {
        trafficPolicy: { tls: { mode: mutual.mode, sni: mutual.sni } },
      }),
    ),
  },
  {
    what: "an identity of another trust domain",
    code: "identity_foreign",
    cluster: "east",
    name: "DestinationRule shop/redis",
    plant: replace(
      rule("redis", "redis.shop.global", {
        trafficPolicy: {
          tls: {
            ...mutual,
            subjectAltNames: [...mutual.subjectAltNames, "spiffe://old.example/ns/shop/sa/redis"],
          },
        },
      }),
    ),
  },
  {
    what: "calls without a server name",
    code: "server_name_wrong",
    cluster: "east",
    name: "DestinationRule shop/redis",
    plant: replace(
      rule("redis", "redis.shop.global", {
        trafficPolicy: {
          tls: { mode: mutual.mode, subjectAltNames: mutual.subjectAltNames },
        },
      }),
    ),
  },
  {
    what: "an entry without a DestinationRule",
    code: "rule_missing",
    cluster: "east",
    name: "ServiceEntry shop/redis",
    plant: (objects) => objects.filter(({ kind }) => kind !== "DestinationRule"),
  },
  {
    what: "a DestinationRule that only its own namespace sees",
    code: "rule_hidden",
    cluster: "east",
    name: "DestinationRule shop/redis",
    plant: replace(
      rule("redis", "redis.shop.global", { exportTo: ["."], trafficPolicy: { tls: mutual } }),
    ),
  },
  {
    what: "a rule that lets anybody call",
    code: "anyone_allowed",
    cluster: "west",
    name: "AuthorizationPolicy shop/monitoring",
    plant: add(allow("monitoring", { to: [{ operation: { ports: ["6379"] } }] })),
  },
  {
    what: "a second ServiceEntry for a host",
    code: "host_owned_twice",
    cluster: "east",
    name: "ServiceEntry staging/redis",
    plant: add(entry("redis", "redis.shop.global", "240.0.1.1", {}, "staging")),
  },
  {
    what: "a second VirtualService for a host",
    code: "host_owned_twice",
    cluster: "east",
    name: "VirtualService shop/redis-b",
    plant: add(
      ...["redis-a", "redis-b"].map((name) =>
        object(networking, "VirtualService", "shop", name, {
          spec: {
            hosts: ["redis.shop.global"],
            tcp: [{ route: [{ destination: { host: "redis.shop.global" } }] }],
          },
        }),
      ),
    ),
  },
  {
    what: "a Sidecar that hides a host from its caller",
    code: "host_hidden",
    cluster: "east",
    name: "Sidecar shop/default",
    plant: add(
      object(networking, "Sidecar", "shop", "default", {
        spec: { egress: [{ hosts: ["istio-system/*", "./*.svc.cluster.local"] }] },
      }),
    ),
  },
  {
    what: "two hosts with one address",
    code: "address_shared",
    cluster: "east",
    name: "ServiceEntry shop/payments",
    plant: add(
      entry("payments", "payments.example.com", "240.0.1.1", { location: "MESH_EXTERNAL" }),
    ),
  },
  {
    what: "an address that istiod gives out",
    code: "address_outside_pool",
    cluster: "east",
    name: "ServiceEntry shop/redis",
    plant: replace(entry("redis", "redis.shop.global", "240.240.0.7")),
  },
];
