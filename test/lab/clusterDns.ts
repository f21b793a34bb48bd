/** A cluster's own DNS server: CoreDNS as kubeadm sets it up, or kube-dns as GKE has it. */

/** What kubeadm writes, but for what it forwards to: there's no name server outside of the lab. */
export const corefile = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    cache 30
    reload 2s
    loadbalance
}
`;

const labels = { "k8s-app": "kube-dns" };

const metadata = (name: string) => ({ name, namespace: "kube-system" });

/** What a DNS server for the cluster may read. */
const account: readonly any[] = [
  { apiVersion: "v1", kind: "ServiceAccount", metadata: metadata("coredns") },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "system:coredns" },
    rules: [
      {
        apiGroups: [""],
        resources: ["endpoints", "services", "pods", "namespaces"],
        verbs: ["list", "watch"],
      },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ],
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "system:coredns" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:coredns" },
    subjects: [{ kind: "ServiceAccount", ...metadata("coredns") }],
  },
];

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { ...metadata("kube-dns"), labels },
  spec: {
    clusterIP: "10.96.0.10",
    selector: labels,
    ports: [
      { name: "dns", port: 53, protocol: "UDP" },
      { name: "dns-tcp", port: 53, protocol: "TCP" },
    ],
  },
};

function corefileMap(name: string, text: string): any {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: metadata(name),
    data: { Corefile: text },
  };
}

function server(
  name: string,
  config: string,
  beside: readonly any[],
  volumes: readonly any[],
): any {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { ...metadata(name), labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: "coredns",
          dnsPolicy: "Default",
          securityContext: { runAsUser: 0 },
          containers: [
            {
              name: "coredns",
              image: "registry.k8s.io/coredns/coredns:v1.14.0",
              args: ["-conf", "/etc/coredns/Corefile"],
              readinessProbe: { httpGet: { path: "/ready", port: 8181 } },
              volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
            },
            ...beside,
          ],
          volumes: [{ name: "config", configMap: { name: config } }, ...volumes],
        },
      },
    },
  };
}

const coreDns: readonly any[] = [
  ...account,
  corefileMap("coredns", corefile),
  service,
  server("coredns", "coredns", [], []),
];

/** dnsmasq in front, which knows stub domains; what answers for the cluster is behind it. */
const kubeDns: readonly any[] = [
  ...account,
  corefileMap("kubedns", corefile.replace(".:53", ".:10053")),
  { apiVersion: "v1", kind: "ConfigMap", metadata: metadata("kube-dns") },
  service,
  server(
    "kube-dns",
    "kubedns",
    [
      {
        name: "dnsmasq",
        image: "lab/dnsmasqNanny",
        env: [
          { name: "STUB_DOMAINS", value: "/etc/k8s/dns/dnsmasq-nanny/stubDomains" },
          { name: "UPSTREAM", value: "127.0.0.1#10053" },
        ],
        volumeMounts: [{ name: "stubs", mountPath: "/etc/k8s/dns/dnsmasq-nanny" }],
      },
    ],
    [{ name: "stubs", configMap: { name: "kube-dns", optional: true } }],
  ),
];

/** DNS servers that a cluster may have. */
export type ClusterDns = "coredns" | "kube-dns";

/** A cluster's DNS server, as objects. */
export const clusterDns: Readonly<Record<ClusterDns, readonly any[]>> = {
  coredns: coreDns,
  "kube-dns": kubeDns,
};
