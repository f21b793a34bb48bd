/**
 * The shape of a mesh description: what `mesh.yaml` and a TypeScript program may write. Types,
 * defaults and the JSON Schema come from here; rules that need more than one value are in `rules/`.
 */
import { z } from "zod";
import { about, count, duration, labels, named, port, text } from "./keys";
import * as names from "./names";
import { type requestMatch, route, type stringMatch } from "./routeShape";

export { durationPattern } from "./keys";

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

/**
 * How consuming clusters know where a service is: by objects that are written out for each of them, or by endpoints that their
 * control planes read from the serving clusters' API servers, or by objects that control planes read from hubs.
 */
export const distributions = ["objects", "endpoints", "hub"] as const;

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

const gatewayShape = z
  .strictObject({
    name: named(
      names.serviceName,
      "Name of the gateway's Deployment and Service.",
      "istio-eastwestgateway",
    ).optional(),
    namespace: named(names.label, "Namespace of the gateway.", "istio-eastwest").optional(),
    address: text(
      "IP address or host name at which peers reach the gateway. Default: learnt when the cluster is there.",
    ).optional(),
    addressType: z
      .enum(["ip", "hostname"])
      .meta(
        about(
          "What kind of address the load balancer will have, where `address` is left out.",
          "ip",
        ),
      )
      .optional(),
    port: port("Port of the gateway's listener.", 15443).optional(),
    service: z
      .enum(["LoadBalancer", "NodePort"])
      .meta({
        description:
          "Type of the gateway's Service. Default: NodePort for kind, else LoadBalancer.",
      })
      .optional(),
    nodePort: port("Port on the nodes, for a NodePort Service.", 31443).optional(),
    allowFrom: z
      .array(z.string())
      .meta({
        description:
          "Ranges from which peers reach the gateway, as CIDRs: for the Service's loadBalancerSourceRanges and the gateway's NetworkPolicy. Default: anywhere.",
      })
      .optional(),
    preserveClientIP: z
      .boolean()
      .meta(
        about(
          "Whether the load balancer keeps peers' addresses, as most do for nodes that have a pod of the gateway (externalTrafficPolicy: Local). Where it can't, false leaves `allowFrom` to the load balancer alone.",
          true,
        ),
      )
      .optional(),
    annotations: labels(
      "Annotations of the gateway's Service, as cloud load balancers want them. Default: none.",
    ).optional(),
    replicas: z
      .strictObject({
        min: count(
          "Fewest pods. Default: 2 (1 for kind), or `max` where that is less.",
          1,
        ).optional(),
        max: count("Most pods; more than 5 where `min` is.", 1, 5).optional(),
      })
      .meta({
        description:
          "How many pods the gateway has, between which a HorizontalPodAutoscaler chooses. Default: what its keys have.",
      })
      .optional(),
  })
  .meta({ description: "The east-west gateway of this cluster. Default: what its keys have." });

/** The gateway of one cluster. */
export interface GatewayDescription extends z.input<typeof gatewayShape> {}
const gateway: z.ZodType<GatewayDescription, GatewayDescription> = gatewayShape;

const dnsSettings = z.strictObject({
  mode: z.enum(dnsModes).meta({
    description:
      "How pods resolve global names: Istio's DNS proxy, a stub domain of CoreDNS, or one of kube-dns.",
  }),
  address: text(
    "Cluster IP for the DNS server of the domain. Default: learnt when its Service is there.",
  ).optional(),
  corefile: text(
    "The cluster's Corefile as it is now, which the stub domain is merged into. Default: read when the cluster is there.",
  ).optional(),
  stubDomains: text(
    "The cluster's kube-dns stubDomains as they are now, in JSON. Default: read when the cluster is there.",
  ).optional(),
  extension: z
    .enum(["corefile", "coredns-custom"])
    .meta(
      about(
        "Where the stub domain goes: into the Corefile, or into the ConfigMap coredns-custom of AKS and others.",
        "corefile",
      ),
    )
    .optional(),
});

/** A cluster's DNS in detail. */
export interface DnsSettingsDescription extends z.input<typeof dnsSettings> {}
/** A cluster's DNS, by its mode alone or in detail. */
export type DnsDescription = DnsMode | DnsSettingsDescription;
const dns: z.ZodType<DnsDescription, DnsDescription> = z
  .union([z.enum(dnsModes), dnsSettings])
  .meta(
    about(
      "How pods resolve global names: Istio's DNS proxy, a stub domain of CoreDNS, or one of kube-dns.",
      "proxy",
    ),
  );

/** Shape of one cluster. */
export const clusterSchema = z
  .strictObject({
    provider: z.enum(providers).meta(about("Where the cluster comes from.", "rendered")).optional(),
    network: named(names.label, "Istio network. Default: the cluster's name.").optional(),
    locality: text(
      "region/zone/subzone, as on the nodes' labels. Default: none, so that peers tell no near place from a far one.",
    ).optional(),
    trustDomain: named(
      names.subdomain,
      "Trust domain of this cluster. Default: the mesh's.",
    ).optional(),
    gateway: gateway.optional(),
    dns: dns.optional(),
    apiServer: text(
      "URL at which control planes of other clusters reach this cluster's API server, where `distribution` is endpoints. Default: the URL in the cluster's kubeconfig.",
    ).optional(),
    readerToken: count(
      "Number of the token with which other control planes read this cluster, where `distribution` is endpoints: another number makes another token, and the one before is revoked.",
      1,
      1,
    ).optional(),
    networkPolicies: z
      .boolean()
      .meta(
        about(
          "Whether NetworkPolicies say who reaches the gateway, istiod and the DNS server; false where the cluster has others for them.",
          true,
        ),
      )
      .optional(),
    autopilot: z
      .boolean()
      .meta({ description: "A GKE Autopilot cluster, which uses Cloud DNS. Default: false." })
      .optional(),
  })
  .meta({ description: "One cluster of the mesh." });

/** Needed as a type and in the JSON Schema; the rules report a missing one, and say why Istio needs it. */
const protocol = z
  .string()
  .meta({
    description: "Application protocol.",
    enum: [...protocols, ...protocols.map((name) => name.toLowerCase())],
  })
  .optional() as unknown as z.ZodType<ProtocolName, ProtocolName>;

const servicePort = z
  .strictObject({
    name: named(names.portName, "Name of the port, as in the Kubernetes Service."),
    port: port("Port of the Service."),
    protocol,
    targetPort: port("Port of the container. Default: port.").optional(),
  })
  .meta({ required: ["name", "port", "protocol"] });

/** Shape of one global service. */
export const serviceSchema = z
  .strictObject({
    ports: z
      .array(servicePort)
      .meta({ description: "Ports that callers in other clusters use, as of the Service." }),
    serviceAccount: named(
      names.subdomain,
      "ServiceAccount that the serving pods run as: the only identity that callers accept.",
    ),
    selector: labels("Labels of the serving pods. Default: app: <service>.").optional(),
    servedBy: z
      .union([z.array(z.string()), z.record(z.string(), z.array(z.string()))])
      .meta({ description: "Clusters where it runs; as a map, which versions run in each." }),
    consumedBy: z
      .array(z.string())
      .meta({ description: "Clusters whose pods may call it. Default: every cluster." })
      .optional(),
    callers: z
      .array(z.string())
      .meta({
        description:
          "ServiceAccounts that may call it, as <serviceaccount>.<namespace>. Default: every identity of the mesh.",
      })
      .optional(),
    versions: z
      .record(z.string(), z.record(z.string(), z.string()))
      .meta({ description: "Names for sets of pod labels. Default: none." })
      .optional(),
    routes: z
      .array(route)
      .meta({
        description:
          "Rules in order; the first that matches decides. Default: every request goes to the whole service.",
      })
      .optional(),
    address: text(
      "Pins the virtual address. Default: one of the mesh's `addresses`, by the service's name.",
    ).optional(),
    failover: z
      .union([
        z.boolean(),
        z.strictObject({
          errors: count(
            "Gateway errors or failed connections in a row that take a place out.",
            1,
            3,
          ).optional(),
          interval: duration("How often this is counted.", "1s").optional(),
          ejection: duration(
            "How long a place stays out, times the number of its failures.",
            "10s",
          ).optional(),
        }),
      ])
      .meta(about("Prefer pods of the own cluster and move to others when they fail.", true))
      .optional(),
    shortName: z
      .boolean()
      .meta(about("Route the short name <service>.<namespace> like the global one.", false))
      .optional(),
    headless: z
      .boolean()
      .meta({
        description: "Headless services can't cross clusters; true is refused. Default: false.",
      })
      .optional(),
  })
  .meta({ description: "One service that is called across clusters." });

const trust = z
  .strictObject({
    issuer: z
      .enum(["files", "cert-manager", "existing"])
      .meta(
        about(
          "Where the intermediates come from: made here, from cert-manager, or already in the clusters.",
          "files",
        ),
      )
      .optional(),
    root: named(
      names.label,
      "Name of the root that signs the intermediates: another name is another root.",
      "root",
    ).optional(),
    next: z
      .strictObject({
        root: named(names.label, "Name of the root that follows; every cluster trusts it already."),
        signs: z
          .boolean()
          .meta(about("Whether it signs the intermediates, in place of the one before.", false))
          .optional(),
      })
      .meta({
        description:
          "Replaces the root without a gap: first both are trusted, then the next one signs, then its name becomes `root`. Default: none.",
      })
      .optional(),
    algorithm: z
      .enum(keyAlgorithms)
      .meta(about("How the keys of CAs are made.", "ecdsa-p256"))
      .optional(),
    rootDays: count("Life of the root in days.", 1, 3650).optional(),
    intermediateDays: count("Life of an intermediate in days.", 1, 730).optional(),
    crl: z
      .boolean()
      .meta(
        about(
          "Whether clusters get the revocation lists of all CAs (`ca-crl.pem`), which proxies then look at.",
          false,
        ),
      )
      .optional(),
    certManager: z
      .strictObject({
        name: named(names.subdomain, "Name of the issuer, the same root in every cluster."),
        kind: z
          .enum(["Issuer", "ClusterIssuer"])
          .meta(about("Kind of the issuer.", "ClusterIssuer"))
          .optional(),
      })
      .meta({
        description:
          "Where cert-manager has the root, for `issuer: cert-manager`, which needs it. Default: none.",
      })
      .optional(),
    trustDomainAliases: z
      .array(z.string())
      .meta({
        description:
          "Further trust domains whose identities count, as during a migration. Default: none.",
      })
      .optional(),
  })
  .meta({ description: "The common root of trust. Default: what its keys have." });

/** Which calls across clusters proxies write to their access logs. */
export const accessLogs = ["all", "errors", "none"] as const;

/** What Prometheus reads its rules from: objects of the Prometheus operator, or a ConfigMap. */
export const ruleFormats = ["operator", "configMap"] as const;

const observabilitySettings = z.strictObject({
  accessLogs: z
    .enum(accessLogs)
    .meta(
      about(
        "Which calls across clusters proxies and gateways write to their access logs, as JSON with the clusters' names.",
        "errors",
      ),
    )
    .optional(),
  rules: z
    .enum(ruleFormats)
    .meta(
      about(
        "How Prometheus gets its rules: as PrometheusRule and PodMonitors, which need the Prometheus operator's definitions, or as a file in a ConfigMap.",
        "operator",
      ),
    )
    .optional(),
  dashboard: z
    .boolean()
    .meta(
      about(
        "Whether there is a dashboard, in a ConfigMap with the label by which Grafana's sidecar finds it.",
        true,
      ),
    )
    .optional(),
  namespace: named(
    names.label,
    "Namespace of rules, monitors and dashboard, which has to be there. Default: Istio's root namespace.",
  ).optional(),
  labels: labels(
    "Further labels of rules, monitors and dashboard, as a Prometheus selects them by, such as release: kube-prometheus-stack. Default: none.",
  ).optional(),
});

/** What is to be seen of calls across clusters, in detail. */
export interface ObservabilitySettingsDescription extends z.input<typeof observabilitySettings> {}
/** What is to be seen of calls across clusters: everything, nothing, or in detail. */
export type ObservabilityDescription = boolean | ObservabilitySettingsDescription;
const observability: z.ZodType<ObservabilityDescription, ObservabilityDescription> = z
  .union([z.boolean(), observabilitySettings])
  .meta(
    about(
      "Access logs, metrics, Prometheus rules and a Grafana dashboard for calls across clusters.",
      false,
    ),
  );

/** Everything but clusters and services: settings of the whole mesh. */
export const settingsSchema = z.strictObject({
  name: named(names.label, "Name of the mesh; Istio's mesh ID."),
  trustDomain: named(
    names.subdomain,
    "Trust domain of clusters that name none.",
    "cluster.local",
  ).optional(),
  domain: named(
    names.subdomain,
    "Services are <service>.<namespace>.<domain>.",
    "global",
  ).optional(),
  addresses: text(
    "Pool of the services' virtual addresses, as an IPv4 CIDR from /4 to /30.",
    "240.0.0.0/4",
  ).optional(),
  distribution: z
    .enum(distributions)
    .meta(
      about(
        "How clusters know where services are: by objects that are written for each consumer, or by endpoints that control planes read from serving clusters (Istio's multi-primary with remote secrets), or by objects that are in hubs once, where control planes read them (MCP over xDS).",
        "objects",
      ),
    )
    .optional(),
  hubs: z
    .array(z.string())
    .meta({
      description:
        "Clusters that have a hub, each with the same objects, so that one may be down. Beside `distribution: objects` hubs are filled and read too, which is the step from one to the other. Default: the first two clusters by name, where `distribution` is hub.",
    })
    .optional(),
  istio: z
    .strictObject({
      version: named(
        names.chartVersion,
        "Version of Istio's Helm charts. Default: the newest.",
      ).optional(),
      revision: named(
        names.label,
        "Revision of the control planes, which injected namespaces name. Default: none.",
      ).optional(),
      namespace: named(names.label, "Istio's root namespace.", "istio-system").optional(),
      image: text(
        "Image of istiod, which hubs run too. Default: istio/pilot:<version>.",
      ).optional(),
    })
    .meta({ description: "The Istio that the clusters have. Default: what its keys have." })
    .optional(),
  trust: trust.optional(),
  observability: observability.optional(),
});

/** Shape of the whole description. */
export const meshSchema = settingsSchema
  .extend({
    clusters: z.record(z.string(), clusterSchema).meta({ description: "The clusters by name." }),
    services: z
      .record(z.string(), serviceSchema)
      .meta({ description: "The global services by <service>.<namespace>. Default: none." })
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
/** How a CA's key is made: `ecdsa-<curve>` or `rsa-<bits>`. */
export type KeyAlgorithm = (typeof keyAlgorithms)[number];
/** Where a cluster is from: Pulumi makes `kind` and `gke` ones that it isn't given, no others. */
export type Provider = (typeof providers)[number];
/** How names resolve: by sidecars (`proxy`), or by a server that a stub domain leads to. */
export type DnsMode = (typeof dnsModes)[number];
/** How places are known: `hub` is MCP over xDS, `endpoints` Istio's way with remote secrets. */
export type Distribution = (typeof distributions)[number];
/** Which calls are logged: `errors` have a response flag of Envoy's, or a status from 500 on. */
export type AccessLogs = (typeof accessLogs)[number];
/** What rules are in: a PrometheusRule (`operator`), or a file to be mounted (`configMap`). */
export type RuleFormat = (typeof ruleFormats)[number];
/** A port's protocol in upper case: it decides which rules of a VirtualService are for the port. */
export type Protocol = (typeof protocols)[number];
/** A protocol as a description writes it: editors propose these, and the rules check any other text. */
export type ProtocolName = Protocol | Lowercase<Protocol> | (string & Record<never, never>);

/** The JSON Schema (draft 2020-12) of `mesh.yaml`, for editors. */
export function meshJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(meshSchema, { target: "draft-2020-12" });
}
