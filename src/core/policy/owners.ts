/** A global host has one owner: what two write of it, one of them loses. */
import { show } from "../issues";
import type { PlannedObject } from "../objects/manifest";
import { nameOf } from "../trace/hop";
import { namespaceOf } from "../trace/objectIndex";
import { type DestinationRuleSpec, specOf, type VirtualServiceSpec } from "../trace/specs";
import type { PolicyCluster } from "./cluster";
import { selectsPods } from "./destinationRules";
import { isGlobalHost } from "./exported";
import type { ClusterRule, Violation } from "./rule";
import { haveCommonAudience } from "./sight";

export const hostOwnedTwice: ClusterRule = {
  code: "host_owned_twice",
  severity: "error",
  scope: "cluster",
  title: "A global host has one owner",
  reason:
    "istiod merges endpoints of ServiceEntries for one host in one namespace, so that a second owner's get a share of the calls; of two in different namespaces it takes one. Of two VirtualServices for sidecars only one's routes count, and of two DestinationRules the first one's TLS settings, or those of the caller's namespace. An entry that selects the cluster's own pods beside the one that lists gateways is one owner's.",
  check: (cluster, { domain }) =>
    (["ServiceEntry", "VirtualService", "DestinationRule"] as const).flatMap((kind) =>
      [...cluster.index.hostsOf(kind)]
        .filter(([host]) => isGlobalHost(host, domain) && !host.startsWith("*"))
        .flatMap(([host, objects]) => {
          const counting = objects.filter(isForSidecars);
          return counting.flatMap((later, at) =>
            counting
              .slice(0, at)
              .filter((earlier) => collide(earlier, later))
              .slice(0, 1)
              .map((earlier) => doubled(cluster, host, earlier, later)),
          );
        }),
    ),
};

/** Routes of gateways alone, and rules for some calling workloads, take nothing from others. */
function isForSidecars({ manifest }: PlannedObject): boolean {
  switch (manifest.kind) {
    case "VirtualService":
      return specOf<VirtualServiceSpec>(manifest).gateways?.includes("mesh") ?? true;
    case "DestinationRule":
      return specOf<DestinationRuleSpec>(manifest).workloadSelector === undefined;
    default:
      return true;
  }
}

function collide(one: PlannedObject, other: PlannedObject): boolean {
  if (one.key === other.key || !haveCommonAudience(one, other)) return false;
  if (one.manifest.kind === "VirtualService") return true;
  if (namespaceOf(one) !== namespaceOf(other) || ownerOf(one) !== ownerOf(other)) return true;
  // Of one owner, or of nobody who says so.
  const isOwned = ownerOf(one) !== "";
  return one.manifest.kind === "ServiceEntry"
    ? !isOwned && !selectsPods(one) && !selectsPods(other)
    : hasTrafficPolicy(one) && hasTrafficPolicy(other);
}

/** Who an object belongs to, as the recommended labels of Kubernetes say; "" where they don't. */
function ownerOf({ manifest: { metadata } }: PlannedObject): string {
  const labels = metadata.labels ?? {};
  return ["managed-by", "part-of", "instance"]
    .flatMap((name) => labels[`app.kubernetes.io/${name}`] ?? [])
    .join("/");
}

/** Further rules of one owner may add subsets. */
function hasTrafficPolicy({ manifest }: PlannedObject): boolean {
  return specOf<DestinationRuleSpec>(manifest).trafficPolicy !== undefined;
}

function doubled(
  cluster: PolicyCluster,
  host: string,
  earlier: PlannedObject,
  later: PlannedObject,
): Violation {
  const isOurs = (object: PlannedObject) =>
    cluster.givenOf(object) === undefined || ownerOf(object).startsWith("meshspan/");
  const [kept, extra] = isOurs(later) && !isOurs(earlier) ? [later, earlier] : [earlier, later];
  const { hosts } = specOf<{ readonly hosts?: readonly string[] }>(extra.manifest);
  return {
    object: extra,
    path: hosts === undefined ? ["spec", "host"] : ["spec", "hosts", hosts.indexOf(host)],
    message: `${show(host)} belongs to ${nameOf(kept)} already`,
    hint: "remove one of the two, and say in the other what both have to say",
  };
}
