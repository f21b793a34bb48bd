/** What a look at live clusters finds: data, made readable elsewhere. */

/** What is looked at, in the order in which it is told. */
export const checks = ["cluster", "trust", "istiod", "gateway", "objects", "dns", "call"] as const;
export type Check = (typeof checks)[number];

/** Kinds of findings; one never changes its meaning. */
export const statusCodes = [
  "ok",
  // The look itself.
  "cluster_unreachable",
  "credentials_rejected",
  "permission_missing",
  "not_looked_at",
  // One root everywhere, and for how long.
  "ca_missing",
  "ca_invalid",
  "ca_differs_from_files",
  "root_differs",
  "root_not_distributed",
  "certificate_expires_soon",
  "presented_root_differs",
  "rotation_waits",
  "crl_missing",
  "crl_not_read",
  // The control plane, and what its proxies have of it.
  "istio_missing",
  "istiod_not_ready",
  "istiod_version_differs",
  "istiod_settings_differ",
  "proxy_out_of_sync",
  "proxy_rejects_config",
  "istiod_cannot_push",
  "peer_not_read",
  // Gateways and their addresses.
  "gateway_not_ready",
  "gateway_without_address",
  "gateway_address_differs",
  "gateway_address_stale",
  // The plan's objects.
  "object_missing",
  "object_changed",
  "object_left_over",
  // Names.
  "stub_domain_missing",
  "dns_server_not_ready",
  "cluster_dns_not_ready",
  "dns_no_answer",
  "dns_wrong_answer",
  "dns_capture_missing",
  // Services, and calls through the gateways.
  "service_missing",
  "service_port_differs",
  "service_without_endpoints",
  "sidecar_missing",
  "gateway_not_reached",
  "call_fails",
] as const;
export type StatusCode = (typeof statusCodes)[number];

/**
 * `error`: the mesh isn't as described, or calls fail. `warning`: it will be, or may be. `unknown`: it couldn't be
 * looked at, or follows from an error that is told by itself.
 */
export type State = "ok" | "warning" | "error" | "unknown";

export interface Finding {
  readonly cluster: string;
  readonly check: Check;
  readonly state: State;
  readonly code: StatusCode;
  /** Key of an object as plans have it, or what else it is about: a host, a certificate, a pod. */
  readonly subject: string;
  /** The global service that it is about, `<service>.<namespace>`. */
  readonly service?: string;
  readonly message: string;
  /** What to do; empty where nothing is to be done. */
  readonly hint: string;
  /** A command line that does it, or shows more. */
  readonly fix?: string;
  /** The finding that explains this one. */
  readonly because?: {
    readonly code: StatusCode;
    readonly cluster: string;
    readonly subject: string;
  };
}

/** A finding without where it is: judges add that. */
export type Verdict = Omit<Finding, "cluster" | "check">;

/** Something that is as it should be. */
export function fine(subject: string, message: string): Verdict {
  return { state: "ok", code: "ok", subject, message, hint: "" };
}
