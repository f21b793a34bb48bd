/** The text that `meshspan init` writes. */
import { formatYaml } from "../core/yaml";

/** A mesh of these clusters with one service in the last of them. The names are valid. */
export function starterMesh(name: string, clusters: readonly string[]): string {
  const places = clusters.map(
    (cluster, index) => `  ${word(cluster)}:
    # Where pods of other clusters reach this one's gateway: an address of its load balancer. These are placeholders.
    gateway: { address: 203.0.113.${(index + 1) * 10} } # and allowFrom: [<ranges that peers come from>]; default: anywhere
    # locality: region/zone # as on the nodes' labels, for host names as addresses
    # dns: coredns # how pods resolve global names: proxy (default), coredns or kube-dns
`,
  );
  const last = word(clusters.at(-1) ?? "");
  return `# yaml-language-server: $schema=node_modules/meshspan/schema/mesh.schema.json
# One service mesh over ${clusters.length === 1 ? "one Kubernetes cluster" : `${clusters.length} Kubernetes clusters`}. \`meshspan validate\` checks this file, \`meshspan trace\` follows every call.
name: ${word(name)}

clusters:
${places.join("\n")}
services:
  # An example: replace it by what is called across your clusters. Pods call hello.default.global:8080.
  hello.default:
    ports: [{ name: http, port: 8080, protocol: HTTP }]
    # The ServiceAccount of the pods that serve: the only identity that callers accept.
    serviceAccount: hello
    # Where it runs. In several clusters, pods of the caller's own come first.
    servedBy: [${last}]
    # consumedBy: [${last}] # clusters whose pods may call it; default: all
    # callers: [frontend.default] # <serviceaccount>.<namespace> that may call it; default: every identity of the mesh

# trust:
#   issuer: cert-manager # who makes the clusters' CAs: files (default: below certs/), cert-manager or existing
#   certManager: { name: mesh-root }

# istio:
#   version: 1.27.0 # of Istio's Helm charts; default: the newest
`;
}

/** As YAML reads it back: \`on\` and \`007\` in quotes. */
function word(text: string): string {
  return formatYaml([text]).trimEnd();
}
