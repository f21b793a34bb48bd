/** Which calls of a plan are meant by the words on a command line. */
import type { Plan } from "../core/plan";
import { suggest } from "../core/shape";
import type { Trace } from "../core/trace/trace";
import { type Failure, usageFailure } from "./failure";

/** Stands for everything. */
const any = "-";

/**
 * The calls from a caller to a callee.
 * @throws Failure when a word names neither a cluster nor a caller or a service.
 */
export function chosenTraces(
  plan: Plan,
  traces: readonly Trace[],
  from = any,
  to = any,
): readonly Trace[] {
  const clusters = plan.clusters.map(({ cluster }) => cluster.name);
  if (from !== any) checkFrom(from, plan, clusters, traces);
  if (to !== any) checkTo(to, plan, clusters);
  return traces.filter(
    (trace) =>
      (from === any || fromNames(trace, clusters).includes(from)) &&
      (to === any || toNames(plan, trace).includes(to)),
  );
}

function checkFrom(
  from: string,
  { mesh }: Plan,
  clusters: readonly string[],
  traces: readonly Trace[],
): void {
  const callers = traces.flatMap((trace) => fromNames(trace, clusters));
  if (clusters.includes(from) || callers.includes(from)) return;
  if (mesh.services.some(({ key, host, name }) => [key, host, name].includes(from)))
    throw usageFailure(
      `${from} is a service, and callers come first`,
      `for calls to it write: meshspan trace ${any} ${from}`,
      "unknown_name",
    );
  const known = [
    ...new Set([...clusters, ...traces.flatMap(({ call }) => call.caller?.name ?? [])]),
  ];
  throw unknown(`no cluster and no caller is called ${from}`, from, known);
}

function checkTo(to: string, plan: Plan, clusters: readonly string[]): void {
  const services = plan.mesh.services;
  const names = services.flatMap(({ key, host, name, ports }) =>
    [name, key, host].flatMap((one) => [one, ...ports.map(({ port }) => `${one}:${port}`)]),
  );
  if (clusters.includes(to) || names.includes(to)) return;
  const known = [...new Set([...services.map(({ key }) => key), ...clusters])];
  const [bare = to, port = ""] = to.split(":");
  const called = services.filter(({ key, host, name }) => [key, host, name].includes(bare));
  if (called.length > 0)
    throw usageFailure(
      `${bare} has no port ${port}`,
      `name one of its ports: ${[...new Set(called.flatMap(({ ports }) => ports.map((one) => one.port)))].join(", ")}`,
      "unknown_name",
    );
  const near = bare.includes(".")
    ? known
    : [...new Set([...services.map(({ name }) => name), ...clusters])];
  throw unknown(`no service and no cluster is called ${to}`, bare, near);
}

function unknown(message: string, given: string, known: readonly string[]): Failure {
  return usageFailure(message, suggest(given, known), "unknown_name");
}

function fromNames(
  { call: { cluster, caller } }: Trace,
  clusters: readonly string[],
): readonly string[] {
  if (!clusters.includes(cluster)) return [];
  if (caller === undefined) return [cluster];
  const names = [caller.name, `${caller.name}.${caller.namespace}`];
  return [cluster, ...names, ...names.map((name) => `${cluster}/${name}`)];
}

function toNames(plan: Plan, { call, paths }: Trace): readonly string[] {
  const service = plan.mesh.services.find(({ host }) => host === call.host);
  const names = service === undefined ? [call.host] : [service.name, service.key, service.host];
  return [
    ...names.flatMap((name) => [name, `${name}:${call.port}`]),
    ...paths.flatMap(({ servedBy }) => servedBy ?? []),
  ];
}
