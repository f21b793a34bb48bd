/** Who a service's pods are, and who may call them. */
import {
  type DestinationRuleSpec,
  type Labels,
  type PeerAuthenticationSpec,
  type ServiceEntrySpec,
  type ServiceSpec,
  specOf,
  type TrafficPolicySpec,
} from "../trace/specs";
import type { ImportedHost } from "./hosts";
import type { ServiceObjects } from "./serviceObjects";

/** Labels of the serving pods: of an entry that selects them, else of the Kubernetes Service, else by its name. */
export function selectorOf(
  objects: ServiceObjects,
  { name, namespace, entries }: ImportedHost,
  places: readonly string[],
): Labels {
  const selected = entries
    .map(({ manifest }) => specOf<ServiceEntrySpec>(manifest).workloadSelector?.labels)
    .find((labels) => labels !== undefined);
  if (selected !== undefined) return selected;
  const service = objects.find(places, "Service", namespace, name);
  const labels = service === undefined ? undefined : specOf<ServiceSpec>(service).selector;
  if (labels !== undefined && Object.keys(labels).length > 0) return labels;
  const strict = objects.find(places, "PeerAuthentication", namespace, `${name}.strict`);
  const policy = strict === undefined ? undefined : specOf<PeerAuthenticationSpec>(strict).selector;
  return policy?.matchLabels ?? { app: name };
}

/** The ServiceAccount that callers accept, else the only one that the pods have; `undefined` where nothing tells. */
export function accountOf(
  objects: ServiceObjects,
  namespace: string,
  places: readonly string[],
  selector: Labels,
  rules: readonly DestinationRuleSpec[],
): string | undefined {
  const [, named] =
    rules
      .flatMap(subjectAltNamesOf)
      .map((san) => /^spiffe:\/\/.+\/ns\/[^/]+\/sa\/(.+)$/.exec(san))
      .find((match) => match !== null) ?? [];
  if (named !== undefined) return named;
  const [only, ...others] = new Set(
    places.flatMap((cluster) => objects.accountsFor(cluster, namespace, selector)),
  );
  return others.length === 0 ? only : undefined;
}

/** Names that callers accept. */
export function subjectAltNamesOf(rule: DestinationRuleSpec): readonly string[] {
  return policiesOf(rule).flatMap(({ tls }) => tls?.subjectAltNames ?? []);
}

/** What a rule says for the host, for each port, and for each subset. */
export function policiesOf({
  trafficPolicy,
  subsets = [],
}: DestinationRuleSpec): readonly TrafficPolicySpec[] {
  return [trafficPolicy, ...subsets.map((subset) => subset.trafficPolicy)]
    .filter((policy) => policy !== undefined)
    .flatMap((policy): readonly TrafficPolicySpec[] => [
      policy,
      ...(policy.portLevelSettings ?? []),
    ]);
}

/** The identities that an ALLOW policy on the serving pods admits; `undefined` where it admits all of them. */
export function callersOf(
  objects: ServiceObjects,
  namespace: string,
  places: readonly string[],
  selector: Labels,
): readonly string[] | undefined {
  const principals = places
    .flatMap((cluster) => objects.policiesFor(cluster, namespace, selector))
    .flatMap(({ rules = [] }) => rules)
    .flatMap(({ from = [] }) => from)
    .flatMap(({ source }) => source?.principals ?? []);
  const callers = principals.map((principal) =>
    /^[^*]+\/ns\/([^/*]+)\/sa\/([^*]+)$/.exec(principal),
  );
  if (callers.length === 0 || callers.includes(null)) return undefined;
  return [...new Set(callers.map((match) => `${match?.[2] ?? ""}.${match?.[1] ?? ""}`))].sort();
}
