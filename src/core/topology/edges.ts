/** From calls and their traces to the edges of a topology. */
import type { Call } from "../trace/calls";
import type { ClusterIndex, PlanIndex } from "../trace/planIndex";
import { type DestinationRuleSpec, type ServiceEntrySpec, specOf } from "../trace/specs";
import type { Trace, TracePath } from "../trace/trace";
import { targetsOf } from "./targets";
import type { EdgeKind, TopologyEdge, TopologyPlace } from "./model";

/** Name of the node that stands for every pod of a cluster, where nobody says who calls. */
export const anyPod = "any pod";

/** The edges of a call between workloads of one cluster. */
export function localEdges(index: PlanIndex, call: Call): readonly TopologyEdge[] {
  const home = index.cluster(call.cluster);
  if (home === undefined) return [];
  return targetsOf(index, home, call.host).map((name) => ({
    from: callerOf(call),
    to: { cluster: home.name, name },
    kind: "local",
    protocol: protocolLabel(localProtocol(home, call), call.port),
    host: call.host,
    port: call.port,
    version: undefined,
    fault: undefined,
  }));
}

/** The edges of a traced call: one per way that it can take and workload at its end. */
export function tracedEdges(index: PlanIndex, trace: Trace): readonly TopologyEdge[] {
  const { call, paths } = trace;
  const home = index.cluster(call.cluster);
  if (home === undefined) return [];
  const ways = paths.length > 0 ? paths : [lostPath(call)];
  return ways.flatMap((path) =>
    endsOf(index, call, path).map((to): TopologyEdge => {
      const missing = path.hops.find(({ status }) => status === "missing");
      return {
        from: callerOf(call),
        to,
        kind: missing === undefined ? kindOf(home, trace, path) : "missing",
        protocol: protocolLabel(globalProtocol(index, home, call), call.port),
        host: call.host,
        port: call.port,
        version: path.version,
        fault: missing === undefined ? undefined : { hop: missing.kind, text: missing.text },
      };
    }),
  );
}

/** Stands for the ways of a call that has none, as where a rule gives every destination the weight 0. */
function lostPath({ cluster }: Call): TracePath {
  const text = "no rule leads anywhere";
  const hops: TracePath["hops"] = [
    { kind: "route", cluster, status: "missing", object: undefined, text },
  ];
  return { version: undefined, weight: undefined, condition: undefined, servedBy: undefined, hops };
}

function callerOf({ cluster, caller }: Call): TopologyPlace {
  return { cluster, name: caller === undefined ? anyPod : `${caller.name}.${caller.namespace}` };
}

/** A way that ends before any cluster is known to serve ends at the caller's own, at what it was for. */
function endsOf(index: PlanIndex, call: Call, path: TracePath): readonly TopologyPlace[] {
  const server = path.servedBy === undefined ? undefined : index.cluster(path.servedBy);
  if (server === undefined) return [{ cluster: call.cluster, name: `${call.host}:${call.port}` }];
  const names = targetsOf(index, server, call.host, path.version);
  return names.map((name) => ({ cluster: server.name, name }));
}

function kindOf(home: ClusterIndex, { call, paths }: Trace, path: TracePath): EdgeKind {
  if (path.servedBy === home.name) return "local";
  const hasOwn = paths.some(
    ({ servedBy, version }) => servedBy === home.name && version === path.version,
  );
  return hasOwn && prefersOwn(home, call.host) ? "failover" : "crossing";
}

/** istiod keeps to the own cluster only where outliers are detected; otherwise all places share the calls. */
function prefersOwn(home: ClusterIndex, host: string): boolean {
  interface Policy {
    readonly outlierDetection?: unknown;
    readonly portLevelSettings?: readonly { readonly outlierDetection?: unknown }[];
  }
  return home.byHost("DestinationRule", host).some(({ manifest }) => {
    const { trafficPolicy } = specOf<DestinationRuleSpec & { readonly trafficPolicy?: Policy }>(
      manifest,
    );
    const settings = [trafficPolicy, ...(trafficPolicy?.portLevelSettings ?? [])];
    return settings.some((setting) => setting?.outlierDetection !== undefined);
  });
}

interface NamedPort {
  readonly name?: string;
  readonly appProtocol?: string;
  readonly port: number;
}

/** As Istio reads it from a Service: `appProtocol`, else the port's name up to its first dash. */
function localProtocol(home: ClusterIndex, { host, port }: Call): string | undefined {
  const [name = "", namespace = ""] = host.split(".");
  const service = home.byKey(`core/Service/${namespace}/${name}`);
  const ports =
    service === undefined
      ? undefined
      : specOf<{ readonly ports?: readonly NamedPort[] }>(service.manifest).ports;
  const found = ports?.find((candidate) => candidate.port === port);
  return found?.appProtocol ?? found?.name?.replace(/^(grpc-web|[^-]*).*$/i, "$1");
}

function globalProtocol(index: PlanIndex, home: ClusterIndex, { host, port }: Call) {
  interface Port {
    readonly number: number;
    readonly protocol?: string;
  }
  const planned = home
    .byHost("ServiceEntry", host)
    .flatMap(({ manifest }): readonly Port[] => specOf<ServiceEntrySpec>(manifest).ports ?? []);
  return (
    planned.find(({ number }) => number === port)?.protocol ??
    index.service(host)?.ports.find((candidate) => candidate.port === port)?.protocol
  );
}

/** How protocols write themselves. */
const protocolNames: Readonly<Record<string, string>> = {
  GRPC: "gRPC",
  "GRPC-WEB": "gRPC-Web",
  HTTP: "HTTP",
  HTTP2: "HTTP/2",
  HTTPS: "HTTPS",
  MONGO: "MongoDB",
  MYSQL: "MySQL",
  REDIS: "Redis",
  TCP: "TCP",
  TLS: "TLS",
};

function protocolLabel(protocol: string | undefined, port: number): string {
  return `${protocolNames[(protocol ?? "").toUpperCase()] ?? "TCP"} ${port}`;
}
