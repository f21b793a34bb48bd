/** Where the shop's workloads go when nobody says: the talk's split, drawn out over up to eight clusters. */
import { IssueCollector, show } from "../core/issues";
import type { Placement } from "./placement";
import { workloadNames, type WorkloadName } from "./workload";

/** How many clusters the shop can be spread over by itself. */
export const maxDefaultClusters = 8;

/** What visitors see first stays together: short ways, short names. */
const front: readonly WorkloadName[] = [
  "frontend",
  "adservice",
  "cartservice",
  "checkoutservice",
  "currencyservice",
  "recommendationservice",
];

/** What moves out, so that HTTP (load), gRPC (catalog, orders) and Redis (carts, the talk's case) all cross. */
const back: readonly WorkloadName[] = [
  "redis-cart",
  "productcatalogservice",
  "shippingservice",
  "paymentservice",
  "emailservice",
  "loadgenerator",
];

/**
 * A placement over the given clusters; the first is the shop front. One cluster runs everything, and
 * so calls nothing across. Two are split as in the talk, with the carts' Redis away from the front.
 * More share the second's workloads in turn, and `productcatalogservice` then runs in the front too:
 * callers there find it locally, and elsewhere when it fails.
 * @param clusters One to eight names, each once.
 * @throws MeshError (`no_clusters`, `too_many`, `cluster_duplicate`) with every fault at once.
 */
export function defaultPlacement(clusters: readonly string[]): Placement {
  checkClusters(clusters);
  const [first = "", ...others] = clusters;
  if (others.length === 0) return { [first]: workloadNames };
  // Seven clusters behind the front have one more than there are workloads in `back`.
  const moved: readonly WorkloadName[] =
    others.length > back.length ? [...back, "recommendationservice"] : back;
  const staying = front.filter((name) => !moved.includes(name));
  return Object.fromEntries([
    [first, others.length > 1 ? [...staying, "productcatalogservice"] : staying],
    ...others.map((cluster, index) => [
      cluster,
      moved.filter((_, turn) => turn % others.length === index),
    ]),
  ]) as Placement;
}

function checkClusters(clusters: readonly string[]): void {
  const issues = new IssueCollector(["clusters"]);
  if (clusters.length === 0) {
    issues.add("no_clusters", "there is no cluster", "name one at least, such as east");
  }
  if (clusters.length > maxDefaultClusters) {
    issues.add(
      "too_many",
      `${clusters.length} clusters are more than ${maxDefaultClusters}`,
      "write a placement that says what runs in each",
    );
  }
  clusters.forEach((name, index) => {
    if (clusters.indexOf(name) === index) return;
    issues
      .at(index)
      .add("cluster_duplicate", `${show(name)} is listed twice`, "remove one of them");
  });
  issues.throwAny();
}
