/** Changes in words. */
import { counted } from "../words";
import type { ChangeFacts } from "./change";
import { without } from "./pairs";

/** What changes, to be read after the names of the cluster and the service. */
export function sentenceOf(change: ChangeFacts): string {
  switch (change.kind) {
    case "meshRenamed":
      return `the mesh's name ${fromTo(change)}`;
    case "domainChanged":
      return `the domain of global names ${fromTo(change)}`;
    case "poolChanged":
      return `the pool of virtual addresses ${fromTo(change)}`;
    case "defaultTrustDomainChanged":
      return `the trust domain of clusters that name none ${fromTo(change)}`;
    case "distributionChanged":
      return `the way that clusters know where services are ${fromTo(change)}`;
    case "hubsChanged":
      return `hubs: ${addedAndRemoved(change)}`;
    case "istioChanged":
      return `Istio's ${change.setting} ${fromTo(change, change.setting === "image" ? "the release's" : "none")}`;
    case "issuerChanged":
      return `the issuer of intermediates ${fromTo(change)}`;
    case "rootsChanged":
      return `trusted roots: ${listed(change.after.trusted)}, signed by ${change.after.signing}; before: ${listed(change.before.trusted)}, signed by ${change.before.signing}`;
    case "keyAlgorithmChanged":
      return `the algorithm of CA keys ${fromTo(change)}`;
    case "lifetimeChanged":
      return `the life of the ${change.of} ${fromTo({ before: counted(change.before, "day"), after: counted(change.after, "day") })}`;
    case "revocationListsChanged":
      return change.after
        ? "clusters get the revocation lists of all CAs"
        : "clusters get no revocation lists any more";
    case "trustedDomainsChanged":
      return `trust domains that count beside the clusters': ${addedAndRemoved(change)}`;
    case "observabilityChanged":
      return `${observed[change.setting]} ${fromTo(change)}`;
    case "exposureAdded":
      return change.what;
    case "exposureRemoved":
      return `no more: ${change.what}`;
    case "clusterAdded":
      return `joins the mesh; it serves ${counted(change.serves, "service")} and consumes ${counted(change.consumes, "service")}`;
    case "clusterRemoved":
      return `leaves the mesh; it served ${counted(change.serves, "service")} and consumed ${counted(change.consumes, "service")}`;
    case "providerChanged":
      return `the provider ${fromTo(change)}`;
    case "networkChanged":
      return `the network ${fromTo(change)}`;
    case "localityChanged":
      return `the locality ${fromTo(change)}`;
    case "trustDomainChanged":
      return `the trust domain ${fromTo(change)}`;
    case "apiServerChanged":
      return `the URL of the API server ${fromTo(change)}`;
    case "readerTokenChanged":
      return `the token by which other control planes read it ${fromTo(change)}`;
    case "dnsModeChanged":
      return `the way that pods resolve global names ${fromTo(change)}`;
    case "dnsChanged":
      return dnsSentence(change);
    case "gatewayAddressChanged":
      return `the gateway's address ${fromTo({ before: learnt(change.before), after: learnt(change.after) })}`;
    case "gatewayPortChanged":
      return `the port at which peers dial the gateway ${fromTo(change)}`;
    case "gatewaySourcesChanged":
      return `the gateway is reached from ${listed(change.after, "anywhere")}, before from ${listed(change.before, "anywhere")}`;
    case "gatewayServiceChanged":
      return `the gateway's ${gatewaySettings[change.setting]} ${fromTo(change)}`;
    case "gatewayAnnotationsChanged":
      return `the annotations of the gateway's Service: ${addedAndRemoved({ before: pairs(change.before), after: pairs(change.after) })}`;
    case "gatewayScaled":
      return `the range of the gateway's replicas ${fromTo({ before: range(change.before), after: range(change.after) })}`;
    case "reachable":
      return reachSentence(change, {
        verb: "becomes reachable",
        whole: { cluster: " (new cluster)", service: " (new global service)" },
      });
    case "unreachable":
      return reachSentence(change, {
        verb: "is reachable no more",
        whole: {
          cluster: " (the cluster is removed)",
          service: " (it is no global service any more)",
        },
      });
    case "placeAdded":
      return `is served from here${versions(change.versions)}`;
    case "placeRemoved":
      return `is served from here no more${versions(change.versions)}`;
    case "placeVersionsChanged":
      return `versions that run here: ${addedAndRemoved(change)}`;
    case "gatewayOpened":
      return "the gateway lets peers through to it";
    case "gatewayClosed":
      return "the gateway lets peers through to it no more";
    case "callersAdded":
      return `${listed(change.callers)} may call it`;
    case "callersRemoved":
      return `${listed(change.callers)} may call it no more`;
    case "callersOpened":
      return `every identity of the mesh may call it, before ${listed(change.callers)} only`;
    case "callersRestricted":
      return `only ${listed(change.callers)} may call it, before every identity of the mesh`;
    case "callerDomainsChanged":
      return `trust domains of its callers: ${addedAndRemoved(change)}`;
    case "identityChanged":
      return `callers accept ${listed(change.after)}, before ${listed(change.before)}`;
    case "addressChanged":
      return `the virtual address moves from ${change.before} to ${change.after}`;
    case "selectorChanged":
      return `the labels of its pods: ${addedAndRemoved({ before: pairs(change.before), after: pairs(change.after) })}`;
    case "portsAdded":
      return `has ${ports(change.ports)}`;
    case "portsRemoved":
      return `has ${ports(change.ports)} no more`;
    case "portChanged":
      return `a port ${fromTo(change)}`;
    case "versionAdded":
      return `has version ${change.version}`;
    case "versionRemoved":
      return `has version ${change.version} no more`;
    case "versionChanged":
      return `the labels of version ${change.version}: ${addedAndRemoved({ before: pairs(change.before), after: pairs(change.after) })}`;
    case "routesChanged":
      return routesSentence(change);
    case "failoverChanged":
      return `places are chosen differently: ${change.after}; before: ${change.before}`;
    case "shortNameAdded":
      return "the short name is routed like the global one";
    case "shortNameRemoved":
      return "the short name is routed like the global one no more";
  }
}

const observed = {
  accessLogs: "what access logs have of calls across clusters",
  rules: "the way that Prometheus gets the mesh's rules",
  dashboard: "the dashboard",
  namespace: "the namespace of rules, monitors and dashboard",
  labels: "the set of labels of rules, monitors and dashboard",
} as const;

const gatewaySettings = {
  name: "name",
  namespace: "namespace",
  service: "type of Service",
  addressType: "type of address",
  port: "listening port",
} as const;

const dnsSettings = {
  address: "the cluster IP of the domain's DNS server",
  corefile: "the Corefile that the stub domain is merged into",
  stubDomains: "the stubDomains that the domain is merged into",
  extension: "the place of the stub domain",
} as const;

function dnsSentence({
  setting,
  before,
  after,
}: Extract<ChangeFacts, { kind: "dnsChanged" }>): string {
  const isText = setting === "corefile" || setting === "stubDomains";
  if (!isText)
    return `${dnsSettings[setting]} ${fromTo({ before: learnt(before), after: learnt(after) })}`;
  if (before === undefined || after === undefined)
    return `${dnsSettings[setting]} is ${after === undefined ? "read from the cluster" : "described"}`;
  return `${dnsSettings[setting]} is another text`;
}

function reachSentence(
  { callers, ownPods, through, whole }: Extract<ChangeFacts, { kind: "reachable" | "unreachable" }>,
  words: {
    readonly verb: string;
    readonly whole: { readonly cluster: string; readonly service: string };
  },
): string {
  const who = callers === undefined ? "every identity of the mesh" : listed(callers);
  const ways = [
    ...(ownPods ? ["own pods"] : []),
    ...(through.length === 0
      ? []
      : [`the ${through.length === 1 ? "gateway" : "gateways"} of ${listed(through)}`]),
  ];
  const note = whole === undefined ? "" : words.whole[whole];
  return `${words.verb} for ${who}, by ${ways.join(" and ")}${note}`;
}

/** Rules that are new and those that are gone; where none is, their order is what changes. */
function routesSentence({
  before,
  after,
}: Extract<ChangeFacts, { kind: "routesChanged" }>): string {
  const added = without(after, before);
  const removed = without(before, after);
  if (added.length === 0 && removed.length === 0)
    return `the order of route rules changes: ${after.join(" | ")}`;
  const parts = [
    ...(added.length === 0 ? [] : [`now ${added.join(" | ")}`]),
    ...(removed.length === 0
      ? []
      : [`${added.length === 0 ? "gone" : "before"} ${removed.join(" | ")}`]),
  ];
  return `route rules: ${parts.join("; ")}`;
}

interface BeforeAfter<T> {
  readonly before: T;
  readonly after: T;
}

function fromTo(
  { before, after }: BeforeAfter<string | number | undefined>,
  none = "none",
): string {
  return `changes from ${before ?? none} to ${after ?? none}`;
}

function addedAndRemoved({ before, after }: BeforeAfter<readonly string[]>): string {
  const added = without(after, before);
  const removed = without(before, after);
  if (added.length === 0 && removed.length === 0) return "their order changes";
  return [
    ...(added.length === 0 ? [] : [`added ${listed(added)}`]),
    ...(removed.length === 0 ? [] : [`removed ${listed(removed)}`]),
  ].join(", ");
}

/** How many entries a sentence names; the data has them all. */
const maxListed = 6;

/** `a, b and c`; of long lists the first and how many more. */
export function listed(entries: readonly string[], none = "nobody"): string {
  if (entries.length === 0) return none;
  const shown = entries.length > maxListed + 1 ? entries.slice(0, maxListed) : entries;
  const rest = entries.length - shown.length;
  const all = rest > 0 ? [...shown, `${rest} more`] : shown;
  const last = all[all.length - 1] ?? "";
  return all.length === 1 ? last : `${all.slice(0, -1).join(", ")} and ${last}`;
}

function pairs(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key] ?? ""}`);
}

function versions(names: readonly string[]): string {
  if (names.length === 0) return "";
  return ` (${names.length === 1 ? "version" : "versions"} ${listed(names)})`;
}

function ports(entries: readonly string[]): string {
  return `${entries.length === 1 ? "port" : "ports"} ${listed(entries)}`;
}

function learnt(address: string | undefined): string {
  return address ?? "one that is learnt from the cluster";
}

function range({ min, max }: { readonly min: number; readonly max: number }): string {
  return min === max ? String(min) : `${min} to ${max}`;
}
