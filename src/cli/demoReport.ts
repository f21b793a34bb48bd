/** What a person reads after the demo: what there is, what crosses, and that it fits together. */
import { join } from "node:path";
import { dialPortOf } from "../core/mesh";
import { formatTrace } from "../core/trace/format";
import { shellWord } from "../core/shell";
import { daysLeft, type EnsuredCertificates, fingerprintOf } from "../pki";
import type { WriteResult } from "../render";
import type { PlannedShop } from "./demoFiles";
import { textTable } from "./table";

/** What a run of the demo made. */
export interface DemoRun {
  readonly shop: PlannedShop;
  readonly certificates: EnsuredCertificates;
  readonly result: WriteResult;
  readonly out: string;
  readonly milliseconds: number;
}

export function demoReport(run: DemoRun): string {
  const { plan, traces } = run.shop;
  const crossing = traces.filter(({ crosses }) => crosses);
  const sections = [
    section("Clusters", clusterTable(run)),
    section(
      `Calls across clusters (${crossing.length})`,
      crossing.map((trace) => `  ${trace.ok ? "ok" : "FAILS"}  ${formatTrace(trace)}`).join("\n") ||
        "  none: everything runs in one cluster",
    ),
    section("Root of trust", trustTable(run)),
    summary(run),
    nextSteps(run),
  ];
  return `${plan.mesh.name}: ${plan.clusters.length === 1 ? "one cluster" : `${plan.clusters.length} clusters`}, ${plan.mesh.services.length} global services\n\n${sections.join("\n\n")}\n`;
}

function section(title: string, text: string): string {
  return `${title}\n${text}`;
}

function clusterTable({ shop: { plan } }: DemoRun): string {
  const rows = plan.clusters.map(({ cluster, objects }) => [
    cluster.name,
    cluster.locality ?? "",
    `${cluster.gateway.address ?? "late"}:${dialPortOf(cluster.gateway)}`,
    cluster.dns.mode,
    String(
      plan.mesh.services.filter(({ servedBy }) =>
        servedBy.some((place) => place.cluster === cluster.name),
      ).length,
    ),
    String(plan.mesh.services.filter(({ consumedBy }) => consumedBy.includes(cluster.name)).length),
    String(objects.length),
  ]);
  return textTable(
    ["cluster", "locality", "gateway", "dns", "serves", "consumes", "objects"],
    rows,
    "  ",
  );
}

function trustTable({ certificates }: DemoRun): string {
  const now = new Date();
  const row = (what: string, pem: string) => [
    what,
    fingerprintOf(pem),
    `${daysLeft(pem, now)} days`,
  ];
  const rows = [
    row("root", certificates.root.certificatePem),
    ...Object.entries(certificates.clusters).map(([name, files]) =>
      row(name, files["ca-cert.pem"]),
    ),
  ];
  return textTable(["CA", "SHA-256", "left"], rows, "  ");
}

function summary({ shop, result, out, milliseconds }: DemoRun): string {
  const objects = shop.plan.clusters.reduce((sum, { objects: list }) => sum + list.length, 0);
  const files = result.written.length + result.unchanged.length;
  const removed = result.removed.length === 0 ? "" : `, ${result.removed.length} removed`;
  return `${objects} objects in ${files} files below ${out} (${result.written.length} written, ${result.unchanged.length} unchanged${removed}) in ${(milliseconds / 1000).toFixed(1)} s`;
}

/** Range of addresses that are nobody's (RFC 5737). */
const isForDocumentation = (address: string | undefined) =>
  address?.startsWith("203.0.113.") === true;

function nextSteps({ shop: { plan }, out }: DemoRun): string {
  const { namespace, version } = plan.mesh.istio;
  const folder = `${shellWord(out)}/$cluster`;
  const chart = version === undefined ? "" : ` --version ${version}`;
  const clusters = plan.clusters.map(({ cluster }) => cluster.name).join(" ");
  const placeholders = plan.clusters.some(({ cluster }) =>
    isForDocumentation(cluster.gateway.address),
  );
  return [
    `Look at ${join(out, "topology.svg")}. To apply it to clusters of yours, with kubectl contexts of these names:`,
    "  helm repo add istio https://istio-release.storage.googleapis.com/charts",
    `  for cluster in ${clusters}; do`,
    `    kubectl --context $cluster apply --server-side -f ${folder}/10-namespaces.yaml -f ${folder}/20-trust.yaml`,
    `    helm --kube-context $cluster -n ${namespace} upgrade --install istio-base istio/base${chart} -f ${folder}/helm/base.yaml`,
    `    helm --kube-context $cluster -n ${namespace} upgrade --install istiod istio/istiod${chart} --wait -f ${folder}/helm/istiod.yaml`,
    `    kubectl --context $cluster apply --server-side -f ${folder}`,
    "  done",
    ...(placeholders
      ? [
          "The gateways' addresses are placeholders. Once the gateways have theirs, write the files again with --gateway <cluster>=<address> for each, and apply them again.",
        ]
      : []),
  ].join("\n");
}
