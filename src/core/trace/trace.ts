/**
 * Traces: for a call, every hop from the caller's name look-up to the serving pod's policy, each
 * derived from planned objects alone. What is missing is named, so that a reviewer needn't apply
 * anything to see that a call would fail.
 */
import type { Issue } from "../issues";
import type { GlobalService, Mesh } from "../mesh";
import type { Plan } from "../plan";
import { ruleFamilyOf } from "../routing";
import { capturedHop, entryPort, hostAddress } from "./addressHop";
import { type Call, callsOf } from "./calls";
import { callerHop } from "./callerHop";
import { callerPods, callingWorkloads } from "./callerPods";
import { hints } from "./hints";
import type { CallerIdentity, Hop } from "./hop";
import { nameHop } from "./nameHop";
import { getOrMake, once } from "../once";
import { placesOf } from "./places";
import { namespaceOf } from "./objectIndex";
import { type ClusterIndex, PlanIndex } from "./planIndex";
import { routesOf } from "./routes";
import { tlsOf } from "./tlsHop";

/** One way that a call can take: traffic splits by version, and over the places that serve. */
export interface TracePath {
  /** The version that a route rule chose. */
  readonly version: string | undefined;
  /** Share of a rule's traffic, as weights are written. */
  readonly weight: number | undefined;
  /** Which requests take it, in words: `where …`, `otherwise`, or both; `undefined` where no rule chooses by what is in them. */
  readonly condition: string | undefined;
  /** The cluster that serves; the caller's own where it stays there. `undefined` where the way ends before. */
  readonly servedBy: string | undefined;
  /** In the order of `hopKinds`, as far as the way leads. */
  readonly hops: readonly Hop[];
}

/** A call and every way that it can take. */
export interface Trace {
  /** The call that is traced. */
  readonly call: Call;
  /** Virtual address of the host, where it has one. */
  readonly address: string | undefined;
  /** At least one; a way that ends early ends with the hop that is missing. */
  readonly paths: readonly TracePath[];
  /** Whether some way leads to another cluster. */
  readonly crosses: boolean;
  /** Whether no way has a missing hop. */
  readonly ok: boolean;
}

/** Traces all calls of a plan that are known of (`callsOf`), or those given. */
export function tracePlan(plan: Plan, calls: readonly Call[] = callsOf(plan)): readonly Trace[] {
  const index = new PlanIndex(plan);
  return calls.map((call) => traceCall(index, call));
}

/** The missing hops of traces as issues. */
export function traceIssues(traces: readonly Trace[]): readonly Issue[] {
  const issues = new Map<string, Issue>();
  for (const { call, paths, ok } of traces) {
    if (ok) continue;
    for (const hop of paths.flatMap(({ hops }) => hops)) {
      if (hop.status !== "missing") continue;
      const who =
        call.caller === undefined
          ? `pods of ${call.cluster}`
          : `${call.caller.name} in ${call.cluster}`;
      const message = `${who} can't reach ${call.host}:${call.port}: ${hop.text}`;
      issues.set(message, {
        code: "missing_hop",
        path: ["clusters", hop.cluster, ...(hop.object === undefined ? [] : [hop.object])],
        message,
        hint: hints[hop.kind],
      });
    }
  }
  return [...issues.values()];
}

/** Traces one call over an index of the plan. */
export function traceCall(index: PlanIndex, call: Call): Trace {
  const home = index.cluster(call.cluster);
  const { address, paths } =
    home === undefined
      ? { address: undefined, paths: [lostPath([unknownCluster(call)])] }
      : follow(index, home, call);
  return {
    call,
    address,
    paths,
    crosses: paths.some(({ servedBy }) => servedBy !== undefined && servedBy !== call.cluster),
    ok: paths.every(({ hops }) => hops.every(({ status }) => status !== "missing")),
  };
}

/** Follows a call from its own cluster. */
function follow(
  index: PlanIndex,
  home: ClusterIndex,
  call: Call,
): Pick<Trace, "address" | "paths"> {
  const { host, port } = call;
  const { hop: caller, identity } = callerOf(home, call);
  const described = index.service(host);
  const view = viewOf(index.plan.mesh, call, described);
  const { entries, addresses, hop } = hostAddress(home, call, view);
  const [entry] = entries;
  const [address] = addresses;
  if (caller.status === "missing") return { address, paths: [lostPath([caller])] };
  if (hop.status === "missing" || entry === undefined)
    return { address, paths: [lostPath([caller, hop])] };
  const protocol = entries.flatMap((one) => entryPort(one, port)?.protocol ?? [])[0];
  const isHttp = ruleFamilyOf(protocol ?? "") === "http";
  const name = nameHop(home, index.plan.mesh.domain, host, addresses, isHttp);
  const captured = capturedHop(home, call, name.address ?? address, hop);
  if (captured.status === "missing") return { address, paths: [lostPath([caller, captured])] };
  const head = [caller, name.hop, captured];
  const paths = routesOf(home, call, view, protocol).flatMap((route): readonly TracePath[] => {
    const { version, weight, condition } = route;
    const start = route.hop === undefined ? head : [...head, route.hop];
    if (route.hop?.status === "missing")
      return [{ ...lostPath(start), version, weight, condition }];
    const tls = tlsOf(home, call, view, namespaceOf(entry), version);
    const departure = { index, caller: identity, host, port, tls, described };
    return placesOf(departure, entries).map(({ servedBy, hops }) => ({
      version,
      weight,
      condition,
      servedBy,
      hops: [...start, ...hops],
    }));
  });
  return { address, paths };
}

/**
 * The namespace whose view of the mesh a call has. With hubs, what stays local is exported to namespaces by name, all that the
 * description has; any pod is taken for one of the service's.
 */
function viewOf(
  { distribution }: Pick<Mesh, "distribution">,
  { caller }: Call,
  described: GlobalService | undefined,
): string | undefined {
  return caller?.namespace ?? (distribution === "hub" ? described?.namespace : undefined);
}

const callers = once((_home: ClusterIndex) => new Map<string, CallerStart>());

/** How a caller's calls start, the same for each of them. */
interface CallerStart {
  readonly hop: Hop;
  readonly identity: CallerIdentity;
}

function callerOf(home: ClusterIndex, { caller }: Call): CallerStart {
  const { namespace, name = "", serviceAccount } = caller ?? {};
  const key = `${namespace ?? ""}/${name}/${serviceAccount ?? ""}`;
  return getOrMake(callers(home), key, () => ({
    hop: callerHop(home, caller),
    identity: {
      ...{ cluster: home, namespace, serviceAccount },
      pods: callingWorkloads(home, caller).map((workload) => callerPods(home, workload)),
    },
  }));
}

function lostPath(hops: readonly Hop[]): TracePath {
  return {
    ...{ version: undefined, weight: undefined, condition: undefined, servedBy: undefined },
    hops,
  };
}

function unknownCluster({ cluster }: Call): Hop {
  const text = `the plan has no cluster ${cluster}`;
  return { kind: "caller", cluster, status: "missing", object: undefined, text };
}
