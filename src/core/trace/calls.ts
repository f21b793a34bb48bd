/** Which calls there are: read from the planned workloads' environment, or where workloads are somebody else's, from the description. */
import { type PlannedObject } from "../objects/manifest";
import type { ClusterPlan, Plan } from "../plan";
import { type DeploymentSpec, type ServiceSpec, specOf } from "./specs";
import { workloadKinds } from "./workloads";

/** A call that pods of a cluster make. */
export interface Call {
  readonly cluster: string;
  /** The calling workload; `undefined` for any of the mesh. */
  readonly caller:
    | { readonly name: string; readonly namespace: string; readonly serviceAccount: string }
    | undefined;
  /** As the caller writes it: a global host, or a Service of the same cluster. */
  readonly host: string;
  readonly port: number;
}

/** Every call to a global name that the plan knows of, in a fixed order. */
export function callsOf(plan: Plan): readonly Call[] {
  const described = plan.clusters.some(({ hasWorkloads }) => !hasWorkloads)
    ? describedCalls(plan)
    : new Map<string, Call[]>();
  return plan.clusters.flatMap((cluster) =>
    cluster.hasWorkloads
      ? environmentCalls(cluster).filter(({ host }) => host.endsWith(`.${plan.mesh.domain}`))
      : (described.get(cluster.cluster.name) ?? []),
  );
}

/** Every call between workloads of one and the same cluster, by the short or the local name of a planned Service. */
export function localCallsOf(plan: Plan): readonly Call[] {
  return plan.clusters.flatMap((cluster) => {
    const services = new Set(
      cluster.objects
        .filter(
          ({ manifest }) =>
            manifest.kind === "Service" && specOf<ServiceSpec>(manifest).selector !== undefined,
        )
        .map(
          ({ manifest }) => `${manifest.metadata.name}.${manifest.metadata.namespace ?? "default"}`,
        ),
    );
    return environmentCalls(cluster).flatMap((call) => {
      const [name = "", namespace = call.caller?.namespace ?? ""] = call.host
        .replace(/\.svc(?:\.cluster\.local)?$/, "")
        .split(".");
      const key = `${name}.${namespace}`;
      const isGlobal = call.host.endsWith(`.${plan.mesh.domain}`);
      return !isGlobal && services.has(key) ? [{ ...call, host: key }] : [];
    });
  });
}

/** `[scheme://]host:port[/path]`, with the rest of the value being nothing else. */
const addressPattern =
  /^(?:[a-z][a-z0-9+.-]*:\/\/)?((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*):(\d{1,5})(?:\/.*)?$/;

function environmentCalls({ cluster, objects }: ClusterPlan): readonly Call[] {
  return workloadCalls(
    cluster.name,
    objects.filter(({ stage }) => stage === "workloads"),
  );
}

/** Every call of the workloads among a cluster's objects, each once for a caller, a host and a port. */
export function workloadCalls(cluster: string, objects: readonly PlannedObject[]): readonly Call[] {
  const calls = new Map<string, Call>();
  for (const { manifest } of objects.filter(isWorkload)) {
    const pod = specOf<DeploymentSpec>(manifest).template?.spec;
    const caller = {
      name: manifest.metadata.name,
      namespace: manifest.metadata.namespace ?? "default",
      serviceAccount: pod?.serviceAccountName ?? "default",
    };
    for (const { value = "" } of [
      ...(pod?.initContainers ?? []),
      ...(pod?.containers ?? []),
    ].flatMap(({ env }) => env ?? [])) {
      const [, host, port] = addressPattern.exec(value) ?? [];
      if (host === undefined || port === undefined) continue;
      const call = { cluster, caller, host, port: Number(port) };
      calls.set(`${caller.namespace}/${caller.name} ${host}:${port}`, call);
    }
  }
  return [...calls.values()];
}

function isWorkload({ manifest }: PlannedObject): boolean {
  return workloadKinds.includes(manifest.kind);
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
