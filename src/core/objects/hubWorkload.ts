/**
 * A hub: istiod, which hands out the objects of one namespace and does nothing else. It has no CA, no webhooks and no leader
 * elections, reads no Secrets but those of its own namespace, of which there are none, and its sidecar lets gateways of its audience in alone.
 */
import { type Audience } from "../audiences";
import type { Cluster } from "../mesh";
import { clusterDomain } from "../names";
import { authorizationPolicy, peerAuthentication } from "./authorization";
import {
  audienceLabel,
  gatewayRevision,
  hubNamespaceName,
  hubPort,
  type HubMesh,
  hubService,
} from "./hubService";
import { type Manifest, ownerLabels } from "./manifest";
import { hubNetworkPolicy } from "./networkPolicies";
import { bindingOf, readRule, roleOf } from "./rbac";

const configPath = "/etc/istio/config";

/** What is made of a hub in one of its clusters, in the order in which it's needed. */
export function hubWorkload(
  mesh: HubMesh,
  cluster: Cluster,
  audience: Audience,
): readonly Manifest[] {
  const service = hubService(mesh, audience);
  const { name } = service;
  const labels = { ...ownerLabels(mesh), "app.kubernetes.io/name": name, ...service.selector };
  const metadata = { name, namespace: hubNamespaceName, labels };
  const account: Manifest = { apiVersion: "v1", kind: "ServiceAccount", metadata };
  const clusterRole = roleOf({ name: `meshspan-${name}`, labels }, readKinds);
  // Secrets with other clusters' credentials, which istiod looks for in its own namespace: there are none.
  const role = roleOf(metadata, [readRule([""], ["secrets"])]);
  return [
    account,
    clusterRole,
    bindingOf(clusterRole, account),
    role,
    bindingOf(role, account),
    configMap(mesh, cluster, audience, metadata),
    ...(cluster.networkPolicies
      ? [hubNetworkPolicy(metadata, service.selector, cluster.gateway.namespace)]
      : []),
    peerAuthentication(mesh, service),
    authorizationPolicy(mesh, service, cluster.name),
    deployment(mesh, cluster, metadata, service.selector),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        type: "ClusterIP",
        selector: service.selector,
        ports: [{ name: "tcp-xds", port: hubPort, targetPort: hubPort, protocol: "TCP" }],
      },
    },
  ];
}

/** Kinds are listed for the whole cluster, as istiod does; it keeps what is in namespaces of its audience. */
const readKinds = [
  readRule(
    ["extensions", "networking", "security", "telemetry"].map((group) => `${group}.istio.io`),
    ["*"],
  ),
  readRule(["apiextensions.k8s.io"], ["customresourcedefinitions"]),
  readRule([""], ["namespaces", "nodes", "pods", "services"]),
  readRule(["discovery.k8s.io"], ["endpointslices"]),
  readRule(["networking.k8s.io"], ["ingresses"]),
  readRule(
    ["admissionregistration.k8s.io"],
    ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
  ),
];

function configMap(
  mesh: HubMesh,
  { trustDomain }: Cluster,
  { id }: Audience,
  metadata: Manifest["metadata"],
): Manifest {
  const config = {
    configSources: [{ address: "k8s://" }],
    discoverySelectors: [{ matchLabels: { [audienceLabel]: id } }],
    ingressControllerMode: "OFF",
    rootNamespace: mesh.istio.namespace,
    trustDomain,
  };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata,
    // JSON is YAML.
    data: {
      mesh: `${JSON.stringify(config, undefined, 2)}\n`,
      meshNetworks: '{ "networks": {} }\n',
    },
  };
}

function deployment(
  mesh: HubMesh,
  { name: cluster }: Cluster,
  metadata: Manifest["metadata"],
  selector: Readonly<Record<string, string>>,
): Manifest {
  const { name } = metadata;
  const revision = gatewayRevision(mesh);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      // The other hub stands in; a rollout starts the new one before the old one ends.
      replicas: 1,
      selector: { matchLabels: selector },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: {
          annotations: {
            "prometheus.io/path": "/stats/prometheus",
            "prometheus.io/port": "15020",
            "prometheus.io/scrape": "true",
            // It calls the API server alone.
            "traffic.sidecar.istio.io/includeOutboundIPRanges": "",
          },
          labels: {
            ...selector,
            ...(revision === undefined ? {} : { "istio.io/rev": revision }),
            "istio.io/dataplane-mode": "none",
            "sidecar.istio.io/inject": "true",
          },
        },
        spec: {
          serviceAccountName: name,
          securityContext: { seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              name: "discovery",
              image: mesh.istio.image ?? "",
              args: [
                "discovery",
                "--monitoringAddr=:15014",
                `--domain=${clusterDomain}`,
                "--registries=",
                `--meshConfig=${configPath}/mesh`,
                `--networksConfig=${configPath}/meshNetworks`,
              ],
              ports: [
                { name: "tcp-xds", containerPort: hubPort, protocol: "TCP" },
                { name: "http-debug", containerPort: 8080, protocol: "TCP" },
              ],
              env: [
                // API servers leave an empty value out, so none is written.
                ...Object.entries(environment(name, cluster)).map(([key, value]) =>
                  value === "" ? { name: key } : { name: key, value },
                ),
                fieldVariable("POD_NAME", "metadata.name"),
                fieldVariable("POD_NAMESPACE", "metadata.namespace"),
                fieldVariable("SERVICE_ACCOUNT", "spec.serviceAccountName"),
              ],
              readinessProbe: {
                httpGet: { path: "/ready", port: 8080, scheme: "HTTP" },
                periodSeconds: 3,
                timeoutSeconds: 5,
              },
              resources: {
                requests: { cpu: "50m", memory: "128Mi" },
                limits: { memory: "1Gi" },
              },
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
                readOnlyRootFilesystem: true,
                runAsNonRoot: true,
              },
              volumeMounts: [
                { name: "config", mountPath: configPath, readOnly: true },
                { name: "tmp", mountPath: "/tmp" },
              ],
            },
          ],
          volumes: [
            { name: "config", configMap: { name } },
            { name: "tmp", emptyDir: {} },
          ],
        },
      },
    },
  };
}

/**
 * The api generator would demand a control plane's identity, which istiod as a client has none of to show: the sidecar in front
 * of it demands the gateways' instead.
 */
function environment(name: string, cluster: string): Readonly<Record<string, string>> {
  return {
    CLUSTER_ID: cluster,
    ENABLE_CA_SERVER: "false",
    ENABLE_XDS_API_GENERATOR_AUTH: "false",
    INJECT_ENABLED: "false",
    INJECTION_WEBHOOK_CONFIG_NAME: "",
    PILOT_CERT_PROVIDER: "none",
    PILOT_ENABLE_GATEWAY_API: "false",
    PILOT_ENABLE_IP_AUTOALLOCATE: "false",
    PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION: "false",
    PILOT_ENABLE_XDS_IDENTITY_CHECK: "false",
    REVISION: name,
    VALIDATION_WEBHOOK_CONFIG_NAME: "",
  };
}

function fieldVariable(name: string, fieldPath: string) {
  return { name, valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } } };
}
