/** The last hops: the serving pods, whose certificate the caller checks, and who may call them. */
import type { GlobalService } from "../mesh";
import { spiffeIdOf } from "../names";
import type { PlannedObject } from "../objects/manifest";
import { authenticationHop } from "./authentication";
import { authorizationHop } from "./authorization";
import { type CallerIdentity, type Hop, hopsOf, nameOf, worstOf } from "./hop";
import { type PodGroup, shutBy } from "./networkPolicies";
import type { ClusterIndex } from "./planIndex";
import type { Labels, TlsSpec } from "./specs";
import { trustHop } from "./trustHop";
import { isInjected, isScaledToZero, podOf, workloadsWith } from "./workloads";

/** What is known of the pods by the time that a call comes to them. */
export interface PodTarget {
  readonly server: ClusterIndex;
  readonly namespace: string;
  /** Labels that a Service, an entry or a subset selects by. */
  readonly labels: Labels;
  readonly targetPort: number | string | undefined;
  /** What the caller's proxy expects. */
  readonly tls: TlsSpec;
  readonly caller: CallerIdentity;
  /** Stands for workloads that the plan doesn't have. */
  readonly described: GlobalService | undefined;
  /**
   * The gateway's pods that the call comes from, which leave out pods without a sidecar; `undefined` where the caller's proxy goes
   * to the pods itself, which doesn't.
   */
  readonly gateway: PodGroup | undefined;
}

/** Any of the pods may get the call, so the hops are those of the workload that it is worst off with. */
export function podHops(target: PodTarget): readonly Hop[] {
  const { server, namespace, labels, targetPort, described } = target;
  const { assumed, missing } = hopsOf(server);
  const shown = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  if (!server.plan.hasWorkloads) {
    const serviceAccount = described?.serviceAccount ?? "default";
    const port = typeof targetPort === "number" ? targetPort : undefined;
    const pods = { labels, serviceAccount, port, status: "assumed" } as const;
    const shut = shutOut(target, labels, port);
    if (shut !== undefined) return [shut];
    return [assumed("pods", undefined, `pods ${shown}`), ...identityHops(target, pods)];
  }
  const workloads = workloadsWith(server, namespace, labels);
  const running = workloads.filter((workload) => !isScaledToZero(workload));
  if (running.length === 0) {
    const what = workloads.length > 0 ? "is scaled to 0 of the" : "runs no";
    const text = `${server.name} ${what} pods with ${shown} in ${namespace}`;
    return [missing("pods", workloads[0], text)];
  }
  const [first, ...others] = running.map((workload) => workloadHops(target, workload, running));
  const ways = [first ?? [], ...others];
  const broken = ways.find((hops) => hops.some(({ status }) => status === "missing"));
  return (
    broken ??
    (first ?? []).map((hop, index) =>
      worstOf([hop, ...others.flatMap((hops) => hops[index] ?? [])]),
    )
  );
}

function workloadHops(
  target: PodTarget,
  workload: PlannedObject,
  all: readonly PlannedObject[],
): readonly Hop[] {
  const { server, targetPort, gateway } = target;
  const { planned, assumed, weak, missing } = hopsOf(server);
  const { labels, serviceAccountName, containers } = podOf(workload);
  const ports = containers.flatMap((container) => container.ports ?? []);
  const found = ports.find(
    ({ containerPort, name }) => containerPort === targetPort || name === targetPort,
  );
  const isSilent = ports.length === 0 && typeof targetPort === "number";
  if (found === undefined && !isSilent) {
    const text = `${nameOf(workload)} of ${server.name} listens on no port ${targetPort ?? ""}`;
    return [missing("pods", workload, text)];
  }
  const port = found?.containerPort ?? (typeof targetPort === "number" ? targetPort : undefined);
  const identity = identityHops(target, {
    ...{ labels, port, status: "planned" },
    serviceAccount: serviceAccountName,
  });
  if (!isInjected(server, workload)) {
    const text = `pods of ${nameOf(workload)} in ${server.name} get no sidecar`;
    const served = all.find((other) => isInjected(server, other));
    // A gateway's chain has no endpoint that isn't known to speak mutual TLS, so the others get the calls.
    return gateway !== undefined && served !== undefined
      ? [weak("pods", workload, text), ...workloadHops(target, served, all).slice(1)]
      : [missing("pods", workload, text)];
  }
  const shut = shutOut(target, labels, port);
  if (shut !== undefined) return [shut];
  return isSilent
    ? [assumed("pods", workload, `${nameOf(workload)}, which names no ports`), ...identity]
    : [planned("pods", workload, nameOf(workload)), ...identity];
}

/** Where a NetworkPolicy keeps those that the call comes from, the gateway or the caller, from the pods: their own, or the pods'. */
function shutOut(
  { server, namespace, gateway, caller }: PodTarget,
  labels: Labels,
  port: number | undefined,
): Hop | undefined {
  const pods = { namespace, labels };
  for (const source of gateway === undefined ? caller.pods : [gateway]) {
    const shut =
      shutBy(server, source, "Egress", pods, port) ?? shutBy(server, pods, "Ingress", source, port);
    if (shut === undefined) continue;
    const who = gateway === undefined ? "the caller's pods" : "its gateway";
    const text = `${nameOf(shut)} of ${server.name} keeps ${who} from port ${port ?? ""} of the pods`;
    return hopsOf(server).missing("pods", shut, text);
  }
  return undefined;
}

/** What is known of one workload's pods. */
interface Pods {
  readonly labels: Labels;
  readonly serviceAccount: string;
  /** Port that they listen on. */
  readonly port: number | undefined;
  readonly status: "planned" | "assumed";
}

function identityHops(target: PodTarget, pods: Pods): readonly Hop[] {
  const { server, namespace, tls, caller } = target;
  const hops = hopsOf(server);
  const trust = trustHop(caller.cluster, server);
  if (trust.status === "missing") return [trust];
  const identity = spiffeIdOf(server.trustDomain, namespace, pods.serviceAccount);
  const expected = tls.subjectAltNames ?? [];
  if (expected.length > 0 && !expected.includes(identity)) {
    const text = `pods of ${server.name} are ${identity}, and callers expect ${expected.join(" or ")}`;
    return [trust, hops.missing("identity", undefined, text)];
  }
  const place = { server, namespace, labels: pods.labels, port: pods.port };
  return [
    trust,
    hops[pods.status]("identity", undefined, identity),
    authenticationHop(place),
    authorizationHop(place, caller),
  ];
}
