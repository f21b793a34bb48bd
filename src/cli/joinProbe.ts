/** Whether a gateway may join, and what its cluster serves: by packets. */
import type { GlobalService, Mesh } from "../core/mesh";
import { sniOf } from "../core/names";
import { type GatewayReport, probeGateway, type ServerNameProbe } from "../probe";
import type { GatewayPlace } from "./gatewayAddress";
import {
  checkCalls,
  checkReached,
  checkServed,
  checkTrust,
  type FoundService,
  judgeService,
  type PassedOver,
  trustDomainOf,
} from "./joinJudge";
import type { JoinTrust } from "./joinTrust";

/** What was found out about a gateway that may join. */
export interface JoinFindings {
  readonly report: GatewayReport;
  readonly serves: readonly FoundService[];
  /** Services of the mesh that it exports in part, or not as callers expect them. */
  readonly passedOver: readonly PassedOver[];
  /** Of the identities that answer. */
  readonly trustDomain: string | undefined;
  /** Whether a serving proxy was shown a certificate of the mesh, and took it. */
  readonly clientAccepted: boolean | undefined;
  /** Seconds by which the cluster's clock is ahead; where a call was answered. */
  readonly skewSeconds: number | undefined;
}

/**
 * Probes a gateway for every service of the mesh.
 * @param required Keys of services; none for all that it has.
 * @throws Failure where it may not join, with the reason.
 */
export async function probeJoining(
  mesh: Mesh,
  place: GatewayPlace,
  trust: JoinTrust,
  options: { readonly required: readonly string[]; readonly timeoutMs: number },
): Promise<JoinFindings> {
  const { required, timeoutMs } = options;
  const services = mesh.services.filter(
    ({ key }) => required.length === 0 || required.includes(key),
  );
  const asked = await Promise.all(services.map((service) => namesOf(service, trust)));
  const report = await probeGateway({
    ...place,
    serverNames: asked.flat(),
    trustedRoots: trust.roots,
    timeoutMs,
    concurrency: 16,
  });
  checkReached(report);
  checkTrust(report, trust.from);
  const results = new Map(report.serverNames.map((result) => [result.serverName, result]));
  const judged = services.map((service) => judgeService(service, results));
  const serves = judged.filter((one) => "identity" in one);
  const passedOver = judged.filter((one) => "why" in one);
  checkServed(report, serves, passedOver, required);
  return {
    ...{ report, serves, passedOver: passedOver.filter(({ isPart }) => isPart) },
    ...{ trustDomain: trustDomainOf(serves), ...checkCalls(report) },
  };
}

/** A name for each port, and for each version at it; one port is shown a certificate, and called where it's HTTP. */
async function namesOf(
  service: GlobalService,
  { clientFor }: JoinTrust,
): Promise<readonly ServerNameProbe[]> {
  const { ports, versions, localHost, host } = service;
  const called = ports.find(({ isHttp }) => isHttp) ?? ports[0];
  const client = await clientFor(service);
  return ports.flatMap((port) =>
    ["", ...versions.map(({ name }) => name)].map((subset) => ({
      serverName: sniOf(port.port, subset, localHost),
      ...(port === called && subset === ""
        ? { client, call: port.isHttp ? { authority: host } : undefined }
        : {}),
    })),
  );
}
