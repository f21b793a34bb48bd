/** What is in a line of the access logs of calls across clusters. */
import type { Cluster } from "../mesh";

/** How proxies write access logs (`extensionProviders` of Istio's MeshConfig). */
export interface AccessLogProvider {
  readonly name: string;
  readonly envoyFileAccessLog: {
    readonly path: string;
    readonly logFormat: { readonly labels: Readonly<Record<string, string>> };
  };
}

/** Name of the provider, and of the Telemetry objects that use it. */
export const accessLogName = "meshspan-access-log";

/** What a line has beside the cluster that wrote it, by Envoy's command operators: requests and bare connections alike. */
const fields = {
  time: "%START_TIME%",
  upstream_cluster: "%UPSTREAM_CLUSTER_RAW%",
  upstream_host: "%UPSTREAM_HOST%",
  upstream_identity: "%UPSTREAM_PEER_URI_SAN%",
  downstream_address: "%DOWNSTREAM_REMOTE_ADDRESS%",
  server_name: "%REQUESTED_SERVER_NAME%",
  authority: "%REQ(:AUTHORITY)%",
  method: "%REQ(:METHOD)%",
  path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  request_id: "%REQ(X-REQUEST-ID)%",
  response_code: "%RESPONSE_CODE%",
  response_flags: "%RESPONSE_FLAGS%",
  response_details: "%RESPONSE_CODE_DETAILS%",
  upstream_failure: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
  grpc_status: "%GRPC_STATUS%",
  duration_ms: "%DURATION%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
} as const;

/** A line of JSON on standard output for each call. */
export function accessLogProvider({ name }: Pick<Cluster, "name">): AccessLogProvider {
  return {
    name: accessLogName,
    envoyFileAccessLog: {
      path: "/dev/stdout",
      logFormat: { labels: { meshspan: "cross-cluster", cluster: name, ...fields } },
    },
  };
}
