/**
 * The shape of a mesh description: what `mesh.yaml` and a TypeScript program may write. Types,
 * defaults and the JSON Schema come from here; rules that need more than one value are in `rules/`.
 */
import { z } from "zod";
import * as names from "./names";

const named = (rule: names.NameRule, description: string) =>
  z.string().meta({ description, pattern: rule.pattern.source, maxLength: rule.maxLength });

const text = (description: string) => z.string().meta({ description });
const port = (description: string) =>
  z.number().meta({ description, type: "integer", minimum: 1, maximum: 65535 });
const count = (description: string, minimum = 0) =>
  z.number().meta({ description, type: "integer", minimum });
const duration = (description: string) =>
  z.string().meta({ description, pattern: "^(?:[0-9]+(?:\\.[0-9]+)?(?:ms|s|m|h))+$" });
const labels = (description: string) => z.record(z.string(), z.string()).meta({ description });

/** How keys of a cluster's CA are made. Istio reads RSA from 2048 bits, P-256 and P-384. */
export const keyAlgorithms = [
  "ecdsa-p256",
  "ecdsa-p384",
  "rsa-2048",
  "rsa-3072",
  "rsa-4096",
] as const;

/** Where clusters come from. It decides how a gateway is reached and what DNS can be changed. */
export const providers = ["kind", "gke", "existing", "rendered"] as const;

/** How pods resolve `.global` names. */
export const dnsModes = ["proxy", "coredns", "kube-dns"] as const;

/** Application protocols of a port that can cross clusters; upper and lower case are the same. */
export const protocols = [
  "HTTP",
  "HTTP2",
  "GRPC",
  "GRPC-WEB",
  "HTTPS",
  "TLS",
  "TCP",
  "MONGO",
  "MYSQL",
  "REDIS",
] as const;

const gateway = z
  .strictObject({
    name: named(
      names.serviceName,
      "Name of the gateway's Deployment and Service. @default istio-eastwestgateway",
    ).optional(),
    namespace: named(names.label, "Namespace of the gateway. @default istio-eastwest").optional(),
    address: text(
      "IP address or host name at which peers reach the gateway; left out, it is learnt when the cluster is there.",
    ).optional(),
    addressType: z
      .enum(["ip", "hostname"])
      .meta({
        description:
          "What kind of address the load balancer will have, where `address` is left out. @default ip",
      })
      .optional(),
    port: port("Port of the gateway's listener. @default 15443").optional(),
    service: z
      .enum(["LoadBalancer", "NodePort"])
      .meta({
        description: "Type of the gateway's Service. @default NodePort for kind, else LoadBalancer",
      })
      .optional(),
    nodePort: port("Port on the nodes, for a NodePort Service. @default 31443").optional(),
    annotations: labels(
      "Annotations of the gateway's Service, as cloud load balancers want them.",
    ).optional(),
    replicas: z
      .strictObject({
        min: count("@default 2 (1 for kind)", 1).optional(),
        max: count("@default 5", 1).optional(),
      })
      .optional(),
  })
  .meta({ description: "The east-west gateway of this cluster." });

const dns = z
  .union([
    z.enum(dnsModes),
    z.strictObject({
      mode: z.enum(dnsModes),
      address: text(
        "Cluster IP for the DNS server of the domain; left out, it is learnt when its Service is there.",
      ).optional(),
      corefile: text(
        "The cluster's Corefile as it is now, which the stub domain is merged into.",
      ).optional(),
      stubDomains: text("The cluster's kube-dns stubDomains as they are now, in JSON.").optional(),
      extension: z
        .enum(["corefile", "coredns-custom"])
        .meta({
          description:
            "Where the stub domain goes: into the Corefile, or into the ConfigMap coredns-custom of AKS and others. @default corefile",
        })
        .optional(),
    }),
  ])
  .meta({
    description:
      "How pods resolve global names: Istio's DNS proxy, a stub domain of CoreDNS, or one of kube-dns. @default proxy",
  });

/** Shape of one cluster. */
export const clusterSchema = z
  .strictObject({
    provider: z.enum(providers).meta({ description: "@default rendered" }).optional(),
    network: named(names.label, "Istio network. @default the cluster's name").optional(),
    locality: text("region/zone/subzone, as on the nodes' labels.").optional(),
    trustDomain: named(
      names.subdomain,
      "Trust domain of this cluster. @default the mesh's",
    ).optional(),
    gateway: gateway.optional(),
    dns: dns.optional(),
    autopilot: z
      .boolean()
      .meta({ description: "A GKE Autopilot cluster, which uses Cloud DNS." })
      .optional(),
  })
  .meta({ description: "One cluster of the mesh." });

const servicePort = z.strictObject({
  name: named(names.portName, "Name of the port, as in the Kubernetes Service."),
  port: port("Port of the Service."),
  protocol: z
    .string()
    .meta({ description: "Application protocol.", examples: [...protocols] })
    .optional(),
  targetPort: port("Port of the container. @default port").optional(),
});

const stringMatch = z
  .union([
    z.string(),
    z.strictObject({ exact: z.string() }),
    z.strictObject({ prefix: z.string() }),
    z.strictObject({ regex: z.string() }),
  ])
  .meta({ description: "A text to match: exactly, by its start, or by an RE2 expression." });

const requestMatch = z
  .strictObject({
    uri: stringMatch.optional(),
    method: stringMatch.optional(),
    authority: stringMatch.optional(),
    headers: z.record(z.string(), stringMatch).optional(),
    queryParams: z.record(z.string(), stringMatch).optional(),
  })
  .meta({ description: "All of these must match." });

const route = z.strictObject({
  match: z
    .union([requestMatch, z.array(requestMatch)])
    .meta({
      description:
        "Which requests (HTTP ports only); of a list one must match. @default every request",
    })
    .optional(),
  port: port("Only this port of the service. @default every port").optional(),
  to: z
    .array(
      z.strictObject({
        version: z
          .string()
          .meta({ description: "A name under `versions`. @default the whole service" })
          .optional(),
        weight: count("Share of the traffic, in proportion to the sum of all.").optional(),
      }),
    )
    .meta({ description: "Where to. @default the whole service" })
    .optional(),
  timeout: duration("Time for the whole request (HTTP ports only).").optional(),
  retries: z
    .strictObject({
      attempts: count("How often at most."),
      perTryTimeout: duration("Time for each attempt.").optional(),
      retryOn: text("Envoy's retry conditions, joined by commas.").optional(),
    })
    .optional(),
});

/** Shape of one global service. */
export const serviceSchema = z
  .strictObject({
    ports: z.array(servicePort),
    serviceAccount: named(
      names.subdomain,
      "ServiceAccount that the serving pods run as: the only identity that callers accept.",
    ),
    selector: labels("Labels of the serving pods. @default app: <service>").optional(),
    servedBy: z
      .union([z.array(z.string()), z.record(z.string(), z.array(z.string()))])
      .meta({ description: "Clusters where it runs; as a map, which versions run in each." }),
    consumedBy: z
      .array(z.string())
      .meta({ description: "Clusters whose pods may call it. @default every cluster" })
      .optional(),
    callers: z
      .array(z.string())
      .meta({
        description:
          "ServiceAccounts that may call it, as <serviceaccount>.<namespace>. @default every identity of the mesh",
      })
      .optional(),
    versions: z
      .record(z.string(), z.record(z.string(), z.string()))
      .meta({ description: "Names for sets of pod labels." })
      .optional(),
    routes: z
      .array(route)
      .meta({ description: "Rules in order; the first that matches decides." })
      .optional(),
    address: text("Pins the virtual address.").optional(),
    failover: z
      .union([
        z.boolean(),
        z.strictObject({
          errors: count(
            "Gateway errors or failed connections in a row that take a place out. @default 3",
            1,
          ).optional(),
          interval: duration("How often this is counted. @default 1s").optional(),
          ejection: duration(
            "How long a place stays out, times the number of its failures. @default 10s",
          ).optional(),
        }),
      ])
      .meta({
        description:
          "Prefer pods of the own cluster and move to others when they fail. @default true",
      })
      .optional(),
    shortName: z
      .boolean()
      .meta({
        description:
          "Route the short name <service>.<namespace> like the global one. @default false",
      })
      .optional(),
    headless: z
      .boolean()
      .meta({ description: "Headless services can't cross clusters; true is refused." })
      .optional(),
  })
  .meta({ description: "One service that is called across clusters." });

const trust = z
  .strictObject({
    issuer: z
      .enum(["files", "cert-manager", "existing"])
      .meta({
        description:
          "Where the intermediates come from: made here, from cert-manager, or already in the clusters. @default files",
      })
      .optional(),
    algorithm: z.enum(keyAlgorithms).meta({ description: "@default ecdsa-p256" }).optional(),
    rootDays: count("Life of the root in days. @default 3650", 1).optional(),
    intermediateDays: count("Life of an intermediate in days. @default 730", 1).optional(),
    certManager: z
      .strictObject({
        name: named(names.subdomain, "Name of the issuer, the same root in every cluster."),
        kind: z
          .enum(["Issuer", "ClusterIssuer"])
          .meta({ description: "@default ClusterIssuer" })
          .optional(),
      })
      .optional(),
    trustDomainAliases: z
      .array(z.string())
      .meta({ description: "Further trust domains whose identities count, as during a migration." })
      .optional(),
  })
  .meta({ description: "The common root of trust." });

/** Everything but clusters and services: settings of the whole mesh. */
export const settingsSchema = z.strictObject({
  name: named(names.label, "Name of the mesh; Istio's mesh ID."),
  trustDomain: named(names.subdomain, "@default cluster.local").optional(),
  domain: named(
    names.subdomain,
    "Services are <service>.<namespace>.<domain>. @default global",
  ).optional(),
  addresses: text(
    "Pool of the services' virtual addresses, as an IPv4 CIDR from /4 to /30. @default 240.0.0.0/4",
  ).optional(),
  istio: z
    .strictObject({
      version: text("Version of Istio's Helm charts.").optional(),
      revision: named(names.label, "Revision of the control planes.").optional(),
      namespace: named(names.label, "Istio's root namespace. @default istio-system").optional(),
    })
    .optional(),
  trust: trust.optional(),
});

/** Shape of the whole description. */
export const meshSchema = settingsSchema
  .extend({
    clusters: z.record(z.string(), clusterSchema).meta({ description: "The clusters by name." }),
    services: z
      .record(z.string(), serviceSchema)
      .meta({ description: "The global services by <service>.<namespace>." })
      .optional(),
  })
  .meta({ title: "Meshspan mesh description" });

/** What a program or `mesh.yaml` writes. */
export type MeshDescription = z.input<typeof meshSchema>;
/** One cluster of a description. */
export type ClusterDescription = z.input<typeof clusterSchema>;
/** One global service of a description. */
export type ServiceDescription = z.input<typeof serviceSchema>;
/** One route rule of a description. */
export type RouteDescription = z.input<typeof route>;
/** Which requests a route is for. */
export type RequestMatch = z.output<typeof requestMatch>;
/** A text to match. */
export type StringMatch = z.output<typeof stringMatch>;
export type KeyAlgorithm = (typeof keyAlgorithms)[number];
export type Provider = (typeof providers)[number];
export type DnsMode = (typeof dnsModes)[number];
export type Protocol = (typeof protocols)[number];

/** The JSON Schema (draft 2020-12) of `mesh.yaml`, for editors. */
export function meshJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(meshSchema, { target: "draft-2020-12" });
}
