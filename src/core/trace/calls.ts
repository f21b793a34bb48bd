/** Which calls there are: read from the planned workloads' environment, or where workloads are somebody else's, from the description. */
import { type PlannedObject } from "../objects/manifest";
import type { ClusterPlan, Plan } from "../plan";
import { type ServiceSpec, specOf } from "./specs";
import { isCalling, podTemplateOf } from "./workloads";

/** A call that pods of a cluster make. */
export interface Call {
  /** Name of the cluster that the calling pods are in. */
  readonly cluster: string;
  /**
   * The calling workload, named after its ServiceAccount where workloads aren't planned; `undefined`
   * for any of the mesh.
   */
  readonly caller:
    | { readonly name: string; readonly namespace: string; readonly serviceAccount: string }
    | undefined;
  /** As the caller writes it: a global host, or a Service of the same cluster. */
  readonly host: string;
  /** Number of the port that the caller dials. */
  readonly port: number;
}

/**
 * Every call to a global name that the plan knows of, in a fixed order. Where a cluster's workloads are planned: those that
 * values in the environment of the containers of a Deployment, StatefulSet, DaemonSet, ReplicaSet, Rollout, Pod, Job or CronJob
 * name, as `host:port` or as a URL, whose port may be left out where it is the scheme's own and the service has it; values that
 * come from ConfigMaps and Secrets, arguments and files aren't looked at. Elsewhere: those of the callers that the description
 * has, from each cluster that consumes the service, at each port.
 */
export function callsOf(plan: Plan): readonly Call[] {
  const described = plan.clusters.some(({ hasWorkloads }) => !hasWorkloads)
    ? describedCalls(plan)
    : new Map<string, Call[]>();
  const services = new Map(plan.mesh.services.map((service) => [service.host, service]));
  const hasPort = (host: string, number: number) =>
    services.get(host)?.ports.some(({ port }) => port === number) === true;
  return plan.clusters.flatMap((cluster) =>
    cluster.hasWorkloads
      ? environmentCalls(cluster, hasPort).filter(({ host }) =>
          host.endsWith(`.${plan.mesh.domain}`),
        )
      : (described.get(cluster.cluster.name) ?? []),
  );
}

/** Every call between workloads of one and the same cluster, by the short or the local name of a planned Service. */
export function localCallsOf(plan: Plan): readonly Call[] {
  return plan.clusters.flatMap((cluster) => {
    const ports = servicePorts(cluster);
    const hasPort = (host: string, port: number, namespace: string) =>
      ports.get(localKey(host, namespace))?.includes(port) === true;
    return environmentCalls(cluster, hasPort).flatMap((call) => {
      const key = localKey(call.host, call.caller?.namespace ?? "");
      const isGlobal = call.host.endsWith(`.${plan.mesh.domain}`);
      return !isGlobal && ports.has(key) ? [{ ...call, host: key }] : [];
    });
  });
}

/** `<name>.<namespace>` of a local Service, as pods of a namespace write its host. */
function localKey(host: string, from: string): string {
  const [name = "", namespace = from] = host.replace(/\.svc(?:\.cluster\.local)?$/, "").split(".");
  return `${name}.${namespace}`;
}

/** Ports of the Services that select pods, by `<name>.<namespace>`. */
function servicePorts({ objects }: ClusterPlan): ReadonlyMap<string, readonly number[]> {
  return new Map(
    objects.flatMap(({ manifest }) => {
      if (manifest.kind !== "Service") return [];
      const { selector, ports = [] } = specOf<ServiceSpec>(manifest);
      if (selector === undefined) return [];
      const { name, namespace = "default" } = manifest.metadata;
      return [[`${name}.${namespace}`, ports.map(({ port }) => port)] as const];
    }),
  );
}

/** Whether a host, as pods of a namespace write it, has a port. */
type HasPort = (host: string, port: number, namespace: string) => boolean;

function environmentCalls({ cluster, objects }: ClusterPlan, hasPort: HasPort): readonly Call[] {
  return workloadCalls(
    cluster.name,
    objects.filter(({ stage }) => stage === "workloads"),
    hasPort,
  );
}

/**
 * Every call of the workloads among a cluster's objects, each once for a caller, a host and a port. Workloads that are scaled
 * to 0 or suspended make theirs later.
 * @param hasPort Decides about URLs that name no port: those without the scheme's own are no calls.
 */
export function workloadCalls(
  cluster: string,
  objects: readonly PlannedObject[],
  hasPort: HasPort,
): readonly Call[] {
  const calls = new Map<string, Call>();
  for (const workload of objects.filter(isCalling)) {
    const { name, namespace = "default" } = workload.manifest.metadata;
    const pod = podTemplateOf(workload).spec;
    const caller = { name, namespace, serviceAccount: pod?.serviceAccountName ?? "default" };
    const containers = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
    for (const { value = "" } of containers.flatMap(({ env }) => env ?? [])) {
      const address = addressIn(value);
      if (address === undefined) continue;
      const { host, port, isNamed } = address;
      if (!isNamed && !hasPort(host, port, namespace)) continue;
      calls.set(`${namespace}/${name} ${host}:${port}`, { cluster, caller, host, port });
    }
  }
  return [...calls.values()];
}

/** `[scheme://]host[:port][/path]`, with the rest of the value being nothing else. */
const addressPattern =
  /^(?:([a-z][a-z0-9+.-]*):\/\/)?((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(?::(\d{1,5}))?(?:\/.*)?$/;

/** Ports of URLs that name none (RFC 9110, 4.2). */
const defaultPorts: ReadonlyMap<string | undefined, number> = new Map([
  ["http", 80],
  ["https", 443],
]);

/** The host and port that a value is the address of. */
function addressIn(value: string) {
  const [, scheme, host, named] = addressPattern.exec(value) ?? [];
  const port = named === undefined ? defaultPorts.get(scheme) : Number(named);
  return host === undefined || port === undefined
    ? undefined
    : { host, port, isNamed: named !== undefined };
}

function describedCalls(plan: Plan): Map<string, Call[]> {
  const calls = new Map<string, Call[]>(plan.clusters.map(({ cluster }) => [cluster.name, []]));
  for (const service of plan.mesh.services) {
    const callers = service.callers?.map((caller) => ({
      name: caller.serviceAccount,
      ...caller,
    })) ?? [undefined];
    for (const cluster of service.consumedBy) {
      for (const caller of callers) {
        for (const { port } of service.ports)
          calls.get(cluster)?.push({ cluster, caller, host: service.host, port });
      }
    }
  }
  return calls;
}
