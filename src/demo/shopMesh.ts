/** A whole mesh for the demo shop: clusters, the services that cross, and the workloads to deploy. */
import type { ClusterDescription, MeshDescription } from "../core/description";
import { type Issue, IssueCollector, MeshError, show } from "../core/issues";
import type { Workloads } from "../core/plan";
import { checkClusterNames } from "../core/rules/names";
import { defaultPlacement, maxDefaultClusters } from "./defaultPlacement";
import {
  checkPlacement,
  type Placement,
  type PlacementOptions,
  placeShop,
  type ShopCall,
} from "./placement";

/** Options of `shopMesh`. Beside these, every setting of a mesh description (`trustDomain`, `istio`, …) may be given. */
export interface ShopMeshOptions
  extends
    PlacementOptions,
    Partial<Omit<MeshDescription, "name" | "domain" | "clusters" | "services">> {
  /** Name of the mesh. @default shop */
  readonly name?: string;
  /**
   * The clusters by name; the first is the shop front where no placement is given.
   * @default those of the placement out of `shopClusters(8)`, or else `shopClusters(2)`
   */
  readonly clusters?: Readonly<Record<string, ClusterDescription>>;
  /** What runs where. @default `defaultPlacement` over the clusters */
  readonly placement?: Placement;
}

/** A mesh for the demo shop. */
export interface ShopMesh {
  /** For `parseMesh`. */
  readonly description: MeshDescription;
  /** For `planMesh`. */
  readonly workloads: Workloads;
  /** Every call of the shop from every cluster, as `placeShop` has them. */
  readonly calls: readonly ShopCall[];
}

/**
 * The demo shop on a mesh. Without options: two clusters, east and west, of which nothing but the
 * CA's files is left to be learnt.
 * @throws MeshError with every fault of the placement (`unknown_placement`, `unknown_cluster`), or
 * where there is no default placement for the clusters (see `defaultPlacement`). Clusters and settings
 * are only checked by `parseMesh`.
 */
export function shopMesh(options: ShopMeshOptions = {}): ShopMesh {
  const {
    name = "shop",
    namespace = "default",
    domain = "global",
    clusters: given,
    placement: chosen,
    ...settings
  } = options;
  const known = given ?? shopClusters(chosen === undefined ? 2 : maxDefaultClusters);
  const placement = chosen ?? defaultPlacement(Object.keys(known));
  const issues = [
    ...checkPlacement(placement),
    ...checkPlacedClusters(placement, Object.keys(known)),
  ];
  if (issues.length > 0) throw new MeshError(issues);
  const { services, workloads, calls } = placeShop(placement, { namespace, domain });
  return {
    description: {
      name,
      domain,
      ...settings,
      // Default clusters that the placement leaves out aren't asked for; described ones are.
      clusters: given === undefined ? pick(known, Object.keys(placement)) : { ...given },
      services: { ...services },
    },
    workloads,
    calls,
  };
}

function checkPlacedClusters(placement: Placement, known: readonly string[]): readonly Issue[] {
  const issues = new IssueCollector(["placement"]);
  checkClusterNames(issues, Object.keys(placement), new Set(known), (_, name) => issues.at(name));
  return issues.issues;
}

function pick<T>(record: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => keys.includes(key)));
}

/** Names and localities of the default clusters. The localities are regions and zones of Google Cloud. */
const localities: readonly (readonly [name: string, locality: string])[] = [
  ["east", "us-east1/us-east1-b"],
  ["west", "us-west1/us-west1-a"],
  ["central", "us-central1/us-central1-a"],
  ["north", "northamerica-northeast1/northamerica-northeast1-a"],
  ["south", "us-south1/us-south1-a"],
  ["europe", "europe-west1/europe-west1-b"],
  ["asia", "asia-east1/asia-east1-a"],
  ["oceania", "australia-southeast1/australia-southeast1-a"],
];

/**
 * Descriptions of clusters that nobody has to have: with every address and file written out, so that
 * all of their objects render without a cluster. Gateways are load balancers at addresses of the
 * documentation range 203.0.113.0/24 (RFC 5737), and names resolve by Istio's DNS proxy. In this order:
 * east, west, central, north, south, europe, asia, oceania.
 * @param count How many, from 1 to 8. @default 2
 * @throws MeshError (`out_of_range`)
 */
export function shopClusters(count = 2): Readonly<Record<string, ClusterDescription>> {
  if (!Number.isInteger(count) || count < 1 || count > localities.length) {
    const issues = new IssueCollector(["count"]);
    issues.add(
      "out_of_range",
      `${show(count)} is out of range`,
      `use a whole number from 1 to ${localities.length}`,
    );
    throw new MeshError(issues.issues);
  }
  return Object.fromEntries(
    localities.slice(0, count).map(([name, locality], index): [string, ClusterDescription] => [
      name,
      {
        provider: "existing",
        locality,
        gateway: { address: `203.0.113.${10 * (index + 1)}` },
        dns: "proxy",
      },
    ]),
  );
}
