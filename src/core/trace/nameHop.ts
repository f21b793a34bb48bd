/** The first hop: pods of the caller's cluster resolve the global name. */
import { Late } from "../late";
import { dnsServerName } from "../objects/globalDns";
import type { PlannedObject } from "../objects/manifest";
import { type Hop, hopsOf, nameOf } from "./hop";
import type { ClusterIndex } from "./planIndex";

/** By Istio's DNS proxy where istiod's values switch it on, else by a stub domain and a zone that has the name. */
export function nameHop(home: ClusterIndex, domain: string, host: string, address: string): Hop {
  const { planned, missing } = hopsOf(home);
  const { proxyMetadata } = home.plan.helm.istiod.meshConfig.defaultConfig;
  if (proxyMetadata.ISTIO_META_DNS_CAPTURE === "true")
    return planned("name", undefined, "by Istio's DNS proxy");
  const configMaps = home.byKind("ConfigMap", "kube-system");
  const stub = configMaps.find((object) => leadsTo(object, domain));
  if (stub === undefined) {
    return missing(
      "name",
      configMaps[0],
      `pods of ${home.name} can't resolve ${host}: no stub domain leads to a server for ${domain}`,
    );
  }
  const server = home
    .byKind("ConfigMap")
    .find(({ manifest }) => manifest.metadata.name === dnsServerName);
  const zone = server === undefined ? undefined : dataOf(server).zone;
  if (server === undefined || typeof zone !== "string") {
    return missing(
      "name",
      stub,
      `${nameOf(stub)} leads to a server for ${domain} that isn't there`,
    );
  }
  const record = zone.split("\n").find((line) => line.startsWith(`${host}. `));
  if (record?.endsWith(` ${address}`) !== true) {
    return missing(
      "name",
      server,
      `the zone of ${nameOf(server)} has ${record === undefined ? "no" : "another"} address for ${host}`,
    );
  }
  const parts = ["Deployment", "Service"].filter(
    (kind) =>
      !home
        .byKind(kind, server.manifest.metadata.namespace ?? "")
        .some(({ manifest }) => manifest.metadata.name === dnsServerName),
  );
  if (parts.length > 0)
    return missing(
      "name",
      server,
      `the DNS server ${dnsServerName} has no ${parts.join(" and no ")}`,
    );
  return planned("name", stub, `by the stub domain in ${nameOf(stub)}`);
}

function dataOf({ manifest }: PlannedObject): Readonly<Record<string, unknown>> {
  const { data } = manifest;
  return typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
}

/** Whether a ConfigMap of the cluster's DNS server forwards the domain. */
function leadsTo(object: PlannedObject, domain: string): boolean {
  return Object.entries(dataOf(object)).some(([key, value]) => {
    if (value instanceof Late) return true;
    if (typeof value !== "string") return false;
    return key === "stubDomains"
      ? value.includes(JSON.stringify(domain))
      : value.includes(`${domain}:53 {`);
  });
}
