/** Global services of a description, read from ServiceEntries and from what stands beside them. */
import type { ServiceDescription } from "../description";
import { localHostOf } from "../names";
import type { Manifest } from "../objects/manifest";
import {
  type DestinationRuleSpec,
  type Labels,
  selects,
  type ServiceEntrySpec,
  type ServiceSpec,
  specOf,
  type VirtualServiceSpec,
} from "../trace/specs";
import type { DistributionRead } from "./distribution";
import type { GatewayAddresses } from "./gateways";
import { dialledAddress, dialledKey, type ImportedHost } from "./hosts";
import { accountOf, callersOf, policiesOf, selectorOf } from "./identity";
import type { Refusal } from "./report";
import { routesOf } from "./routes";
import type { ServiceObjects } from "./serviceObjects";

/** What services are read of. */
export interface ServiceSources {
  readonly objects: ServiceObjects;
  readonly addresses: GatewayAddresses;
  readonly distribution: DistributionRead;
}

/** A service as a description has it, or why it can't be described. */
export function describeService(
  { objects, addresses, distribution }: ServiceSources,
  imported: ImportedHost,
): ServiceDescription | Refusal {
  const { host, name, namespace, entries } = imported;
  const specs = entries.map(({ manifest }) => specOf<ServiceEntrySpec>(manifest));
  const dialled = specs.flatMap(({ endpoints = [] }) => endpoints);
  const stranger = dialled.find((endpoint) => !addresses.has(dialledKey(endpoint)));
  if (stranger !== undefined)
    return {
      code: "gateway_unknown",
      message: `its endpoint ${dialledAddress(stranger)} is no gateway of a given cluster`,
      hint: `say whose it is, such as --gateway west=${dialledAddress(stranger)}`,
    };
  const localHost = localHostOf(name, namespace);
  const rules = objects.rulesFor(host);
  const places = distribution.servedBy(imported, addresses);
  const selector = selectorOf(objects, imported, places);
  const account = accountOf(objects, namespace, places, selector, rules);
  if (account === undefined)
    return {
      code: "identity_unknown",
      message: "nothing says as which ServiceAccount its pods run",
      hint: "give the Deployments of the serving cluster too, or add subjectAltNames to its DestinationRule",
    };
  const [address] = specs.flatMap(({ addresses = [] }) => addresses);
  const versions = Object.fromEntries(
    rules
      .flatMap(({ subsets = [] }) => subsets)
      .map((subset) => [subset.name, { ...subset.labels }]),
  );
  const hasVersions = Object.keys(versions).length > 0;
  const [virtual] = objects.virtualServicesFor(host);
  const service = objects.find(places, "Service", namespace, name);
  const ports = portsOf(specs, service);
  const routes = virtual === undefined ? [] : routesOf(virtual, ports.length);
  const callers = callersOf(objects, namespace, places, selector);
  const isShort =
    virtual !== undefined && specOf<VirtualServiceSpec>(virtual).hosts?.includes(localHost);
  const failover = failoverOf(rules, places.length);
  return {
    ports,
    serviceAccount: account,
    ...(selector.app === name && Object.keys(selector).length === 1
      ? {}
      : { selector: { ...selector } }),
    servedBy: hasVersions
      ? Object.fromEntries(
          places.map((place) => {
            const labels = dialled
              .filter((endpoint) => addresses.get(dialledKey(endpoint))?.cluster === place)
              .map(({ labels }) => labels)
              .filter((labels) => labels !== undefined);
            return [place, versionsAt(versions, objects.rulesFor(localHost, place), labels)];
          }),
        )
      : [...places],
    consumedBy: [...distribution.consumedBy(imported)],
    ...(callers === undefined ? {} : { callers: [...callers] }),
    ...(hasVersions ? { versions } : {}),
    ...(routes.length === 0 ? {} : { routes: [...routes] }),
    ...(address === undefined ? {} : { address }),
    ...(failover === true ? {} : { failover }),
    ...(isShort === true ? { shortName: true } : {}),
  };
}

function portsOf(
  entries: readonly ServiceEntrySpec[],
  service: Manifest | undefined,
): ServiceDescription["ports"] {
  const inService = service === undefined ? [] : (specOf<ServiceSpec>(service).ports ?? []);
  const all = entries.map(({ ports = [] }) => ports);
  const selecting = all.flat().filter(({ targetPort }) => targetPort !== undefined);
  return (all[0] ?? []).map((port) => {
    const target =
      selecting.find(({ number }) => number === port.number)?.targetPort ??
      inService.find((one) => one.port === port.number)?.targetPort;
    return {
      name: port.name,
      port: port.number,
      protocol: port.protocol ?? "TCP",
      ...(typeof target !== "number" || target === port.number ? {} : { targetPort: target }),
    };
  });
}

/** Versions in a serving cluster: subsets of its own rules, and labels of the endpoints that stand for its gateway; else all. */
function versionsAt(
  versions: Readonly<Record<string, Labels>>,
  ownRules: readonly DestinationRuleSpec[],
  labels: readonly Labels[],
): string[] {
  const all = Object.keys(versions).sort();
  const own = new Set(ownRules.flatMap(({ subsets = [] }) => subsets).map(({ name }) => name));
  const found = all.filter(
    (version) => own.has(version) || labels.some((one) => selects(versions[version], one)),
  );
  return found.length === 0 ? all : found;
}

interface Outliers {
  readonly consecutiveGatewayErrors?: number;
  readonly interval?: string;
  readonly baseEjectionTime?: string;
}

function failoverOf(
  rules: readonly DestinationRuleSpec[],
  places: number,
): NonNullable<ServiceDescription["failover"]> {
  if (places < 2) return true;
  const outliers = rules
    .flatMap(policiesOf)
    .map((policy) => (policy as { readonly outlierDetection?: Outliers }).outlierDetection)
    .find((found) => (found?.consecutiveGatewayErrors ?? 0) > 0);
  if (outliers === undefined) return false;
  const { consecutiveGatewayErrors: errors = 3, interval = "1s", baseEjectionTime } = outliers;
  const ejection = baseEjectionTime ?? "10s";
  return errors === 3 && interval === "1s" && ejection === "10s"
    ? true
    : { errors, interval, ejection };
}
