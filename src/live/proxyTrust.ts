/** What a proxy trusts and which certificate it shows, as Envoy's admin interface tells it. */
import { z } from "zod";
import { getOver } from "./forwardedHttp";
import type { LiveCluster } from "./liveCluster";

/** Certificates of a proxy, PEM. Keys aren't in what Envoy tells. */
export interface ProxyTrust {
  /** Roots that it accepts peers by; empty while it has none. */
  readonly roots: string;
  /** Its own certificate and what leads up from there; empty while it has none. */
  readonly chain: string;
}

/** Port of Envoy's admin interface, on the pod's loopback (Istio, "Ports used by Istio"). */
const adminPort = 15000;

const bytes = z.object({ inline_bytes: z.string().optional() }).optional();
/** The parts that are read of Envoy's `SecretsConfigDump`. */
const dump = z.object({
  configs: z
    .array(
      z.object({
        secret: z.object({
          tls_certificate: z.object({ certificate_chain: bytes }).optional(),
          validation_context: z.object({ trusted_ca: bytes }).optional(),
        }),
      }),
    )
    .default([]),
});

/** @throws Error where the proxy isn't reached, or answers something else. */
export async function proxyTrust(
  live: LiveCluster,
  pod: { readonly namespace: string; readonly pod: string },
): Promise<ProxyTrust> {
  const path = "/config_dump?resource=dynamic_active_secrets";
  const { status, body } = await getOver(await live.forward({ ...pod, port: adminPort }), path);
  if (status !== 200) throw new Error(`${path} answers ${status}`);
  const { configs } = dump.parse(JSON.parse(body));
  const pem = (found: readonly (string | undefined)[]) =>
    found.map((base64 = "") => Buffer.from(base64, "base64").toString("utf8")).join("");
  return {
    roots: pem(configs.map(({ secret }) => secret.validation_context?.trusted_ca?.inline_bytes)),
    chain: pem(
      configs.map(({ secret }) => secret.tls_certificate?.certificate_chain?.inline_bytes),
    ),
  };
}
