/**
 * Names for pods: with Istio's DNS proxy there is nothing to make (istiod's values switch it on); with
 * CoreDNS or kube-dns the domain has a server of its own, and a stub domain that leads there.
 */
import { type DnsRecord, domainCorefile, domainZone, stubDomainBlock } from "../corefile";
import { Late, type LateInput } from "../late";
import type { Cluster, Mesh } from "../mesh";
import {
  keptAnnotations,
  type Manifest,
  ownerLabels,
  planned,
  type PlannedObject,
} from "./manifest";
import { rootNamespace } from "./namespaces";
import { dnsNetworkPolicy } from "./networkPolicies";

type DnsMesh = Pick<Mesh, "name" | "domain" | "istio">;

/** Name of the domain's DNS server: Deployment, Service, ConfigMap and ServiceAccount. */
export const dnsServerName = "meshspan-dns";

/** Plain CoreDNS, as a cluster's own DNS server is. */
const image = "coredns/coredns:1.15.0";

/** Objects that make global names resolve in a cluster. */
export function planGlobalDns(
  mesh: DnsMesh,
  cluster: Cluster,
  records: readonly DnsRecord[],
): readonly PlannedObject[] {
  const stub = stubDomain(mesh, cluster);
  if (stub === undefined) return [];
  const namespace = rootNamespace(mesh, cluster);
  const config = configMap(mesh, records);
  const account = serviceAccount(mesh);
  const workload = deployment(mesh, cluster);
  const service = dnsService(mesh, cluster);
  const add = (manifest: Manifest, ...dependsOn: readonly Manifest[]) =>
    planned("dns", "GlobalDns", manifest, { dependsOn });
  return [
    ...(cluster.networkPolicies
      ? [add(dnsNetworkPolicy(metadata(mesh), selector), namespace)]
      : []),
    add(account, namespace),
    add(config, namespace),
    add(workload, config, account),
    add(service, namespace),
    planned("dns", "GlobalDns", stub, { dependsOn: [workload, service], shared: true }),
  ];
}

/**
 * The cluster without the configuration that its description quotes for files: here the stub domain is merged
 * into what the cluster has at that moment.
 */
export function liveDns(cluster: Cluster): Cluster {
  return { ...cluster, dns: { ...cluster.dns, corefile: undefined, stubDomains: undefined } };
}

function metadata(mesh: DnsMesh): Manifest["metadata"] {
  return {
    name: dnsServerName,
    namespace: mesh.istio.namespace,
    labels: { ...ownerLabels(mesh), "app.kubernetes.io/name": dnsServerName },
  };
}

const selector = { "app.kubernetes.io/name": dnsServerName };

function serviceAccount(mesh: DnsMesh): Manifest {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metadata(mesh),
    automountServiceAccountToken: false,
  };
}

function configMap(mesh: DnsMesh, records: readonly DnsRecord[]): Manifest {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: metadata(mesh),
    data: { Corefile: domainCorefile(mesh.domain), zone: domainZone(mesh.domain, records) },
  };
}

function deployment(mesh: DnsMesh, cluster: Cluster): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(mesh),
    spec: {
      replicas: cluster.provider === "kind" ? 1 : 2,
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: { ...selector, "sidecar.istio.io/inject": "false" } },
        spec: {
          serviceAccountName: dnsServerName,
          automountServiceAccountToken: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [
            {
              name: "coredns",
              image,
              args: ["-conf", "/etc/coredns/Corefile"],
              ports: [
                { name: "dns", containerPort: 5353, protocol: "UDP" },
                { name: "dns-tcp", containerPort: 5353, protocol: "TCP" },
                { name: "metrics", containerPort: 9153, protocol: "TCP" },
              ],
              readinessProbe: { httpGet: { path: "/ready", port: 8181 } },
              livenessProbe: { httpGet: { path: "/health", port: 8080 } },
              resources: { requests: { cpu: "50m", memory: "32Mi" }, limits: { memory: "128Mi" } },
              securityContext: {
                allowPrivilegeEscalation: false,
                // The image's binary has this capability set on its file, and doesn't start without it.
                capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
                readOnlyRootFilesystem: true,
              },
              volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
            },
          ],
          volumes: [{ name: "config", configMap: { name: dnsServerName } }],
        },
      },
    },
  };
}

function dnsService(mesh: DnsMesh, cluster: Cluster): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(mesh),
    spec: {
      type: "ClusterIP",
      ...(cluster.dns.address === undefined ? {} : { clusterIP: cluster.dns.address }),
      selector,
      ports: [
        { name: "dns", port: 53, targetPort: 5353, protocol: "UDP" },
        // Istio reads protocols from ports' names, and knows none that begins with "dns".
        {
          name: "dns-tcp",
          port: 53,
          targetPort: 5353,
          protocol: "TCP",
          appProtocol: "tcp",
        },
      ],
    },
  };
}

/** The ConfigMap that leads queries for the domain to its server; the rest of it belongs to the cluster. */
function stubDomain(mesh: DnsMesh, cluster: Cluster): Manifest | undefined {
  const { mode, extension, corefile, stubDomains } = cluster.dns;
  const { domain } = mesh;
  const late = (kind: "dnsAddress" | "corefile" | "stubDomains"): LateInput => ({
    kind,
    cluster: cluster.name,
  });
  const address = cluster.dns.address ?? late("dnsAddress");
  const kubeSystem = (name: string, data: Readonly<Record<string, string | Late>>): Manifest => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "kube-system", annotations: keptAnnotations },
    data,
  });
  switch (mode) {
    case "proxy":
      return undefined;
    case "coredns":
      if (extension === "coredns-custom") {
        const [before = "", after = ""] = stubDomainBlock(domain, "\0").split("\0");
        return kubeSystem("coredns-custom", {
          [`${domain}.server`]: literal(
            new Late({ use: "template", parts: [before, address, after] }),
          ),
        });
      }
      return kubeSystem("coredns", {
        Corefile: literal(
          new Late({
            use: "mergedCorefile",
            corefile: corefile ?? late("corefile"),
            domain,
            address,
          }),
        ),
      });
    case "kube-dns":
      return kubeSystem("kube-dns", {
        stubDomains: literal(
          new Late({
            use: "mergedStubDomains",
            stubDomains: stubDomains ?? late("stubDomains"),
            domain,
            address,
          }),
        ),
      });
  }
}

/** A late value that needs no input isn't late. */
function literal(late: Late): string | Late {
  return late.inputs.length > 0 ? late : late.resolve(() => "");
}
