/** What a trace says of requests, in a form that packets can agree with or not. */
import { type Call, type HopKind, type Plan, type TracePath, tracePlan } from "../../src";
import {
  callerNames,
  type CallerName,
  callerNamespace,
  clusterNames,
  type Placement,
  type PlacedPort,
  type PlacedService,
  testerHeaders,
} from "./placements";

/** A call as it is made. */
export interface Request {
  readonly id: string;
  readonly call: Call & { readonly caller: { readonly name: CallerName } };
  readonly namespace: string;
  readonly service: PlacedService;
  readonly port: PlacedPort;
  readonly isTester: boolean;
  /** As `callMany` is asked. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Of every caller in every cluster to every port of every service, also where that isn't described. */
export function requestsOf(placements: readonly Placement[]): readonly Request[] {
  return placements.flatMap(({ namespace, services }) =>
    services.flatMap((service) =>
      service.ports.flatMap((port) =>
        clusterNames.flatMap((cluster) =>
          callerNames.flatMap((caller) =>
            (service.routing === "header" ? [false, true] : [false]).map((isTester): Request => {
              const host = `${service.name}.${namespace}.global`;
              const who = { name: caller, namespace: callerNamespace, serviceAccount: caller };
              const call = { cluster, caller: who, host, port: port.port };
              return {
                id: `${caller} (${cluster}) → ${host}:${port.port}${isTester ? " as tester" : ""}`,
                ...{ call, namespace, service, port, isTester },
                target: `${port.scheme}://${host}:${port.port}`,
                headers: isTester ? testerHeaders : {},
              };
            }),
          ),
        ),
      ),
    ),
  );
}

/** `fails` where each way that a request can take has a hop that is missing, `works` where none has. */
export interface Expectation {
  readonly verdict: "works" | "fails" | "undecided";
  /** Who may answer, as `<cluster>/<version>`. */
  readonly from: ReadonlySet<string>;
  /** Kinds of the hops that are missing. */
  readonly missing: ReadonlySet<HopKind>;
}

/** By the requests' ids. */
export type Expectations = ReadonlyMap<string, Expectation>;

/** What the trace of a plan says of requests. */
export function expectationsOf(plan: Plan, requests: readonly Request[]): Expectations {
  const traces = tracePlan(
    plan,
    requests.map(({ call }) => call),
  );
  return new Map(
    requests.map((request, index) => [
      request.id,
      expectationOf(pathsOf(request, traces[index]!.paths), request),
    ]),
  );
}

/** Of rules by header, a tester's requests meet the first and the others the second. */
function pathsOf(
  { isTester, service }: Request,
  paths: readonly TracePath[],
): readonly TracePath[] {
  if (service.routing !== "header") return paths;
  const own = paths.filter(({ version }) => version === (isTester ? "v2" : "v1"));
  return own.length > 0 ? own : paths;
}

function expectationOf(paths: readonly TracePath[], { service }: Request): Expectation {
  const states = paths.map(({ hops }) =>
    hops.some(({ status }) => status === "missing")
      ? "missing"
      : hops.some(({ status }) => status === "assumed")
        ? "assumed"
        : "there",
  );
  const allAre = (state: string) => states.every((one) => one === state);
  const open = paths.filter((_, index) => states[index] !== "missing");
  return {
    verdict: allAre("missing") ? "fails" : allAre("there") ? "works" : "undecided",
    from: new Set(open.flatMap((path) => answering(path, service))),
    missing: new Set(
      paths.flatMap(({ hops }) =>
        hops.flatMap(({ kind, status }) => (status === "missing" ? [kind] : [])),
      ),
    ),
  };
}

/** A way without a version leads to any that runs there. */
function answering(
  { servedBy, version }: TracePath,
  { servedBy: placed }: PlacedService,
): readonly string[] {
  if (servedBy === undefined) return [];
  const here = placed[servedBy as keyof typeof placed] ?? [];
  const versions = version === undefined ? here : [version];
  return versions.length === 0 ? [`${servedBy}/`] : versions.map((one) => `${servedBy}/${one}`);
}
