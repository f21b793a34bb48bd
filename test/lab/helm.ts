/** Istio's own charts, put in with Helm as its documentation says. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { componentPath } from "../engine/toolchain";
import type { LabCluster } from "./cluster";

const run = promisify(execFile);

/** Where each chart is in Istio's sources. */
const charts = { base: "base", istiod: "istio-control/istio-discovery" };

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
          ".*rbac.*",
        ],
      },
    },
  },
};

/** `helm upgrade --install` of one of Istio's charts. @throws Error with what Helm says */
export async function helmInstall(
  { kubeconfigFile, folder }: Pick<LabCluster, "kubeconfigFile" | "folder">,
  release: string,
  chart: keyof typeof charts,
  namespace: string,
  values: object,
): Promise<void> {
  const home = join(folder, "helm");
  mkdirSync(home, { recursive: true });
  const file = (name: string, content: object) => {
    const path = join(home, `${release}-${name}.yaml`);
    writeFileSync(path, stringify(content));
    return ["--values", path];
  };
  await run(
    componentPath("helm"),
    [
      ...["upgrade", "--install", release, join(componentPath("istio-charts"), charts[chart])],
      ...["--namespace", namespace, "--kubeconfig", kubeconfigFile],
      ...file("values", values),
      ...(chart === "istiod" ? [...file("lab", labValues), "--wait", "--timeout", "2m"] : []),
    ],
    {
      env: { ...process.env, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home },
    },
  );
}
