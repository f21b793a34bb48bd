/** Settings of the whole mesh: names, the address pool, the common root of trust. */
import type { z } from "zod";
import { type AddressPool, parsePool, reservedOverlap } from "../addresses";
import type { settingsSchema } from "../description";
import { type IssueCollector, show } from "../issues";
import type { Mesh, TrustSettings } from "../mesh";
import { chartVersion, clusterDomain, istioImageOf, label, subdomain } from "../names";
import { defaultRoot } from "../rotation";
import { checkName, checkRange } from "./names";
import { resolveObservability } from "./observability";

type SettingsInput = z.output<typeof settingsSchema>;

/** A mesh without its clusters and services, and the pool in numbers where it is one. */
export interface Settings extends Omit<Mesh, "clusters" | "services" | "hubs"> {
  /** As they are described. */
  readonly hubs: readonly string[] | undefined;
  readonly addressPool: AddressPool | undefined;
}

/**
 * Class E: routed nowhere, and large enough that two of 2,500 names fall on one address in one of a
 * hundred meshes. istiod's own range inside of it is stepped around.
 */
export const defaultPool = "240.0.0.0/4";

/** Names that DNS or Istio give a meaning of their own. */
const takenDomains = ["local", "svc", "localhost", clusterDomain];

export function resolveSettings(input: Partial<SettingsInput>, issues: IssueCollector): Settings {
  const name = input.name ?? "mesh";
  const domain = input.domain ?? "global";
  const trustDomain = input.trustDomain ?? "cluster.local";
  checkName(issues.at("name"), label, name);
  checkTrustDomain(issues.at("trustDomain"), trustDomain);
  const isDomain = checkName(issues.at("domain"), subdomain, domain, "invalid_host");
  // Istio's ValidateFQDN: so that no name looks like an IPv4 address.
  if (isDomain && /(?:^|\.)\d+$/.test(domain)) {
    issues
      .at("domain")
      .add(
        "invalid_host",
        `the last part of ${show(domain)} is a number, which Istio refuses`,
        'choose another, such as "global"',
      );
  }
  if (isDomain && (takenDomains.includes(domain) || domain.endsWith(`.${clusterDomain}`))) {
    issues
      .at("domain")
      .add(
        "invalid_host",
        `${show(domain)} belongs to Kubernetes itself`,
        'choose another, such as "global"',
      );
  }
  if (input.istio?.namespace !== undefined)
    checkName(issues.at("istio", "namespace"), label, input.istio.namespace);
  if (input.istio?.version !== undefined)
    checkName(issues.at("istio", "version"), chartVersion, input.istio.version);
  if (input.istio?.revision !== undefined)
    checkName(issues.at("istio", "revision"), label, input.istio.revision);

  const pool = input.addresses ?? defaultPool;
  const namespace = input.istio?.namespace ?? "istio-system";
  return {
    name,
    domain,
    trustDomain,
    pool,
    distribution: input.distribution ?? "objects",
    hubs: input.hubs,
    addressPool: resolvePool(pool, issues.at("addresses")),
    istio: {
      version: input.istio?.version,
      revision: input.istio?.revision,
      namespace,
      image: input.istio?.image ?? istioImageOf(input.istio?.version),
    },
    trust: resolveTrust(input.trust ?? {}, issues.at("trust")),
    observability: resolveObservability(
      input.observability ?? false,
      namespace,
      issues.at("observability"),
    ),
  };
}

function resolvePool(cidr: string, issues: IssueCollector): AddressPool | undefined {
  const pool = parsePool(cidr);
  if ("fault" in pool) {
    issues.add(
      "invalid_pool",
      `${show(cidr)} ${pool.fault}`,
      `write an IPv4 network with a prefix from /4 to /30, such as ${defaultPool}`,
    );
    return undefined;
  }
  const overlap = reservedOverlap(pool);
  if (overlap === undefined) return pool;
  issues.add(
    "pool_reserved",
    `${show(cidr)} overlaps ${overlap}`,
    `choose a range that nothing else uses, such as ${defaultPool}`,
  );
  return undefined;
}

/** Trust domains are dot-separated labels (Istio's ValidateTrustDomain), here in lower case as SPIFFE wants them. */
export function checkTrustDomain(issues: IssueCollector, text: string): void {
  checkName(issues, subdomain, text, "invalid_trust_domain");
}

function resolveTrust(
  input: NonNullable<SettingsInput["trust"]>,
  issues: IssueCollector,
): TrustSettings {
  const issuer = input.issuer ?? "files";
  const made = (
    ["root", "next", "algorithm", "rootDays", "intermediateDays", "crl"] as const
  ).filter((key) => input[key] !== undefined);
  for (const key of made) {
    const isIssuers = key !== "algorithm" && key !== "intermediateDays";
    if (issuer === "existing" || (issuer === "cert-manager" && isIssuers)) {
      issues
        .at(key)
        .add(
          "trust_overlap",
          `${key} says which certificates are made here and how, which issuer: ${issuer} leaves to others`,
          `remove ${key}, or set issuer: files`,
        );
    }
  }
  if (input.certManager !== undefined && issuer !== "cert-manager") {
    issues
      .at("certManager")
      .add(
        "trust_overlap",
        `certManager is set beside issuer: ${issuer}`,
        "remove certManager, or set issuer: cert-manager",
      );
  }
  if (input.certManager === undefined && issuer === "cert-manager") {
    issues
      .at("certManager")
      .add(
        "missing_key",
        "it is missing",
        "name the issuer that signs the intermediates: certManager: { name: mesh-root }",
      );
  }
  if (input.certManager !== undefined)
    checkName(issues.at("certManager", "name"), subdomain, input.certManager.name);
  const rootDays = input.rootDays ?? 3650;
  const intermediateDays = input.intermediateDays ?? Math.min(730, rootDays);
  // Ten times as long as leaves live (24 h), so that a renewal always has time; at most 100 years.
  checkRange(issues.at("rootDays"), input.rootDays, 10, 36_500);
  checkRange(issues.at("intermediateDays"), input.intermediateDays, 10, 36_500);
  if (intermediateDays > rootDays) {
    issues
      .at("intermediateDays")
      .add(
        "certificate_lifetime",
        `${intermediateDays} days are longer than the root lives (${rootDays} days)`,
        "give the root more days, or the intermediates fewer",
      );
  }
  (input.trustDomainAliases ?? []).forEach((alias, index, all) => {
    const at = issues.at("trustDomainAliases", index);
    checkTrustDomain(at, alias);
    if (all.indexOf(alias) !== index)
      at.add("trust_overlap", `${show(alias)} is listed twice`, "remove one of them");
  });
  const root = input.root ?? defaultRoot;
  checkName(issues.at("root"), label, root);
  if (input.next !== undefined) {
    const at = issues.at("next", "root");
    checkName(at, label, input.next.root);
    if (input.next.root === root) {
      at.add(
        "trust_overlap",
        `${show(root)} is the name of the root that it follows`,
        "give the next root a name of its own, such as its year",
      );
    }
  }
  return {
    issuer,
    root,
    next:
      input.next === undefined
        ? undefined
        : { root: input.next.root, signs: input.next.signs ?? false },
    algorithm: input.algorithm ?? "ecdsa-p256",
    rootDays,
    intermediateDays,
    crl: input.crl ?? false,
    certManager:
      input.certManager === undefined
        ? undefined
        : { name: input.certManager.name, kind: input.certManager.kind ?? "ClusterIssuer" },
    aliases: [...(input.trustDomainAliases ?? [])].sort(),
  };
}
