/** Changes of the whole mesh: its names, its Istio, its root of trust, what is to be seen of it. */
import type { Mesh, TrustSettings } from "../mesh";
import { istioImageOf } from "../names";
import { rootsOf } from "../rotation";
import type { ChangeFacts } from "./change";
import { observabilityChanges } from "./observabilityChanges";
import { same } from "./same";

/** What changes in the settings of a mesh. */
export function meshChanges(before: Mesh, after: Mesh): readonly ChangeFacts[] {
  const changes: ChangeFacts[] = [];
  const texts = [
    ["meshRenamed", "name"],
    ["domainChanged", "domain"],
    ["poolChanged", "pool"],
    ["defaultTrustDomainChanged", "trustDomain"],
    ["distributionChanged", "distribution"],
  ] as const;
  for (const [kind, key] of texts) {
    if (before[key] !== after[key]) changes.push({ kind, before: before[key], after: after[key] });
  }
  if (!same(before.hubs, after.hubs))
    changes.push({ kind: "hubsChanged", before: before.hubs, after: after.hubs });
  const [oldIstio, newIstio] = [before.istio, after.istio].map(withOwnImage);
  for (const setting of ["version", "revision", "namespace", "image"] as const) {
    const [old, now] = [oldIstio?.[setting], newIstio?.[setting]];
    if (old !== now) changes.push({ kind: "istioChanged", setting, before: old, after: now });
  }
  return [
    ...changes,
    ...trustChanges(before.trust, after.trust),
    ...observabilityChanges(before.observability, after.observability),
  ];
}

/** The image that follows from the version is none of its own. */
function withOwnImage(istio: Mesh["istio"]): Mesh["istio"] {
  return istio.image === istioImageOf(istio.version) ? { ...istio, image: undefined } : istio;
}

function trustChanges(before: TrustSettings, after: TrustSettings): readonly ChangeFacts[] {
  const changes: ChangeFacts[] = [];
  const [oldIssuer, newIssuer] = [issuerOf(before), issuerOf(after)];
  if (oldIssuer !== newIssuer)
    changes.push({ kind: "issuerChanged", before: oldIssuer, after: newIssuer });
  const [oldRoots, newRoots] = [rootsOf(before), rootsOf(after)];
  if (!same(oldRoots, newRoots))
    changes.push({ kind: "rootsChanged", before: oldRoots, after: newRoots });
  if (before.algorithm !== after.algorithm) {
    changes.push({
      kind: "keyAlgorithmChanged",
      before: before.algorithm,
      after: after.algorithm,
    });
  }
  const lifetimes = [
    ["root", "rootDays"],
    ["intermediates", "intermediateDays"],
  ] as const;
  for (const [of, key] of lifetimes) {
    if (before[key] !== after[key])
      changes.push({ kind: "lifetimeChanged", of, before: before[key], after: after[key] });
  }
  if (before.crl !== after.crl)
    changes.push({ kind: "revocationListsChanged", before: before.crl, after: after.crl });
  if (!same(before.aliases, after.aliases)) {
    changes.push({
      kind: "trustedDomainsChanged",
      before: before.aliases,
      after: after.aliases,
    });
  }
  return changes;
}

/** `files`, `existing`, or `cert-manager ClusterIssuer mesh-root`. */
function issuerOf({ issuer, certManager }: TrustSettings): string {
  return certManager === undefined ? issuer : `${issuer} ${certManager.kind} ${certManager.name}`;
}
