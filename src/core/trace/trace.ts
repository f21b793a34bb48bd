/**
 * Traces: for a call, every hop from the caller's name look-up to the serving pod's policy, each
 * derived from planned objects alone. What is missing is named, so that a reviewer needn't apply
 * anything to see that a call would fail.
 */
import type { Issue } from "../issues";
import { Late } from "../late";
import type { GlobalService } from "../mesh";
import type { PlannedObject } from "../objects/manifest";
import type { Plan } from "../plan";
import { type Call, callsOf } from "./calls";
import { gatewayHops, peerOf } from "./gatewayHops";
import { type CallerIdentity, type Hop, hopsOf, nameOf } from "./hop";
import { nameHop } from "./nameHop";
import { type ClusterIndex, PlanIndex } from "./planIndex";
import { podHops } from "./podHops";
import {
  type DestinationRuleSpec,
  type EndpointSpec,
  type Labels,
  type RouteSpec,
  selects,
  type ServiceEntrySpec,
  specOf,
  type TlsSpec,
  type VirtualServiceSpec,
} from "./specs";

/** One way that a call can take: traffic splits by version, and over the places that serve. */
export interface TracePath {
  /** The version that a route rule chose. */
  readonly version: string | undefined;
  /** Share of a rule's traffic, as weights are written. */
  readonly weight: number | undefined;
  /** The cluster that serves; the caller's own where it stays there. `undefined` where the way ends before. */
  readonly servedBy: string | undefined;
  readonly hops: readonly Hop[];
}

/** A call and every way that it can take. */
export interface Trace {
  readonly call: Call;
  /** Virtual address of the host, where it has one. */
  readonly address: string | undefined;
  readonly paths: readonly TracePath[];
  /** Whether some way leads to another cluster. */
  readonly crosses: boolean;
  /** Whether no way has a missing hop. */
  readonly ok: boolean;
}

/** Traces all calls of a plan, or those given. */
export function tracePlan(plan: Plan, calls: readonly Call[] = callsOf(plan)): readonly Trace[] {
  const index = new PlanIndex(plan);
  return calls.map((call) => traceCall(index, call));
}

/** The missing hops of traces as issues. */
export function traceIssues(traces: readonly Trace[]): readonly Issue[] {
  const issues = new Map<string, Issue>();
  for (const { call, paths } of traces) {
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
        hint: `the hop "${hop.kind}" is missing; plan the mesh again, or put back what was taken out`,
      });
    }
  }
  return [...issues.values()];
}

/** Traces one call over an index of the plan. */
export function traceCall(index: PlanIndex, call: Call): Trace {
  const home = index.cluster(call.cluster);
  const { address, paths } =
    home === undefined ? { address: undefined, paths: [] } : new Tracer(index, home, call).trace();
  return {
    call,
    address,
    paths,
    crosses: paths.some(({ servedBy }) => servedBy !== undefined && servedBy !== call.cluster),
    ok:
      paths.length > 0 &&
      paths.every(({ hops }) => hops.every(({ status }) => status !== "missing")),
  };
}

interface RouteChoice {
  readonly version: string | undefined;
  readonly weight: number | undefined;
  readonly hop: Hop | undefined;
}

interface TlsChoice {
  readonly version: string | undefined;
  readonly hop: Hop;
  readonly settings: TlsSpec;
  /** Labels of the version's subset. */
  readonly labels: Labels;
}

type Place = Pick<TracePath, "servedBy" | "hops">;

/** Follows one call from its own cluster. */
class Tracer {
  readonly #index: PlanIndex;
  readonly #home: ClusterIndex;
  readonly #call: Call;
  readonly #caller: CallerIdentity;
  readonly #described: GlobalService | undefined;
  readonly #hops: ReturnType<typeof hopsOf>;

  constructor(index: PlanIndex, home: ClusterIndex, call: Call) {
    this.#index = index;
    this.#home = home;
    this.#call = call;
    this.#caller = {
      cluster: home,
      namespace: call.caller?.namespace ?? "default",
      serviceAccount: call.caller?.serviceAccount,
    };
    this.#described = index.service(call.host);
    this.#hops = hopsOf(home);
  }

  trace(): Pick<Trace, "address" | "paths"> {
    const { host, port } = this.#call;
    const entries = this.#home.byHost("ServiceEntry", host);
    const addresses = entries.map(
      ({ manifest }) => specOf<ServiceEntrySpec>(manifest).addresses?.[0],
    );
    const [address] = addresses;
    const fault = this.#addressFault(entries, addresses);
    if (fault !== undefined || address === undefined) {
      return {
        address,
        paths:
          fault === undefined
            ? []
            : [{ version: undefined, weight: undefined, servedBy: undefined, hops: [fault] }],
      };
    }
    const head = [
      nameHop(this.#home, this.#index.plan.mesh.domain, host, address),
      this.#hops.planned("address", entries[0], `${address}:${port}`),
    ];
    const paths = this.#routes().flatMap(({ version, weight, hop }): readonly TracePath[] => {
      const start = hop === undefined ? head : [...head, hop];
      if (hop?.status === "missing") return [{ version, weight, servedBy: undefined, hops: start }];
      return this.#places(entries, version).map((place) => ({
        version,
        weight,
        servedBy: place.servedBy,
        hops: [...start, ...place.hops],
      }));
    });
    return { address, paths };
  }

  #addressFault(
    entries: readonly PlannedObject[],
    addresses: readonly (string | undefined)[],
  ): Hop | undefined {
    const { host, port } = this.#call;
    const { missing } = this.#hops;
    const [first] = entries;
    if (first === undefined)
      return missing(
        "address",
        undefined,
        `no ServiceEntry of ${this.#home.name} has the host ${host}`,
      );
    if (addresses[0] === undefined)
      return missing("address", first, `${nameOf(first)} gives ${host} no address`);
    const other = entries[addresses.findIndex((address) => address !== addresses[0])];
    if (other !== undefined)
      return missing(
        "address",
        other,
        `${nameOf(other)} gives ${host} another address than ${nameOf(first)}`,
      );
    if (entries.every((entry) => portOf(entry, port) === undefined))
      return missing("address", first, `${nameOf(first)} has no port ${port}`);
    return undefined;
  }

  /** The destinations of every rule that this port's traffic can meet; without rules, the whole service. */
  #routes(): readonly RouteChoice[] {
    const { host, port } = this.#call;
    const [object] = this.#home.byHost("VirtualService", host);
    if (object === undefined) return [{ version: undefined, weight: undefined, hop: undefined }];
    const { http = [], tcp = [] } = specOf<VirtualServiceSpec>(object.manifest);
    const isForPort = ({ match }: RouteSpec) =>
      match === undefined || match.some((one) => one.port === undefined || one.port === port);
    const opaque = tcp.filter(isForPort);
    const destinations = (opaque.length > 0 ? opaque : http.filter(isForPort)).flatMap(
      ({ route = [] }) => route,
    );
    if (destinations.length === 0) {
      return [
        {
          version: undefined,
          weight: undefined,
          hop: this.#hops.missing(
            "route",
            object,
            `${nameOf(object)} has no rule for port ${port}`,
          ),
        },
      ];
    }
    const choices = new Map<string, RouteChoice>();
    for (const { destination, weight } of destinations) {
      const version = destination?.subset;
      if (weight === 0) continue;
      const hop =
        destination?.host === host
          ? this.#hops.planned(
              "route",
              object,
              version === undefined ? "any version" : `version ${version}`,
            )
          : this.#hops.missing(
              "route",
              object,
              `${nameOf(object)} leads to ${destination?.host ?? "nowhere"}`,
            );
      choices.set(`${version ?? ""} ${weight ?? ""}`, { version, weight, hop });
    }
    return [...choices.values()];
  }

  /** The places that serve a version: gateways of peers, and pods of the own cluster. */
  #places(entries: readonly PlannedObject[], version: string | undefined): readonly Place[] {
    const tls = this.#tls(version);
    if (tls.hop.status === "missing") return [{ servedBy: undefined, hops: [tls.hop] }];
    const places = entries.flatMap((entry): readonly Place[] => {
      const { endpoints = [], workloadSelector } = specOf<ServiceEntrySpec>(entry.manifest);
      if (workloadSelector !== undefined)
        return this.#localPlace(entry, workloadSelector.labels ?? {}, tls);
      return distinct(endpoints.filter(({ labels }) => selects(tls.labels, labels))).map(
        (endpoint) => this.#remotePlace(entry, endpoint, tls),
      );
    });
    if (places.length > 0) return places;
    const what =
      version === undefined ? "no endpoint" : `no endpoint with the labels of version ${version}`;
    return [
      {
        servedBy: undefined,
        hops: [this.#hops.missing("endpoint", entries[0], `${this.#call.host} has ${what}`)],
      },
    ];
  }

  #tls(version: string | undefined): TlsChoice {
    const { host, port } = this.#call;
    const [rule] = this.#home.byHost("DestinationRule", host);
    const fail = (text: string): TlsChoice => ({
      hop: this.#hops.missing("tls", rule, text),
      settings: {},
      labels: {},
      version,
    });
    if (rule === undefined)
      return fail(`no DestinationRule of ${this.#home.name} has the host ${host}`);
    const spec = specOf<DestinationRuleSpec>(rule.manifest);
    const subset = spec.subsets?.find(({ name }) => name === version);
    if (version !== undefined && subset === undefined)
      return fail(`${nameOf(rule)} has no subset ${version}`);
    // A port's settings replace those of the destination, and a subset's those of the host (istiod's MergeSubsetTrafficPolicy).
    const [settings] = [subset?.trafficPolicy, spec.trafficPolicy].flatMap(
      (policy) =>
        policy?.portLevelSettings?.find((setting) => setting.port?.number === port)?.tls ??
        policy?.tls ??
        [],
    );
    if (settings?.mode !== "ISTIO_MUTUAL")
      return fail(`${nameOf(rule)} doesn't say ISTIO_MUTUAL for port ${port}`);
    if (settings.sni === undefined)
      return fail(`${nameOf(rule)} has no server name for port ${port}`);
    const hop =
      (settings.subjectAltNames ?? []).length > 0
        ? this.#hops.planned("tls", rule, settings.sni)
        : this.#hops.weak(
            "tls",
            rule,
            `${nameOf(rule)} names no identity, so any of the mesh would do`,
          );
    return { hop, settings, labels: subset?.labels ?? {}, version };
  }

  #localPlace(entry: PlannedObject, selector: Labels, tls: TlsChoice): readonly Place[] {
    const port = portOf(entry, this.#call.port);
    const hops = podHops({
      server: this.#home,
      namespace: entry.manifest.metadata.namespace ?? "default",
      labels: { ...selector, ...tls.labels },
      targetPort: port?.targetPort ?? port?.number,
      tls: tls.settings,
      caller: this.#caller,
      described: this.#described,
    });
    const isElsewhere = hops.some(({ kind, status }) => kind === "pods" && status === "missing")
      ? Object.keys(tls.labels).length > 0
      : !this.#isDescribedHere(tls.version);
    // A version that only other clusters run has no pods here, and that is no fault.
    return isElsewhere
      ? []
      : [
          {
            servedBy: this.#home.name,
            hops: [
              this.#hops.planned("endpoint", entry, "pods of the own cluster"),
              tls.hop,
              ...hops,
            ],
          },
        ];
  }

  /** Whether the description says that the cluster runs the version; it stands for workloads that aren't planned. */
  #isDescribedHere(version: string | undefined): boolean {
    if (this.#home.plan.hasWorkloads || version === undefined) return true;
    const place = this.#described?.servedBy.find(({ cluster }) => cluster === this.#home.name);
    return place === undefined || place.versions.includes(version);
  }

  #remotePlace(entry: PlannedObject, endpoint: EndpointSpec, tls: TlsChoice): Place {
    const address = endpoint.address instanceof Late ? "address to come" : endpoint.address;
    const dialled = endpoint.ports?.[portOf(entry, this.#call.port)?.name ?? ""];
    if (dialled === undefined) {
      return {
        servedBy: undefined,
        hops: [
          this.#hops.missing(
            "endpoint",
            entry,
            `${nameOf(entry)} doesn't say which port of ${address} to dial`,
          ),
        ],
      };
    }
    const peer = peerOf(this.#index, this.#home, endpoint, dialled);
    if (peer === undefined) {
      return {
        servedBy: undefined,
        hops: [
          this.#hops.missing(
            "endpoint",
            entry,
            `${address} in ${nameOf(entry)} is no gateway of the mesh`,
          ),
        ],
      };
    }
    const hop = this.#hops.planned("endpoint", entry, `${address}:${dialled}`);
    return {
      servedBy: peer.name,
      hops: [
        hop,
        tls.hop,
        ...gatewayHops(peer, tls.settings, dialled, this.#caller, this.#described),
      ],
    };
  }
}

function portOf(entry: PlannedObject, number: number) {
  return specOf<ServiceEntrySpec>(entry.manifest).ports?.find((port) => port.number === number);
}

/** A gateway is listed once per version; a call that may go to any takes the same way through each. */
function distinct(endpoints: readonly EndpointSpec[]): readonly EndpointSpec[] {
  const seen = new Map(
    endpoints.map((endpoint) => [JSON.stringify([endpoint.address, endpoint.ports]), endpoint]),
  );
  return [...seen.values()];
}
