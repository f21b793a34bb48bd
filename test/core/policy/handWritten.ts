/** A mesh of two clusters as somebody writes it by hand: west serves redis.shop, east calls it. Nothing is wrong with it. */
import type { Manifest } from "../../../src";
import { type CaFiles, createIntermediate, createRoot } from "../../../src/pki";

export const clusters = ["east", "west"] as const;
export type ClusterName = (typeof clusters)[number];

/** Objects by cluster. */
export type HandWritten = Readonly<Record<ClusterName, readonly Manifest[]>>;

/** A CA for each cluster, below one root. */
export type Authorities = Readonly<Record<ClusterName, CaFiles>>;

/** @param now When they are made. */
export async function makeAuthorities(now: Date): Promise<Authorities> {
  const root = await createRoot({ meshName: "shop", now });
  const below = async (cluster: ClusterName): Promise<CaFiles> => {
    const { certificatePem, keyPem } = await createIntermediate(root, {
      meshName: "shop",
      cluster,
      now,
    });
    return {
      "ca-cert.pem": certificatePem,
      "ca-key.pem": keyPem,
      "root-cert.pem": root.certificatePem,
      "cert-chain.pem": `${certificatePem}${root.certificatePem}`,
    };
  };
  return { east: await below("east"), west: await below("west") };
}

export const object = (
  apiVersion: string,
  kind: string,
  namespace: string,
  name: string,
  fields: Readonly<Record<string, unknown>> & { readonly labels?: Record<string, string> },
): Manifest => {
  const { labels, ...rest } = fields;
  const metadata = labels === undefined ? { name, namespace } : { name, namespace, labels };
  return { apiVersion, kind, metadata, ...rest };
};

export const networking = "networking.istio.io/v1";
export const security = "security.istio.io/v1";

export const base64 = (text: string): string => Buffer.from(text).toString("base64");

export const caSecret = (files: CaFiles): Manifest =>
  object("v1", "Secret", "istio-system", "cacerts", {
    data: Object.fromEntries(Object.entries(files).map(([name, text]) => [name, base64(text)])),
  });

export const deployment = (
  name: string,
  pod: {
    readonly env?: readonly { readonly name: string; readonly value: string }[];
    readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    readonly annotations?: Readonly<Record<string, string>>;
    readonly namespace?: string;
  } = {},
): Manifest =>
  object("apps/v1", "Deployment", pod.namespace ?? "shop", name, {
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: {
          labels: { app: name, version: "v1" },
          ...(pod.annotations === undefined ? {} : { annotations: pod.annotations }),
        },
        spec: {
          serviceAccountName: name,
          containers: [
            {
              name: "server",
              image: name,
              ...(pod.ports === undefined ? {} : { ports: pod.ports }),
              ...(pod.env === undefined ? {} : { env: pod.env }),
            },
          ],
        },
      },
    },
  });

export const gatewayLabels = { istio: "eastwestgateway" };

export const passthroughServer = (...hosts: readonly string[]) => ({
  port: { number: 15443, name: "tls", protocol: "TLS" },
  tls: { mode: "AUTO_PASSTHROUGH" },
  hosts,
});

/** A global host's entry whose endpoint is a gateway. */
export const entry = (
  name: string,
  host: string,
  address: string,
  spec: Readonly<Record<string, unknown>> = {},
  namespace = "shop",
): Manifest =>
  object(networking, "ServiceEntry", namespace, name, {
    spec: {
      hosts: [host],
      addresses: [address],
      location: "MESH_INTERNAL",
      resolution: "STATIC",
      ports: [{ name: "tcp-redis", number: 6379, protocol: "TCP" }],
      endpoints: [{ address: "198.51.100.20", ports: { "tcp-redis": 15443 } }],
      ...spec,
    },
  });

export const mutual = {
  mode: "ISTIO_MUTUAL",
  sni: "outbound_.6379_._.redis.shop.svc.cluster.local",
  subjectAltNames: ["spiffe://cluster.local/ns/shop/sa/redis"],
};

export const rule = (
  name: string,
  host: string,
  spec: Readonly<Record<string, unknown>> = { trafficPolicy: { tls: mutual } },
  namespace = "shop",
): Manifest => object(networking, "DestinationRule", namespace, name, { spec: { host, ...spec } });

export const peerAuthentication = (
  namespace: string,
  name: string,
  spec: Readonly<Record<string, unknown>>,
): Manifest => object(security, "PeerAuthentication", namespace, name, { spec });

export const allow = (name: string, ...rules: readonly object[]): Manifest =>
  object(security, "AuthorizationPolicy", "shop", name, {
    spec: { selector: { matchLabels: { app: "redis" } }, action: "ALLOW", rules },
  });

export function handWritten({ east, west }: Authorities): HandWritten {
  return {
    east: [
      caSecret(east),
      entry("redis", "redis.shop.global", "240.0.1.1"),
      rule("redis", "redis.shop.global"),
      deployment("cart", { env: [{ name: "REDIS_ADDR", value: "redis.shop.global:6379" }] }),
    ],
    west: [
      caSecret(west),
      object("v1", "Service", "edge", "eastwest", {
        spec: {
          type: "LoadBalancer",
          selector: gatewayLabels,
          ports: [
            { name: "status", port: 15021 },
            { name: "tls", port: 15443 },
          ],
        },
      }),
      object(networking, "Gateway", "edge", "eastwest", {
        spec: {
          selector: gatewayLabels,
          servers: [passthroughServer("redis.shop.svc.cluster.local")],
        },
      }),
      object("v1", "Service", "shop", "redis", {
        spec: { selector: { app: "redis" }, ports: [{ name: "tcp-redis", port: 6379 }] },
      }),
      deployment("redis", { ports: [{ containerPort: 6379 }] }),
      peerAuthentication("shop", "redis", {
        selector: { matchLabels: { app: "redis" } },
        mtls: { mode: "STRICT" },
      }),
      allow("redis", {
        from: [{ source: { principals: ["cluster.local/ns/shop/sa/cart"] } }],
      }),
    ],
  };
}
