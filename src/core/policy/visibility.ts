/** Whether callers see global hosts, and the rules that say how they are called. */
import { show } from "../issues";
import type { PlannedObject } from "../objects/manifest";
import { isHostOf } from "../trace/hostPatterns";
import { namespaceOf } from "../trace/objectIndex";
import {
  type Labels,
  selects,
  type ServiceEntrySpec,
  type SidecarSpec,
  specOf,
} from "../trace/specs";
import { destinationRulesOf, isVisible } from "../trace/visibility";
import type { PolicyCluster } from "./cluster";
import { ruleHost, selectsPods } from "./destinationRules";
import { isGlobalHost } from "./exported";
import type { ClusterRule, Violation } from "./rule";
import type { PolicySettings } from "./settings";
import { audienceOf, type KnownCaller, knownCallers } from "./sight";

/** Entries by the global hosts that they are for. */
function globalEntries(
  { index }: PolicyCluster,
  { domain }: PolicySettings,
): readonly (readonly [host: string, entries: readonly PlannedObject[]])[] {
  return [...index.hostsOf("ServiceEntry")].filter(
    ([host]) => isGlobalHost(host, domain) && !host.startsWith("*"),
  );
}

export const ruleMissing: ClusterRule = {
  code: "rule_missing",
  severity: "warning",
  scope: "cluster",
  title: "A global host that gateways serve has a DestinationRule",
  reason:
    "Endpoints that are gateways take mutual TLS under a server name alone. Without a DestinationRule that says so, calls leave in plaintext, and the gateway refuses them. It is looked for among these objects and those of the description only.",
  check: (cluster, settings) => {
    const wildcards = wildcardRules(cluster);
    return globalEntries(cluster, settings).flatMap(([host, entries]) => {
      const isRuled =
        cluster.index.byHost("DestinationRule", host).length > 0 ||
        wildcards.some((rule) => isHostOf(ruleHost(rule), host));
      if (isRuled) return [];
      return entries
        .filter((entry) => leadsToGateways(entry, settings))
        .map((object) => ({
          object,
          path: hostPath(object, host),
          message: `no DestinationRule says how gateways are called for ${show(host)}`,
          hint: "add one with ISTIO_MUTUAL, the server name and the subjectAltNames of the service",
        }));
    });
  },
};

function hostPath({ manifest }: PlannedObject, host: string): Violation["path"] {
  return ["spec", "hosts", specOf<ServiceEntrySpec>(manifest).hosts?.indexOf(host) ?? 0];
}

function wildcardRules({ index }: PolicyCluster): readonly PlannedObject[] {
  return [...index.hostsOf("DestinationRule")].flatMap(([host, rules]) =>
    host.startsWith("*") ? rules : [],
  );
}

function leadsToGateways({ manifest }: PlannedObject, { gatewayPorts }: PolicySettings): boolean {
  const { endpoints = [] } = specOf<ServiceEntrySpec>(manifest);
  return endpoints.some(({ ports }) =>
    Object.values(ports ?? {}).some((port) => gatewayPorts.has(port)),
  );
}

export const ruleHidden: ClusterRule = {
  code: "rule_hidden",
  severity: "error",
  scope: "cluster",
  title: "Who sees a global host sees its DestinationRule",
  reason:
    "Rules are looked for in the caller's namespace, then in the ServiceEntry's, then in Istio's root namespace, and exportTo counts; the first namespace with one decides, even where it has a wildcard only. Callers that see the host and not its rule send plaintext to another cluster's gateway (istiod's PushContext.destinationRule).",
  check: (cluster, settings) => {
    const callers = knownCallers(cluster, settings);
    const wildcards = wildcardRules(cluster);
    return globalEntries(cluster, settings).flatMap(([host, entries]) => {
      const rules = cluster.index.byHost("DestinationRule", host);
      return [
        ...hiddenRules(cluster, host, entries, rules),
        ...shadowedRules(wildcards, host, rules, callers.get(host) ?? []).filter(
          ({ object }) => namespaceOf(object) !== cluster.index.rootNamespace,
        ),
      ];
    });
  },
};

function hiddenRules(
  { index }: PolicyCluster,
  host: string,
  entries: readonly PlannedObject[],
  rules: readonly PlannedObject[],
): readonly Violation[] {
  const [rule] = rules;
  if (rule === undefined) return [];
  const toGateways = entries.filter((entry) => !selectsPods(entry));
  // `undefined` stands for a namespace that nobody names.
  const callers = new Set(
    toGateways.flatMap((entry) => {
      const audience = audienceOf(entry);
      return audience === "everyone" ? [undefined] : [...audience];
    }),
  );
  const blind = [...callers].filter((caller) =>
    toGateways
      .filter((entry) => isVisible(entry, caller))
      .every((entry) =>
        destinationRulesOf(index, host, caller, namespaceOf(entry)).every(
          (found) => !rules.includes(found) && namespaceOf(found) !== caller,
        ),
      ),
  );
  if (blind.length === 0) return [];
  const who = blind.includes(undefined) ? "other namespaces" : blind.join(", ");
  return [
    {
      object: rule,
      path: audienceOf(rule) === "everyone" ? ["metadata", "namespace"] : ["spec", "exportTo"],
      message: `callers in ${who} see ${show(host)} and not this rule`,
      hint: "keep the rule in the namespace of the ServiceEntry, and export it to whom that is exported",
    },
  ];
}

/** A wildcard rule in a caller's own namespace takes the place of the host's rule in another. */
function shadowedRules(
  wildcards: readonly PlannedObject[],
  host: string,
  rules: readonly PlannedObject[],
  callers: readonly KnownCaller[],
): readonly Violation[] {
  return callers.flatMap(({ name, namespace }) => {
    if (rules.length === 0 || rules.some((rule) => namespaceOf(rule) === namespace)) return [];
    return wildcards
      .filter((rule) => namespaceOf(rule) === namespace && isHostOf(ruleHost(rule), host))
      .map((object) => ({
        object,
        path: ["spec", "host"],
        message: `for ${name} it takes the place of the rule for ${show(host)}`,
        hint: "write a narrower host, or a rule for the global host beside it",
      }));
  });
}

export const hostHidden: ClusterRule = {
  code: "host_hidden",
  severity: "warning",
  scope: "cluster",
  title: "Callers see the global hosts that they call",
  reason:
    "A ServiceEntry that isn't exported to the caller's namespace, or that the caller's Sidecar leaves out of its egress, isn't there for it: the name doesn't resolve, or the call goes astray. Callers are the workloads whose environment names the host, and those that a description lists.",
  check: (cluster, settings) => {
    const callers = knownCallers(cluster, settings);
    const violations = globalEntries(cluster, settings).flatMap(([host, entries]) =>
      (callers.get(host) ?? []).flatMap((caller) => hiddenFrom(cluster, host, entries, caller)),
    );
    return [
      ...new Map(violations.map((one) => [`${one.object.key} ${one.message}`, one])).values(),
    ];
  },
};

function hiddenFrom(
  cluster: PolicyCluster,
  host: string,
  entries: readonly PlannedObject[],
  caller: KnownCaller,
): readonly Violation[] {
  const seen = entries.filter((entry) => isVisible(entry, caller.namespace));
  const [first] = entries;
  if (seen.length === 0 && first !== undefined) {
    return [
      {
        object: first,
        path: ["spec", "exportTo"],
        message: `${caller.name} calls ${show(host)}, which isn't exported to its namespace`,
        hint: `add ${caller.namespace} to exportTo`,
      },
    ];
  }
  const sidecar = sidecarOf(cluster, caller);
  if (sidecar === undefined) return [];
  const { egress } = specOf<SidecarSpec>(sidecar.manifest);
  if (egress === undefined || seen.some((entry) => lets(sidecar, entry, host))) return [];
  return [
    {
      object: sidecar,
      path: ["spec", "egress"],
      message: `${caller.name} calls ${show(host)}, and the egress leaves it out`,
      hint: `add "${namespaceOf(first ?? sidecar)}/${host}" to the hosts`,
    },
  ];
}

/** The one Sidecar that counts: that of the workload, else of its namespace, else of the root namespace. */
function sidecarOf(
  { index }: PolicyCluster,
  { namespace, labels }: KnownCaller,
): PlannedObject | undefined {
  const selectorOf = ({ manifest }: PlannedObject): Labels | undefined =>
    specOf<SidecarSpec>(manifest).workloadSelector?.labels;
  const own = index.byKind("Sidecar", namespace);
  return (
    own.find((sidecar) => {
      const selector = selectorOf(sidecar);
      return selector !== undefined && labels !== undefined && selects(selector, labels);
    }) ??
    own.find((sidecar) => selectorOf(sidecar) === undefined) ??
    index
      .byKind("Sidecar", index.rootNamespace)
      .find((sidecar) => selectorOf(sidecar) === undefined)
  );
}

/** Whether some host of a Sidecar's egress takes an entry's host in. */
function lets(sidecar: PlannedObject, entry: PlannedObject, host: string): boolean {
  const { egress = [] } = specOf<SidecarSpec>(sidecar.manifest);
  return egress
    .flatMap(({ hosts = [] }) => hosts)
    .some((pattern) => {
      const [namespace = "", name = ""] = pattern.split("/");
      const meant = namespace === "." ? namespaceOf(sidecar) : namespace;
      return (meant === "*" || meant === namespaceOf(entry)) && isHostOf(name, host);
    });
}
