/** The services of a cluster that others call: what its gateways let in, and the pods behind. */
import { clusterDomain } from "../names";
import type { PlannedObject } from "../objects/manifest";
import { getOrMake, once } from "../once";
import { isHostOf, withoutNamespace } from "../trace/hostPatterns";
import { namespaceOf, type ObjectIndex } from "../trace/objectIndex";
import {
  type GatewaySpec,
  type Labels,
  type ServiceEntrySpec,
  type ServiceSpec,
  specOf,
} from "../trace/specs";
import { podOf, workloadsWith } from "../trace/workloads";
import type { PolicySettings } from "./settings";

/** Pods that serve other clusters. */
export interface ExportedPods {
  /** `redis-cart.default`, for messages. */
  readonly service: string;
  readonly namespace: string;
  /** Each set of labels that some of the pods have; where there are no workloads, what selects them. */
  readonly labels: readonly Labels[];
  readonly workloads: readonly PlannedObject[];
  /** Ports of the pods that are reached by the service; `undefined` where they aren't known. */
  readonly ports: readonly number[] | undefined;
}

/**
 * Pods behind the hosts that gateways of the cluster let through, and those that entries of global hosts select. What selects
 * the pods of a host says its Service, else the mesh's description, else the default of a description: `app: <service>`.
 */
export function exportedPods(
  index: ObjectIndex,
  settings: PolicySettings,
): readonly ExportedPods[] {
  return getOrMake(known(index), settings, () => [
    ...[...exportedHosts(index)].flatMap((host) => podsOfHost(index, settings, host)),
    ...index.byKind("ServiceEntry").flatMap((entry) => podsOfEntry(index, settings, entry)),
  ]);
}

const known = once((_index: ObjectIndex) => new Map<PolicySettings, readonly ExportedPods[]>());

/** Servers of gateways that let TLS through by its server name. */
export function isAutoPassthrough(server: { readonly tls?: { readonly mode?: string } }): boolean {
  return server.tls?.mode === "AUTO_PASSTHROUGH";
}

const localSuffix = `.svc.${clusterDomain}`;

/** `svc.cluster.local` hosts: of a wildcard, those that the cluster has a Service for. */
function exportedHosts(index: ObjectIndex): ReadonlySet<string> {
  const patterns = index
    .byKind("Gateway")
    .flatMap(({ manifest }) => specOf<GatewaySpec>(manifest).servers ?? [])
    .filter(isAutoPassthrough)
    .flatMap(({ hosts = [] }) => hosts.map(withoutNamespace));
  const wildcards = patterns.filter((pattern) => pattern.startsWith("*"));
  const services =
    wildcards.length === 0
      ? []
      : index
          .byKind("Service")
          .map(
            (service) => `${service.manifest.metadata.name}.${namespaceOf(service)}${localSuffix}`,
          );
  return new Set([
    ...patterns.filter((pattern) => pattern.endsWith(localSuffix) && !pattern.startsWith("*")),
    ...services.filter((host) => wildcards.some((pattern) => isHostOf(pattern, host))),
  ]);
}

function podsOfHost(
  index: ObjectIndex,
  settings: PolicySettings,
  host: string,
): readonly ExportedPods[] {
  const [name = "", namespace = "", ...rest] = host.slice(0, -localSuffix.length).split(".");
  if (name === "" || namespace === "" || rest.length > 0) return [];
  const service = index.named("Service", namespace, name);
  const spec = service === undefined ? {} : specOf<ServiceSpec>(service.manifest);
  const described = settings.services.get(host);
  const selector = spec.selector ?? described?.selector ?? { app: name };
  const targets =
    spec.ports?.map(({ port, targetPort }) => targetPort ?? port) ??
    described?.ports.map(({ targetPort }) => targetPort);
  return [toPods(index, `${name}.${namespace}`, namespace, selector, targets)];
}

/** Pods of the cluster that answer for a global host. */
function podsOfEntry(
  index: ObjectIndex,
  { domain }: PolicySettings,
  entry: PlannedObject,
): readonly ExportedPods[] {
  const { hosts = [], workloadSelector, ports = [] } = specOf<ServiceEntrySpec>(entry.manifest);
  const host = hosts.find((candidate) => isGlobalHost(candidate, domain));
  if (host === undefined || workloadSelector?.labels === undefined) return [];
  const targets = ports.map(({ number, targetPort }) => targetPort ?? number);
  return [toPods(index, host, namespaceOf(entry), workloadSelector.labels, targets)];
}

/** Whether a host is one of the mesh's domain; wildcards below it included. */
export function isGlobalHost(host: string, domain: string): boolean {
  return host.endsWith(`.${domain}`);
}

function toPods(
  index: ObjectIndex,
  service: string,
  namespace: string,
  selector: Labels,
  targets: readonly (number | string)[] | undefined,
): ExportedPods {
  const workloads = workloadsWith(index, namespace, selector);
  const pods = workloads.map(podOf);
  const containerPorts = pods.flatMap(({ containers }) =>
    containers.flatMap(({ ports = [] }) => ports),
  );
  const ports = targets?.flatMap((target) =>
    typeof target === "number"
      ? [target]
      : containerPorts.filter(({ name }) => name === target).map((port) => port.containerPort),
  );
  return {
    service,
    namespace,
    labels: pods.length === 0 ? [selector] : pods.map(({ labels }) => labels),
    workloads,
    ports: ports === undefined || ports.length === 0 ? undefined : [...new Set(ports)],
  };
}
