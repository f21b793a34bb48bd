/** What gateways let into a cluster. */
import { show } from "../issues";
import type { PlannedObject } from "../objects/manifest";
import { isSharedHost, withoutNamespace } from "../trace/hostPatterns";
import { nameOf } from "../trace/hop";
import { mayBePort } from "../trace/networkPolicies";
import {
  type GatewaySpec,
  type Labels,
  type NetworkPolicySpec,
  selects,
  type ServiceSpec,
  specOf,
} from "../trace/specs";
import { podOf, workloadKinds } from "../trace/workloads";
import type { PolicyCluster } from "./cluster";
import { isAutoPassthrough } from "./exported";
import type { ClusterRule, ObjectRule, Violation } from "./rule";

type Server = NonNullable<GatewaySpec["servers"]>[number];

function serversOf({ manifest }: PlannedObject): readonly Server[] {
  return manifest.kind === "Gateway" ? (specOf<GatewaySpec>(manifest).servers ?? []) : [];
}

export const gatewayWildcard: ObjectRule = {
  code: "gateway_wildcard",
  severity: "error",
  scope: "object",
  title: "Gateways let exactly the exported services through",
  reason:
    "An AUTO_PASSTHROUGH server makes a chain for each service that a host of it covers, so that a wildcard opens services to other clusters that nobody meant to share. A namespace in front of a host restricts nothing there (istiod's builtAutoPassthroughFilterChains).",
  check: (object, { gatewayPorts }) =>
    serversOf(object).flatMap((server, index) => {
      const isPassthrough =
        isAutoPassthrough(server) ||
        (server.tls?.mode === "PASSTHROUGH" && gatewayPorts.has(server.port?.number ?? 0));
      if (!isPassthrough) return [];
      return (server.hosts ?? []).flatMap((host, at) =>
        withoutNamespace(host).startsWith("*")
          ? [
              {
                path: ["spec", "servers", index, "hosts", at],
                message: `${show(host)} lets other clusters call every service that it covers`,
                hint: "list the exported hosts one by one, as <service>.<namespace>.svc.cluster.local",
              },
            ]
          : [],
      );
    }),
};

export const gatewayNotTls: ObjectRule = {
  code: "gateway_not_tls",
  severity: "error",
  scope: "object",
  title: "Gateways that let TLS through take nothing else",
  reason:
    "With the protocol TLS or HTTPS, an AUTO_PASSTHROUGH server is a listener that matches on server names. With any other, istiod makes a listener that speaks that protocol itself, without TLS.",
  check: (object) =>
    serversOf(object).flatMap((server, index) => {
      const { protocol } = server.port ?? {};
      if (!isAutoPassthrough(server) || protocol === undefined) return [];
      if (["TLS", "HTTPS"].includes(protocol.toUpperCase())) return [];
      return [
        {
          path: ["spec", "servers", index, "port", "protocol"],
          message: `${show(protocol)} isn't TLS, and AUTO_PASSTHROUGH lets only TLS through`,
          hint: "write protocol: TLS",
        },
      ];
    }),
};

export const gatewayOverlap: ClusterRule = {
  code: "gateway_overlap",
  severity: "error",
  scope: "cluster",
  title: "A host is let through by one server of a gateway's port",
  reason:
    "Of two servers that name the same host istiod leaves one out, with all of its hosts. Where their hosts overlap otherwise, Envoy has two chains for one server name, and rejects the whole listener: nothing gets through any more (istiod's MergeGateways, Envoy's filter chain matches).",
  check: (cluster) => {
    const servers = cluster.index
      .byKind("Gateway")
      .flatMap((gateway) => serversOf(gateway).map((server, index) => ({ gateway, server, index })))
      .filter(({ server }) => isAutoPassthrough(server));
    return servers.flatMap((later, position) =>
      servers.slice(0, position).flatMap((earlier) => overlap(cluster, earlier, later)),
    );
  },
};

interface PlacedServer {
  readonly gateway: PlannedObject;
  readonly server: Server;
  /** Among the servers of its gateway. */
  readonly index: number;
}

function overlap(
  cluster: PolicyCluster,
  earlier: PlacedServer,
  later: PlacedServer,
): readonly Violation[] {
  // The same object given twice isn't two that are there at once.
  const isSameObject =
    earlier.gateway !== later.gateway && earlier.gateway.key === later.gateway.key;
  const isOneListener =
    earlier.server.port?.number === later.server.port?.number &&
    earlier.server.bind === later.server.bind;
  if (isSameObject || !isOneListener || !haveSamePods(cluster, earlier.gateway, later.gateway))
    return [];
  // What a plan has is meant; the other one is in its way.
  const [kept, extra] =
    cluster.givenOf(later.gateway) === undefined ? [later, earlier] : [earlier, later];
  const hosts = extra.server.hosts ?? [];
  const at = hosts.findIndex((host) =>
    kept.server.hosts?.some((other) => isSharedHost(host, other)),
  );
  const shared = kept.server.hosts?.find((other) => isSharedHost(hosts[at] ?? "", other));
  if (shared === undefined) return [];
  return [
    {
      object: extra.gateway,
      path: ["spec", "servers", extra.index, "hosts", at],
      message: `${show(hosts[at])} overlaps ${show(shared)} of ${nameOf(kept.gateway)} at the same port of the same pods`,
      hint: "name each host in one server, or let the Gateways select different pods",
    },
  ];
}

/** Certain where pods of a workload have both selectors' labels, or where one selector asks for all that the other does. */
function haveSamePods(cluster: PolicyCluster, one: PlannedObject, other: PlannedObject): boolean {
  if (one === other) return true;
  const [a, b] = [one, other].map(
    ({ manifest }): Labels => specOf<GatewaySpec>(manifest).selector ?? {},
  );
  if (selects(a, b) || selects(b, a)) return true;
  return workloadKinds
    .flatMap((kind) => cluster.index.byKind(kind))
    .map((workload) => podOf(workload).labels)
    .some((labels) => selects(a, labels) && selects(b, labels));
}

/** istiod's plaintext xDS, xDS with its CA, and webhooks. */
const controlPlanePorts: readonly (number | string)[] = [15010, 15012, 15017];

/** Source ranges that restrict nothing. */
const everywhere: readonly string[] = ["0.0.0.0/0", "::/0"];

/** Annotations by which clouds make a load balancer that is reached from inside alone. */
const internal =
  /(?:^|[./-])(?:azure-load-balancer-internal|aws-load-balancer-(?:internal|scheme)|load-balancer-type)$/;

export const controlPlaneExposed: ObjectRule = {
  code: "control_plane_exposed",
  severity: "error",
  scope: "object",
  title: "istiod's ports aren't open to everybody",
  reason:
    "Ports 15010, 15012 and 15017 are istiod's own: whoever reaches them can ask for configuration and, on 15010, without TLS. Istio's sample of an east-west gateway opens them to the world, and calls across clusters don't need them. Of the pods, API servers need the webhooks' port, and everybody else is a pod of the cluster.",
  check: ({ manifest }, { rootNamespace }) => {
    if (manifest.kind === "NetworkPolicy") return openRules(manifest, rootNamespace);
    if (manifest.kind !== "Service") return [];
    const { type, loadBalancerSourceRanges = [], ports = [] } = specOf<ServiceSpec>(manifest);
    const ranges = loadBalancerSourceRanges.filter((range) => !everywhere.includes(range));
    if (type !== "LoadBalancer" || ranges.length > 0) return [];
    if (isInternal(manifest.metadata.annotations ?? {})) return [];
    return ports.flatMap(({ port, targetPort }, index) => {
      const found = [targetPort, port].find((one) => controlPlanePorts.includes(one ?? ""));
      if (found === undefined) return [];
      return [
        {
          path: ["spec", "ports", index],
          message: `port ${port} leads to istiod's port ${found} from anywhere`,
          hint: "leave the port out, or say with loadBalancerSourceRanges who may reach it",
        },
      ];
    });
  },
};

/** Webhooks are left out: API servers call them from addresses that no selector has. */
const proxiesPorts = [15010, 15012];

/** Rules of a NetworkPolicy of istiod's that take in whoever is outside of the cluster. */
function openRules(
  { apiVersion, metadata, spec }: PlannedObject["manifest"],
  rootNamespace: string,
): ReturnType<ObjectRule["check"]> {
  const { podSelector, ingress = [] } = (spec ?? {}) as NetworkPolicySpec;
  const isIstiods =
    apiVersion.startsWith("networking.k8s.io/") &&
    metadata.namespace === rootNamespace &&
    podSelector?.matchLabels?.app === "istiod";
  if (!isIstiods) return [];
  return ingress.flatMap(({ from = [], ports }, index) => {
    const isOpen =
      from.length === 0 || from.some(({ ipBlock }) => everywhere.includes(ipBlock?.cidr ?? ""));
    const port = proxiesPorts.find((one) => mayBePort(ports, one));
    if (!isOpen || port === undefined) return [];
    return [
      {
        path: ["spec", "ingress", index],
        message: `it lets anybody in to istiod's port ${port}`,
        hint: "say who may with from: [{ namespaceSelector: {} }], which is every pod of the cluster",
      },
    ];
  });
}

function isInternal(annotations: Labels): boolean {
  return Object.entries(annotations).some(
    ([key, value]) => internal.test(key) && /^(?:true|internal)$/i.test(value),
  );
}
