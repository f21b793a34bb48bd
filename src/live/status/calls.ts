/** A real call of each service through the gateway of each cluster that serves it. Loads the X.509 of `src/pki`. */
import {
  clusterOf,
  dialPortOf,
  type GlobalService,
  type Mesh,
  type ServicePort,
  trustDomainsOf,
} from "../../core/mesh";
import { sniOf, spiffeIdOf } from "../../core/names";
import type { ClusterPlan, Plan } from "../../core/plan";
import { hostAndPort } from "../../core/words";
import type { CertificateSet } from "../../pki/caFiles";
import { issueLeaf } from "../../pki/leaf";
import {
  type ClientCertificate,
  type GatewayReport,
  probeGateway,
  type ServerNameProbe,
  type ServerNameResult,
} from "../../probe";
import { fine, type Verdict } from "./finding";
import { liveValue, type Observations } from "./liveValues";

export interface CallOptions {
  /** With keys, calls are made as an identity that may call; without, handshakes end at the server's certificate. */
  readonly files: CertificateSet | undefined;
  /** PEM of the common root; without one, only whether gateways are reached. */
  readonly trustedRoots: string | undefined;
}

/** Milliseconds for a connection, for a handshake and for an answer, each. */
const timeoutMs = 4000;

/** What is asked for of one gateway. */
interface CallPlan {
  readonly probe: ServerNameProbe;
  readonly service: GlobalService;
  readonly port: ServicePort;
}

export interface CallObservation {
  readonly calls: readonly CallPlan[];
  /** `undefined` where no address is known. */
  readonly report: GatewayReport | undefined;
}

/** Calls everything that other clusters consume here. */
export async function observeCalls(
  plan: Plan,
  { cluster }: ClusterPlan,
  observations: Observations,
  { files, trustedRoots }: CallOptions,
): Promise<CallObservation> {
  const served = plan.mesh.services.filter(
    ({ servedBy, consumedBy }) =>
      servedBy.some((place) => place.cluster === cluster.name) &&
      consumedBy.some((consumer) => consumer !== cluster.name),
  );
  const address =
    cluster.gateway.address ??
    liveValue(plan, observations, { kind: "gatewayAddress", cluster: cluster.name });
  if (served.length === 0 || address === undefined) return { calls: [], report: undefined };
  const clients = new Map<string, Promise<ClientCertificate | undefined>>();
  const calls = await Promise.all(
    served.flatMap((service) =>
      service.ports.map(async (port): Promise<CallPlan> => {
        const who = callerOf(plan.mesh, service, cluster.name);
        const known = clients.get(who.identity) ?? clientOf(files, who);
        clients.set(who.identity, known);
        const client = await known;
        const serverName = sniOf(port.port, "", service.localHost);
        const isHttp = port.canonicalProtocol === "HTTP" && client !== undefined;
        const call = isHttp ? { call: { authority: service.host } } : {};
        return { service, port, probe: { serverName, client, ...call } };
      }),
    ),
  );
  const report = await probeGateway({
    host: address,
    port: dialPortOf(cluster.gateway),
    serverNames: trustedRoots === undefined ? [] : calls.map(({ probe }) => probe),
    trustedRoots: trustedRoots ?? "",
    timeoutMs,
  });
  return { calls, report };
}

interface CallerIdentity {
  readonly cluster: string;
  readonly identity: string;
}

/** An identity of another cluster that may call. */
function callerOf(mesh: Mesh, service: GlobalService, server: string): CallerIdentity {
  const consumer = service.consumedBy.find((name) => name !== server) ?? server;
  const { trustDomain } = clusterOf(mesh, consumer);
  const [caller = { namespace: service.namespace, serviceAccount: "default" }] =
    service.callers ?? [];
  const identity = spiffeIdOf(trustDomain, caller.namespace, caller.serviceAccount);
  return { cluster: consumer, identity };
}

/** A certificate for an hour, of the CA whose key is at hand. */
async function clientOf(
  files: CertificateSet | undefined,
  { cluster, identity }: CallerIdentity,
): Promise<ClientCertificate | undefined> {
  const ca = files?.clusters[cluster];
  if (ca === undefined) return undefined;
  const { chainPem, keyPem } = await issueLeaf(ca, {
    spiffeId: identity,
    hours: 1,
    now: new Date(),
  });
  return { chainPem, keyPem };
}

export function judgeCalls(
  mesh: Mesh,
  { cluster }: ClusterPlan,
  { calls, report }: CallObservation,
): readonly Verdict[] {
  if (report === undefined) return [];
  const place = hostAndPort(report.host, report.port);
  const { connection } = report;
  if (!connection.ok) {
    const { reason, detail } = connection;
    const services = new Set(calls.map(({ service }) => service.key));
    const [only] = services;
    return [
      {
        // A gateway listens where it has something to let through.
        ...(only === undefined || services.size > 1 ? {} : { service: only }),
        // Where nothing comes back, it may be this machine that has no way there.
        state: reason === "refused" || reason === "reset" ? "error" : "unknown",
        code: "gateway_not_reached",
        subject: place,
        message: `the gateway can't be connected to from here (${reason}: ${detail})`,
        hint: "where only the clusters have a way there, look from a pod of another cluster",
        fix: `kubectl -n ${cluster.gateway.namespace} get service,endpointslices`,
      },
    ];
  }
  if (report.serverNames.length === 0)
    return [fine(place, `connected in ${connection.milliseconds} ms`)];
  return report.serverNames.flatMap((result, index): readonly Verdict[] => {
    const call = calls[index];
    return call === undefined
      ? []
      : [{ ...judgeCall(mesh, call, result, place), service: call.service.key }];
  });
}

function judgeCall(
  mesh: Mesh,
  { service, port, probe }: CallPlan,
  { outcome, detail, server, client, answer }: ServerNameResult,
  place: string,
): Verdict {
  const subject = `${service.host}:${port.port}`;
  const fault = (message: string, hint: string, code: Verdict["code"] = "call_fails"): Verdict => ({
    ...{ state: "error", code, subject, hint },
    message: `through ${place}: ${message}`,
  });
  if (outcome === "not_tried")
    return { ...fault(detail, "look again when the gateway answers"), state: "unknown" };
  if (outcome === "hung_up")
    return fault(
      "the gateway hangs up: it has no chain for this server name, or no pod to pass it to",
      "see that the Gateway lists the host, and that pods with sidecars are ready behind the Service",
    );
  if (outcome !== "handshake" || server === undefined)
    return fault(`no handshake (${outcome}: ${detail})`, "see the gateway's access log");
  const [issue] = server.issues;
  if (issue !== undefined) {
    return fault(
      `the serving proxy presents a chain that peers refuse: ${issue.message} (${server.top.issuer})`,
      "restart the workload once its cluster has a CA below the common root",
      "presented_root_differs",
    );
  }
  const expected = identitiesOf(mesh, service);
  if (!server.identities.some((identity) => expected.has(identity)))
    return fault(
      `${server.identities.join(", ")} answers, and callers accept ${[...expected].join(", ")} alone`,
      "give the pods the service's ServiceAccount, or say in the description which they have",
    );
  if (client?.accepted === false)
    return fault(
      `the serving proxy refuses a caller that is listed (${client.detail})`,
      "see PeerAuthentication and AuthorizationPolicy of the service, and the serving proxy's log",
    );
  if (answer?.status === 403)
    return fault(
      "403, though the caller is listed",
      "see the AuthorizationPolicies that select the serving pods",
    );
  if (answer !== undefined && answer.status >= 502 && answer.status <= 504)
    return fault(`the service answers ${answer.status}`, "see the serving pods' logs");
  if (probe.call !== undefined && client !== undefined && answer === undefined)
    return {
      ...fault(
        `a listed caller is let in, and its call isn't answered (${client.detail})`,
        "see the serving pods and their logs",
      ),
      state: "warning",
    };
  const how =
    answer === undefined
      ? client === undefined
        ? "handshake"
        : "a listed caller is let in"
      : `HTTP ${answer.status} in ${Math.round(answer.milliseconds)} ms`;
  return fine(subject, `${subject}: ${how}`);
}

/** As callers' DestinationRules have them. */
function identitiesOf(mesh: Mesh, service: GlobalService): ReadonlySet<string> {
  const serving = service.servedBy.map(({ cluster }) => clusterOf(mesh, cluster));
  return new Set(
    [...trustDomainsOf(serving), ...mesh.trust.aliases].map((domain) =>
      spiffeIdOf(domain, service.namespace, service.serviceAccount),
    ),
  );
}
