/** Which finding explains which: what is broken is told once, and what follows from it points there. */
import type { PlannedObject } from "../../core/objects/manifest";
import type { Plan } from "../../core/plan";
import type { Finding, StatusCode } from "./finding";

const objectCodes = ["object_missing", "object_changed", "gateway_address_stale"] as const;
const caCodes = ["ca_missing", "ca_invalid", "root_differs", "root_not_distributed"] as const;
const istioCodes = ["istio_missing", "istiod_not_ready"] as const;
const gatewayCodes = [
  "gateway_not_ready",
  "gateway_without_address",
  "gateway_address_differs",
] as const;
const serviceCodes = [
  "service_missing",
  "service_port_differs",
  "service_without_endpoints",
  "sidecar_missing",
] as const;

/** What may explain a finding of a code, the likeliest first; all in the cluster where the finding is. */
const explanations: Readonly<Partial<Record<StatusCode, readonly StatusCode[]>>> = {
  not_looked_at: ["cluster_unreachable", "credentials_rejected", ...istioCodes],
  permission_missing: ["credentials_rejected"],
  object_missing: ["istio_missing"],
  crl_not_read: ["ca_invalid", "ca_differs_from_files", "crl_missing", ...istioCodes],
  root_not_distributed: [...istioCodes, "ca_missing", "ca_invalid", "root_differs"],
  ca_invalid: ["root_differs", "certificate_expires_soon"],
  ca_differs_from_files: ["root_differs", "certificate_expires_soon"],
  istiod_not_ready: ["ca_missing", "ca_invalid"],
  istiod_cannot_push: ["istiod_not_ready", "proxy_rejects_config"],
  proxy_out_of_sync: ["istiod_not_ready", "proxy_rejects_config"],
  gateway_not_ready: [...objectCodes, ...istioCodes],
  gateway_without_address: objectCodes,
  dns_server_not_ready: objectCodes,
  dns_capture_missing: ["istiod_settings_differ", "istio_missing"],
  dns_no_answer: [
    ...(["dns_server_not_ready", "stub_domain_missing", "cluster_dns_not_ready"] as const),
    ...([...objectCodes, "dns_capture_missing", ...istioCodes] as const),
  ],
  dns_wrong_answer: ["stub_domain_missing", ...objectCodes, "dns_capture_missing"],
  presented_root_differs: caCodes,
  gateway_not_reached: [...gatewayCodes, ...objectCodes, ...serviceCodes, ...istioCodes],
  call_fails: [
    ...([...gatewayCodes, ...objectCodes, ...serviceCodes, ...caCodes] as const),
    ...(["proxy_rejects_config", ...istioCodes, "presented_root_differs"] as const),
  ],
};

/** The same findings; those that follow from another one say from which. */
export function explained(plan: Plan, findings: readonly Finding[]): readonly Finding[] {
  const objects = new Map(
    plan.clusters.map(({ cluster, objects: own }) => [
      cluster.name,
      new Map(own.map((object) => [object.key, object])),
    ]),
  );
  const faults = findings.filter(({ state }) => state === "error" || state === "warning");
  const causeOf = (finding: Finding): Finding | undefined => {
    for (const code of explanations[finding.code] ?? []) {
      const cause = faults.find(
        (fault) =>
          fault.code === code &&
          fault !== finding &&
          // What only will be, or may be, is no reason for what is.
          (fault.state === "error" || finding.state !== "error") &&
          fault.cluster === finding.cluster &&
          concerns(fault, finding, (key) => objects.get(fault.cluster)?.get(key)),
      );
      if (cause !== undefined) return cause;
    }
    return undefined;
  };
  return findings.map((finding) => {
    if (finding.state === "ok") return finding;
    const cause = causeOf(finding);
    if (cause === undefined) return finding;
    const { code, cluster, subject } = cause;
    return { ...finding, because: { code, cluster, subject } };
  });
}

/** An object explains what is of its own stage and service alone. */
function concerns(
  fault: Finding,
  finding: Finding,
  objectOf: (key: string) => PlannedObject | undefined,
): boolean {
  const isService = serviceCodes.some((code) => code === fault.code);
  if (isService) return finding.service !== undefined && finding.service === fault.service;
  const object = objectOf(fault.subject);
  // None of the plan is there.
  if (object === undefined) return true;
  switch (object.stage) {
    case "namespaces":
      return true;
    case "trust":
      return finding.check === "trust";
    case "gateway":
      return finding.check === "gateway" || finding.check === "call";
    case "dns":
      return finding.check === "dns";
    case "observability":
      return false;
    case "services":
    case "workloads":
      return object.service === finding.service && explainsService(object, finding);
  }
}

/** What serves doesn't decide how names resolve, nor what calls how calls are answered. */
function explainsService({ manifest }: PlannedObject, { check }: Finding): boolean {
  const isServing = ["PeerAuthentication", "AuthorizationPolicy"].includes(manifest.kind);
  if (check === "dns") return manifest.kind === "ServiceEntry" || manifest.kind === "Service";
  return check === "call" && (isServing || manifest.metadata.name.endsWith(".versions"));
}
