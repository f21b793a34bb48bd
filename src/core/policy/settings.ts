/** What rules have to know beside the objects: the defaults of a description, or those of a mesh. */
import { type AddressPool, parsePool } from "../addresses";
import { IssueCollector, MeshError } from "../issues";
import { dialPortOf, type GlobalService, type Mesh, trustDomainsOf } from "../mesh";
import { resolveSettings } from "../rules/settings";
import type { CertificateReader } from "./certificates";

/** Settings for objects of a mesh that has no description. */
export interface PolicyOptions {
  /** DNS domain of global services. @default global */
  readonly domain?: string;
  /** Pool of the services' virtual addresses, an IPv4 CIDR. @default 240.0.0.0/4 */
  readonly addresses?: string;
  /** Istio's root namespace. @default istio-system */
  readonly rootNamespace?: string;
  /** Port at which gateways let TLS through. @default 15443 */
  readonly gatewayPort?: number;
  /** The trust domains whose identities count. @default any */
  readonly trustDomains?: readonly string[];
}

/** The same for rules, with what a description says beside it. */
export interface PolicySettings {
  /** DNS domain of global services. */
  readonly domain: string;
  /** Pool of the services' virtual addresses, in numbers. */
  readonly pool: AddressPool;
  /** Istio's root namespace, whose policies count in all others. */
  readonly rootNamespace: string;
  /** Of listeners, and where they differ those that peers dial. */
  readonly gatewayPorts: ReadonlySet<number>;
  /** `undefined` where any is taken. */
  readonly trustDomains: readonly string[] | undefined;
  /** What a description says of its services, by their global hosts and by their local ones. */
  readonly services: ReadonlyMap<string, GlobalService>;
  /** Reads certificates; without, they aren't looked at. */
  readonly certificates: CertificateReader | undefined;
}

/**
 * Settings out of options.
 * @throws MeshError when a value isn't one that a description takes.
 */
export function policySettings(
  options: PolicyOptions = {},
  certificates?: CertificateReader,
): PolicySettings {
  const { domain, addresses, rootNamespace, gatewayPort = 15443, trustDomains } = options;
  const issues = new IssueCollector();
  const settings = resolveSettings(
    {
      ...(domain === undefined ? {} : { domain }),
      ...(addresses === undefined ? {} : { addresses }),
      ...(rootNamespace === undefined ? {} : { istio: { namespace: rootNamespace } }),
    },
    issues,
  );
  if (issues.issues.length > 0 || settings.addressPool === undefined)
    throw new MeshError(issues.issues);
  return {
    domain: settings.domain,
    pool: settings.addressPool,
    rootNamespace: settings.istio.namespace,
    gatewayPorts: new Set([gatewayPort]),
    trustDomains,
    services: new Map(),
    certificates,
  };
}

/** Settings out of a mesh's description. */
export function meshPolicySettings(mesh: Mesh, certificates?: CertificateReader): PolicySettings {
  const pool = parsePool(mesh.pool);
  if ("fault" in pool) throw new Error(`${mesh.pool} ${pool.fault}`);
  return {
    domain: mesh.domain,
    pool,
    rootNamespace: mesh.istio.namespace,
    gatewayPorts: new Set(
      mesh.clusters.flatMap(({ gateway }) => [gateway.port, dialPortOf(gateway)]),
    ),
    trustDomains: [...new Set([...trustDomainsOf(mesh.clusters), ...mesh.trust.aliases])],
    services: new Map(
      mesh.services.flatMap((service) => [
        [service.host, service],
        [service.localHost, service],
      ]),
    ),
    certificates,
  };
}
