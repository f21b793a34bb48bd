/** Hubs: which clusters have them, and that there are no more audiences than they are made for. */
import { type Audience, audienceOf, maxAudiences } from "../audiences";
import { type IssueCollector, show } from "../issues";
import type { Cluster, GlobalService } from "../mesh";
import { suggest } from "../shape";
import type { Settings } from "./settings";

/**
 * Names of the clusters that have a hub, sorted.
 * @param names Of all clusters that are described, whatever faults these have.
 */
export function resolveHubs(
  { distribution, hubs, istio }: Settings,
  clusters: readonly Cluster[],
  names: ReadonlySet<string>,
  issues: IssueCollector,
): readonly string[] {
  if (hubs === undefined && distribution !== "hub") return [];
  const at = issues.at("hubs");
  if (hubs !== undefined && distribution === "endpoints")
    at.add(
      "conflicting_keys",
      "hubs are set beside distribution: endpoints, which has none",
      "remove them, or set distribution: hub",
    );
  if (distribution === "hub" && hubs?.length === 0)
    at.add(
      "out_of_range",
      "distribution is hub, and no cluster has one",
      "name two clusters, so that one may be down",
    );
  hubs?.forEach((name, index) => {
    if (!names.has(name))
      at.at(index).add(
        "unknown_cluster",
        `the mesh has no cluster ${show(name)}`,
        suggest(name, [...names]),
      );
    else if (hubs.indexOf(name) !== index)
      at.at(index).add("conflicting_keys", `${show(name)} is named twice`, "remove one of them");
  });
  if (istio.image === undefined && hubs?.length !== 0)
    issues
      .at("istio", "version")
      .add(
        "missing_key",
        "hubs run istiod, and it isn't known which",
        "add the version of Istio's charts that the clusters have, or istio.image",
      );
  return [...new Set(hubs ?? clusters.slice(0, 2).map(({ name }) => name))].sort();
}

/** A hub is a pod for each audience, and a control plane that starts waits for all of its own. */
export function checkAudiences(
  mesh: {
    readonly clusters: readonly Cluster[];
    readonly hubs: readonly string[];
    readonly services: readonly Pick<GlobalService, "key" | "consumedBy">[];
  },
  issues: IssueCollector,
): void {
  if (mesh.hubs.length === 0) return;
  const first = new Map<string, Audience>();
  for (const service of mesh.services) {
    const audience = audienceOf(mesh, service);
    if (first.has(audience.id)) continue;
    first.set(audience.id, audience);
    if (first.size !== maxAudiences + 1) continue;
    issues
      .at("services", service.key, "consumedBy")
      .add(
        "too_many",
        `it is the ${maxAudiences + 1}th set of consuming clusters, and hubs have one istiod for each set`,
        `use at most ${maxAudiences} different sets of consumedBy, or set distribution: objects`,
      );
    return;
  }
}
