/** What a gateway's answers say: whether its cluster may join, and what it serves. */
import { show } from "../core/issues";
import type { GlobalService } from "../core/mesh";
import { sniOf } from "../core/names";
import { counted } from "../core/words";
import type { GatewayReport, ServerNameResult } from "../probe";
import { type CliCode, exitCodes, Failure, type Fault } from "./failure";
import { formatPlace } from "./gatewayAddress";

/** A service that the gateway leads to. */
export interface FoundService {
  readonly service: string;
  /** Those that it leads to; none where the service has none. */
  readonly versions: readonly string[];
  /** Who answers. */
  readonly identity: string;
}

/** A service of the mesh that the gateway doesn't serve as its callers expect. */
export interface PassedOver {
  readonly service: string;
  readonly code: "gateway_exports_nothing" | "gateway_identity";
  readonly why: string;
  /** Whether something of it is there. */
  readonly isPart: boolean;
}

/** istiod dates certificates two minutes back, so that clocks may differ by that much. */
const maxSkew = 120;

/** Why there was no connection, for a person. */
const noConnection = {
  refused: "nobody listens on the port",
  timeout: "nothing comes back, as behind a firewall that drops packets",
  unreachable: "there is no way to the address",
  unresolved: "the name has no address",
  reset: "the connection is reset at once",
} as const;

/** @throws Failure where nobody answers, or what answers is no gateway. */
export function checkReached({ connection, serverNames, ...place }: GatewayReport): void {
  const at = formatPlace(place);
  if (!connection.ok) {
    throw refused(
      "gateway_unreachable",
      `the gateway ${at} can't be reached on port ${place.port}: ${noConnection[connection.reason]} (${connection.detail})`,
      connection.reason === "unresolved"
        ? "check the name, or give an address"
        : "check the address, the port, and that this machine may reach it as other clusters do",
    );
  }
  const outcomes = new Set(serverNames.map(({ outcome }) => outcome));
  if (outcomes.has("handshake") || serverNames.length === 0) return;
  if (outcomes.has("not_tls")) {
    throw refused(
      "gateway_unreachable",
      `what listens at ${at} on port ${place.port} doesn't speak TLS, so it's no east-west gateway`,
      "give the port of the gateway's AUTO_PASSTHROUGH listener",
    );
  }
  const isSilent = [...outcomes].every((outcome) => ["timeout", "not_tried"].includes(outcome));
  if (isSilent) {
    throw refused(
      "gateway_unreachable",
      `${at} takes connections on port ${place.port} and doesn't answer them`,
      "check that the gateway's pods are ready, or give it more time with --timeout",
    );
  }
}

/**
 * @param from Where the mesh's root was found.
 * @throws Failure where a certificate isn't of the mesh, or not valid.
 */
export function checkTrust({ serverNames, ...place }: GatewayReport, from: string): void {
  for (const { server, serverName } of serverNames) {
    const [issue] = server?.issues ?? [];
    if (server === undefined || issue === undefined) continue;
    const who = `what answers for ${serverName} at ${formatPlace(place)}`;
    if (issue.code === "certificate_chain") {
      const { subject, fingerprint, issuer } = server.top;
      throw refused(
        "gateway_root",
        `${who} is below another root: its chain ends in ${show(subject)}, issued by ${show(issuer)} (SHA-256 ${fingerprint})`,
        `give the cluster a CA below the mesh's root (${from}) before it joins`,
      );
    }
    const clocks = ["certificate_not_yet_valid", "certificate_expired"].includes(issue.code);
    throw refused(
      "gateway_certificate",
      `the certificate of ${who} can't be used: ${issue.message}`,
      clocks ? "set the clocks of that cluster and of this machine right, or renew it" : issue.hint,
    );
  }
}

/** What the results of its names say about one service. */
export function judgeService(
  service: GlobalService,
  results: ReadonlyMap<string, ServerNameResult>,
): FoundService | PassedOver {
  const at = (subset: string) =>
    service.ports.map((port) => results.get(sniOf(port.port, subset, service.localHost)));
  const isThere = (subset: string) => at(subset).every((result) => result?.outcome === "handshake");
  const whole = at("");
  const missing = service.ports.filter((_, index) => whole[index]?.outcome !== "handshake");
  const lacks = (why: string, code: PassedOver["code"] = "gateway_exports_nothing") => ({
    ...{ service: service.key, code, why },
    isPart: missing.length < service.ports.length,
  });
  if (missing.length === service.ports.length) return lacks("it isn't exported");
  if (missing.length > 0)
    return lacks(`port ${missing.map(({ port }) => port).join(", ")} isn't exported`);
  const identities = whole.flatMap((result) => result?.server?.identities ?? []);
  const expected = `/ns/${service.namespace}/sa/${service.serviceAccount}`;
  const other = identities.find((id) => id.replace(/^spiffe:\/\/[^/]+/, "") !== expected);
  const [identity] = identities;
  if (other !== undefined || identity === undefined) {
    const who = other ?? "nobody with a SPIFFE ID";
    const account = `${service.serviceAccount}.${service.namespace}`;
    return lacks(`${who} answers, and callers accept ${account} alone`, "gateway_identity");
  }
  const versions = service.versions.map(({ name }) => name).filter(isThere);
  if (versions.length === 0 && service.versions.length > 0)
    return lacks("none of its versions is exported: a DestinationRule has to name their subsets");
  return { service: service.key, versions, identity };
}

/**
 * @param required Keys of services that have to be there.
 * @throws Failure where one of them isn't, or where there is none at all.
 */
export function checkServed(
  { serverNames, ...place }: GatewayReport,
  serves: readonly FoundService[],
  passedOver: readonly PassedOver[],
  required: readonly string[],
): void {
  const at = formatPlace(place);
  const lacking = passedOver.filter(
    ({ service, isPart }) => required.includes(service) || (serves.length === 0 && isPart),
  );
  if (lacking.length > 0) {
    throw new Failure(
      lacking.map(({ service, code, why }): Fault => ({
        code,
        path: ["services", service],
        message: `the gateway ${at} doesn't serve it as its callers expect: ${why}`,
        hint: "check the Service, its pods and the gateway's hosts in that cluster, or the description",
      })),
      exitCodes.failure,
    );
  }
  if (serves.length > 0) return;
  throw refused(
    "gateway_exports_nothing",
    `the gateway ${at} exports none of the mesh's ${counted(serverNames.length, "server name")}: it hangs up on each, and no peer would ever dial it`,
    "check that it exports the services' hosts and that their pods are ready, or add a cluster that only calls with --consumer-only",
  );
}

/** The trust domain of those who answer; all of one cluster have the same. @throws Failure */
export function trustDomainOf(serves: readonly FoundService[]): string | undefined {
  const domains = new Set(
    serves.map(({ identity }) => /^spiffe:\/\/([^/]+)\//.exec(identity)?.[1] ?? ""),
  );
  if (domains.size <= 1) return [...domains][0];
  throw refused(
    "gateway_identity",
    `its services are of several trust domains: ${[...domains].join(", ")}`,
    "give the cluster one trust domain",
  );
}

/** Whether a certificate of the mesh was taken, and how far the clocks are apart. @throws Failure */
export function checkCalls({ serverNames }: GatewayReport): {
  readonly clientAccepted: boolean | undefined;
  readonly skewSeconds: number | undefined;
} {
  const shown = serverNames.filter(({ client }) => client !== undefined);
  const refusal = shown.find(({ client }) => client?.accepted === false);
  if (refusal !== undefined) {
    throw refused(
      "gateway_refuses",
      `what answers for ${refusal.serverName} refuses a certificate of the mesh (${refusal.client?.detail ?? ""})`,
      "check that the cluster trusts the mesh's root, and its trust domains",
    );
  }
  const skews = serverNames.flatMap(({ answer }) => answer?.skewSeconds ?? []);
  const skew = skews.reduce<number | undefined>(
    (worst, each) => (worst === undefined || Math.abs(each) > Math.abs(worst) ? each : worst),
    undefined,
  );
  if (skew !== undefined && Math.abs(skew) > maxSkew) {
    throw refused(
      "gateway_clock",
      `the cluster's clock is ${Math.abs(skew)} s ${skew > 0 ? "ahead of" : "behind"} this machine's, and certificates bear no more than ${maxSkew}`,
      "set both clocks right",
    );
  }
  return { clientAccepted: shown.length === 0 ? undefined : true, skewSeconds: skew };
}

function refused(code: CliCode, message: string, hint: string): Failure {
  return new Failure([{ code, path: [], message, hint }], exitCodes.failure);
}
