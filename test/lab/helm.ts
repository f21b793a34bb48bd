/** Istio's own charts in the lab: where they are, and with which values. */
import type { HelmTools } from "../engine/standins/helm";
import { componentPath } from "../engine/toolchain";

/** Fields of the access logs that tests read, by the names that they have there. */
const accessLog = {
  at: "%START_TIME(%s.%3f)%",
  upstreamCluster: "%UPSTREAM_CLUSTER%",
  upstreamHost: "%UPSTREAM_HOST%",
  upstreamIdentity: "%UPSTREAM_PEER_URI_SAN%",
  downstreamIdentity: "%DOWNSTREAM_PEER_URI_SAN%",
  serverName: "%REQUESTED_SERVER_NAME%",
  authority: "%REQ(:AUTHORITY)%",
  path: "%REQ(:PATH)%",
  status: "%RESPONSE_CODE%",
  grpcStatus: "%GRPC_STATUS%",
  flags: "%RESPONSE_FLAGS%",
  details: "%RESPONSE_CODE_DETAILS%",
  failure: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
  sent: "%BYTES_SENT%",
};

/**
 * What the lab adds to the values: filters that only Istio's own build of Envoy has are left out, and every proxy
 * writes an access log with both identities, and counts connections by service.
 */
export const labValues = {
  env: { PILOT_ENABLE_METADATA_EXCHANGE: "false", PILOT_ENABLE_ALPN_FILTER: "false" },
  telemetry: { enabled: false },
  meshConfig: {
    enablePrometheusMerge: false,
    accessLogFile: "/dev/stdout",
    accessLogEncoding: "JSON",
    accessLogFormat: JSON.stringify(accessLog),
    // Counters that Istio leaves out to save memory.
    defaultConfig: {
      proxyStatsMatcher: {
        inclusionRegexps: [
          "cluster\\.outbound.*upstream_(cx_total|cx_active|rq_total)",
          "cluster\\.inbound.*upstream_cx_tx_bytes_total",
          "listener\\..*(no_filter_chain_match|ssl\\.(fail_verify.*|handshake))",
          ".*rbac.*",
          "control_plane\\..*",
        ],
      },
    },
  },
};

/** Helm and the charts of Istio's release that the toolchain has. */
export const helmTools = (): HelmTools => ({
  program: componentPath("helm"),
  charts: componentPath("istio-charts"),
});
