/**
 * The east-west gateway of a cluster: its workload, how peers reach it, and the exact hosts it lets
 * through. The workload follows Istio's own gateway chart.
 */
import type { Cluster, ClusterGateway, GlobalService, Mesh } from "../mesh";
import { gatewayGraceSeconds } from "./connectionAge";
import { isLearntFromService } from "./helmValues";
import { exportedHubs, gatewayRevision, type HubMesh } from "./hubService";
import { type Manifest, ownerLabels, planned, type PlannedObject } from "./manifest";
import { gatewayNamespace, planGatewayNamespaces, rootNamespace } from "./namespaces";
import { controlPlaneNetworkPolicies, gatewayNetworkPolicy } from "./networkPolicies";

type GatewayMesh = HubMesh;

/**
 * Labels of the gateway's pods that Services and Gateways select. Not Istio's own `istio:
 * eastwestgateway`: Gateways select pods in all namespaces, and its sample `cross-network-gateway`
 * would open this gateway to every service of the cluster.
 */
export function gatewaySelector(
  mesh: Pick<Mesh, "name">,
  cluster: Cluster,
): Readonly<Record<string, string>> {
  return { app: cluster.gateway.name, "meshspan.dev/gateway": mesh.name };
}

/**
 * Everything a cluster's gateway needs.
 * @param exportedServices The services that this cluster serves to others.
 */
export function planGateway(
  mesh: GatewayMesh,
  cluster: Cluster,
  exportedServices: readonly GlobalService[],
): readonly PlannedObject[] {
  const context = { mesh, cluster };
  const exported = [...exportedServices, ...exportedHubs(mesh, cluster.name)];
  const namespace = gatewayNamespace(cluster);
  const account = serviceAccount(context);
  const workload = deployment(context);
  const add = (manifest: Manifest, ...dependsOn: readonly Manifest[]) =>
    planned("gateway", "MultiClusterGateway", manifest, { dependsOn: [namespace, ...dependsOn] });
  return [
    ...planGatewayNamespaces(mesh, cluster),
    ...networkPolicies(context, exported),
    add(account),
    add(workload, account),
    // A load balancer gets its address, and health checks their answers, once there are pods.
    add(service(context), workload),
    add(autoscaler(context), workload),
    // A budget of one for a single replica would only block node drains.
    ...(cluster.gateway.replicas.min > 1 ? [add(disruptionBudget(context), workload)] : []),
    ...(exported.length > 0 ? [add(passthroughGateway(context, exported))] : []),
  ];
}

interface Context {
  readonly mesh: GatewayMesh;
  readonly cluster: Cluster;
}

/** Who reaches the gateway and istiod; nothing where the cluster's NetworkPolicies are somebody else's. */
function networkPolicies(
  context: Context,
  exported: readonly GlobalService[],
): readonly PlannedObject[] {
  const { mesh, cluster } = context;
  if (!cluster.networkPolicies) return [];
  const selector = gatewaySelector(mesh, cluster);
  const policies = [
    ...controlPlaneNetworkPolicies(mesh).map(
      (policy) => [policy, rootNamespace(mesh, cluster)] as const,
    ),
    [
      gatewayNetworkPolicy(mesh, cluster, metadata(context), selector, exported),
      gatewayNamespace(cluster),
    ],
  ] as const;
  return policies.map(([manifest, namespace]) =>
    planned("gateway", "MultiClusterGateway", manifest, { dependsOn: [namespace] }),
  );
}

function metadata({
  mesh,
  cluster,
}: Context): Manifest["metadata"] & { readonly namespace: string } {
  return {
    name: cluster.gateway.name,
    namespace: cluster.gateway.namespace,
    labels: {
      ...ownerLabels(mesh),
      "app.kubernetes.io/name": cluster.gateway.name,
      ...gatewaySelector(mesh, cluster),
    },
  };
}

function serviceAccount(context: Context): Manifest {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metadata(context),
    automountServiceAccountToken: false,
  };
}

/**
 * istiod's webhook fills the container in from its `gateway` template; `auto` stands for the image. The template also brings
 * the token by which istiod knows the pod; none for the API server is mounted, and no Role is there that reads secrets.
 */
function deployment(context: Context): Manifest {
  const { mesh, cluster } = context;
  const { name, port } = cluster.gateway;
  const own = gatewayRevision(mesh);
  const revision = own === undefined ? {} : { "istio.io/rev": own };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(context),
    spec: {
      selector: { matchLabels: gatewaySelector(mesh, cluster) },
      template: {
        metadata: {
          annotations: {
            "inject.istio.io/templates": "gateway",
            "prometheus.io/path": "/stats/prometheus",
            "prometheus.io/port": "15020",
            "prometheus.io/scrape": "true",
          },
          labels: {
            ...gatewaySelector(mesh, cluster),
            ...revision,
            "istio.io/dataplane-mode": "none",
            "sidecar.istio.io/inject": "true",
            "topology.istio.io/network": cluster.network,
          },
        },
        spec: {
          serviceAccountName: name,
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: gatewayGraceSeconds,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              name: "istio-proxy",
              image: "auto",
              env: [
                // Traffic for a network stays in it once it is through its gateway.
                { name: "ISTIO_META_REQUESTED_NETWORK_VIEW", value: cluster.network },
                // It ends when its last connection has, not with those that are open after five seconds.
                { name: "EXIT_ON_ZERO_ACTIVE_CONNECTIONS", value: "true" },
                // Each start would wait 5 s for answers of clouds' metadata servers, which its NetworkPolicy keeps it from.
                ...(cluster.networkPolicies ? [{ name: "CLOUD_PLATFORM", value: "none" }] : []),
              ],
              ports: [
                { name: "tls", containerPort: port, protocol: "TCP" },
                { name: "http-envoy-prom", containerPort: 15090, protocol: "TCP" },
              ],
              // Quantities as Kubernetes writes them, so that what comes back is what was applied.
              resources: {
                requests: { cpu: "100m", memory: "128Mi" },
                limits: { cpu: "2", memory: "1Gi" },
              },
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
                privileged: false,
                readOnlyRootFilesystem: true,
                runAsNonRoot: true,
              },
            },
          ],
        },
      },
    },
  };
}

/** Only the mesh's port is reachable from outside, and health checks where a load balancer makes them; never istiod's ports. */
function service(context: Context): Manifest {
  const { port, nodePort, annotations, service: type } = context.cluster.gateway;
  const isNodePort = nodePort !== undefined;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      ...metadata(context),
      labels: {
        ...metadata(context).labels,
        ...networkLabels(context),
      },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    spec: {
      type,
      ...sources(context.cluster.gateway),
      selector: gatewaySelector(context.mesh, context.cluster),
      ports: [
        ...(isNodePort
          ? []
          : [{ name: "http-status", port: 15021, targetPort: 15021, protocol: "TCP" }]),
        {
          name: "tls",
          port,
          targetPort: port,
          protocol: "TCP",
          ...(isNodePort ? { nodePort } : {}),
        },
      ],
    },
  };
}

/** What control planes that read this cluster too would dial. Where they are told of another address, that's the only one. */
function networkLabels({ mesh, cluster }: Context): Readonly<Record<string, string>> {
  if (mesh.distribution === "endpoints" && !isLearntFromService(cluster)) return {};
  return {
    "topology.istio.io/network": cluster.network,
    "networking.istio.io/gatewayPort": String(cluster.gateway.port),
  };
}

/** Kubernetes keeps callers' addresses only where a load balancer goes to nodes that have a pod of the gateway. */
function sources({ allowFrom, preserveClientIP }: ClusterGateway): object {
  if (allowFrom.length === 0) return {};
  return {
    loadBalancerSourceRanges: allowFrom,
    ...(preserveClientIP ? { externalTrafficPolicy: "Local" } : {}),
  };
}

function autoscaler(context: Context): Manifest {
  const { name, replicas } = context.cluster.gateway;
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: metadata(context),
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: replicas.min,
      maxReplicas: replicas.max,
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
        },
      ],
    },
  };
}

function disruptionBudget(context: Context): Manifest {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: metadata(context),
    spec: {
      minAvailable: 1,
      selector: { matchLabels: gatewaySelector(context.mesh, context.cluster) },
    },
  };
}

/**
 * Lets TLS through by server name to exactly the exported services: istiod builds a chain per host,
 * port and subset. Never a wildcard, which would export every service of the cluster.
 */
function passthroughGateway(context: Context, exported: readonly GlobalService[]): Manifest {
  const { port } = context.cluster.gateway;
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: metadata(context),
    spec: {
      selector: gatewaySelector(context.mesh, context.cluster),
      servers: [
        {
          port: { number: port, name: "tls", protocol: "TLS" },
          tls: { mode: "AUTO_PASSTHROUGH" },
          hosts: exported.map(({ localHost }) => localHost).sort(),
        },
      ],
    },
  };
}
