/**
 * NetworkPolicies: who reaches the pods that every cluster has to open, and whom these reach. What isn't listed is shut. A
 * kubelet reaches the pods of its own node whatever they say, so that probes need no rule (Kubernetes, "Network Policies").
 */
import { type Cluster, dialPortOf, type GlobalService, type Mesh } from "../mesh";
import { addTo } from "../once";
import { compareText } from "../words";
import {
  gatewayRevision,
  hubDoors,
  type HubMesh,
  hubNamespaceName,
  hubPort,
  isHub,
} from "./hubService";
import { type Manifest, ownerLabels } from "./manifest";

type PolicyMesh = HubMesh;

/** A port of pods, as services reach it once addresses of Services are translated. */
interface PolicyPort {
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
}

const tcp = (...ports: readonly number[]): readonly PolicyPort[] =>
  ports.map((port) => ({ protocol: "TCP", port }));

const bothProtocols = (...ports: readonly number[]): readonly PolicyPort[] =>
  ports.flatMap((port) => [
    { protocol: "UDP", port },
    { protocol: "TCP", port },
  ]);

/** Every pod of the cluster, of whatever namespace; nobody outside of it. */
const podsOfTheCluster = [{ namespaceSelector: {} }];

const podsIn = (namespace: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
});

interface PolicyRules {
  /** Directions in which nothing gets through but by a rule. */
  readonly policyTypes: readonly ("Ingress" | "Egress")[];
  readonly ingress: readonly object[];
  /** API servers leave out an empty list, so none is written. @default no rules */
  readonly egress?: readonly object[];
}

function networkPolicy(
  metadata: Manifest["metadata"],
  selector: Readonly<Record<string, string>>,
  rules: PolicyRules,
): Manifest {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata,
    spec: { podSelector: { matchLabels: selector }, ...rules },
  };
}

/** Labels of istiod's pods, as Istio's chart sets them. */
export function istiodSelector({ istio }: Pick<Mesh, "istio">): Readonly<Record<string, string>> {
  return selectorOf(istio.revision);
}

function selectorOf(revision: string | undefined): Readonly<Record<string, string>> {
  return { app: "istiod", ...(revision === undefined ? {} : { "istio.io/rev": revision }) };
}

/**
 * The gateway: peers reach its listener, load balancers its health, and pods of the cluster its metrics. It reaches istiod,
 * DNS servers, and the ports of the services that it exports, so that whoever takes it over gets no further. A DNS server's
 * pods listen on 53, or like OpenShift's on 5353.
 * @param exported The services that this cluster serves to others.
 */
export function gatewayNetworkPolicy(
  mesh: PolicyMesh,
  cluster: Cluster,
  metadata: Manifest["metadata"],
  selector: Readonly<Record<string, string>>,
  exported: readonly GlobalService[],
): Manifest {
  const { gateway } = cluster;
  const doors = hubDoors(mesh, cluster.name);
  const istiods = (revision: string | undefined) => ({
    ...podsIn(mesh.istio.namespace),
    podSelector: { matchLabels: selectorOf(revision) },
  });
  // Ranges of addresses are seen by a pod only where nothing on the way translates them.
  const ranges = gateway.preserveClientIP ? gateway.allowFrom : [];
  const hasHealthChecks = gateway.service === "LoadBalancer";
  return networkPolicy(metadata, selector, {
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      {
        ...(ranges.length > 0 ? { from: ranges.map((cidr) => ({ ipBlock: { cidr } })) } : {}),
        ports: tcp(gateway.port),
      },
      ...(hasHealthChecks ? [{ ports: tcp(15021) }] : []),
      { from: podsOfTheCluster, ports: tcp(15020, 15090) },
      ...(doors.length === 0
        ? []
        : [{ from: [istiods(mesh.istio.revision)], ports: tcp(...doors.map(({ port }) => port)) }]),
    ],
    egress: [
      { to: [istiods(gatewayRevision(mesh))], ports: tcp(15012) },
      { ports: bothProtocols(53, 5353) },
      ...wayToHubs(mesh, cluster),
      ...exportedPorts(exported).map(([namespace, ports]) => ({
        to: [podsIn(namespace)],
        ports: tcp(...ports),
      })),
    ],
  });
}

/** To a hub of the own cluster, and to the gateways of those that other clusters have, whose addresses may be names or still to come. */
function wayToHubs(mesh: PolicyMesh, { name }: Cluster): readonly object[] {
  if (hubDoors(mesh, name).length === 0) return [];
  const others = mesh.clusters.filter((peer) => peer.name !== name && isHub(mesh, peer.name));
  const ports = [...new Set(others.map(({ gateway }) => dialPortOf(gateway)))].sort(
    (a, b) => a - b,
  );
  return [
    ...(isHub(mesh, name) ? [{ to: [podsIn(hubNamespaceName)], ports: tcp(hubPort) }] : []),
    ...(ports.length === 0 ? [] : [{ ports: tcp(...ports) }]),
  ];
}

/** By namespace and not by service: thousands of rules would be too much for what enforces them. */
function exportedPorts(
  services: readonly GlobalService[],
): readonly (readonly [namespace: string, ports: readonly number[]])[] {
  const byNamespace = new Map<string, number[]>();
  for (const { namespace, ports } of services)
    if (namespace !== hubNamespaceName)
      for (const { targetPort } of ports) addTo(byNamespace, namespace, targetPort);
  return [...byNamespace]
    .sort(([a], [b]) => compareText(a, b))
    .map(([namespace, ports]) => [namespace, [...new Set(ports)].sort((a, b) => a - b)] as const);
}

/**
 * istiod: pods of the cluster get their configuration and certificates (15012), and read metrics (15014). Its webhooks
 * (15017) are open, since API servers call them from addresses that no selector has: those of nodes, or of a control plane that
 * somebody else runs. Plaintext xDS (15010) and debugging (8080) are shut.
 */
export function controlPlaneNetworkPolicies(mesh: PolicyMesh): readonly Manifest[] {
  const { revision, namespace } = mesh.istio;
  const policy = (name: string, selector: Readonly<Record<string, string>>) =>
    networkPolicy({ name, namespace, labels: ownerLabels(mesh) }, selector, {
      policyTypes: ["Ingress"],
      ingress: [{ from: podsOfTheCluster, ports: tcp(15012, 15014) }, { ports: tcp(15017) }],
    });
  const own = policy("meshspan-istiod", istiodSelector(mesh));
  const ofGateways = gatewayRevision(mesh);
  // Without a revision, it is for all.
  if (revision === undefined || ofGateways === revision) return [own];
  return [own, policy("meshspan-istiod-gateways", selectorOf(ofGateways))];
}

/** A hub: gateways of its own cluster read it, and pods of the cluster its metrics. */
export function hubNetworkPolicy(
  metadata: Manifest["metadata"],
  selector: Readonly<Record<string, string>>,
  gatewayNamespace: string,
): Manifest {
  return networkPolicy(metadata, selector, {
    policyTypes: ["Ingress"],
    ingress: [
      { from: [podsIn(gatewayNamespace)], ports: tcp(hubPort) },
      { from: podsOfTheCluster, ports: tcp(15020, 15090) },
    ],
  });
}

/** The domain's DNS server: queries come from pods, and from nodes where these have a cache. It answers from its zone, and asks nobody. */
export function dnsNetworkPolicy(
  metadata: Manifest["metadata"],
  selector: Readonly<Record<string, string>>,
): Manifest {
  return networkPolicy(metadata, selector, {
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ ports: bothProtocols(5353) }, { from: podsOfTheCluster, ports: tcp(9153) }],
  });
}
