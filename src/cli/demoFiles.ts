/** What the demo makes: the shop's mesh, its plan, its traces, and the files of all that. */
import type { MeshDescription } from "../core/description";
import { IssueCollector, MeshError } from "../core/issues";
import type { CaFilesByCluster } from "../core/literals";
import { parseMesh } from "../core/parse";
import { type Plan, planMesh } from "../core/plan";
import { checkClusterNames } from "../core/rules/names";
import { toDot } from "../core/topology/dot";
import { topologyOf } from "../core/topology/topology";
import { type Trace, traceIssues, tracePlan } from "../core/trace/trace";
import { formatYaml } from "../core/yaml";
import { shopClusters, shopMesh } from "../demo";
import { digestOf, renderPlan, renderSvg, writeFiles, type WriteResult } from "../render";

/** The demo shop, planned and traced. */
export interface PlannedShop {
  readonly description: MeshDescription;
  readonly plan: Plan;
  readonly traces: readonly Trace[];
}

/**
 * The shop on the first clusters of `shopClusters`, with other addresses of gateways where given.
 * @throws MeshError when a gateway is of no cluster, or a call of the shop would not arrive.
 */
export function planShop(
  clusterCount: number,
  gateways: Readonly<Record<string, string>> = {},
): PlannedShop {
  const clusters = shopClusters(clusterCount);
  const given = new IssueCollector(["gateway"]);
  const names = new Set(Object.keys(clusters));
  checkClusterNames(given, Object.keys(gateways), names, (_, name) => given.at(name));
  if (given.issues.length > 0) throw new MeshError(given.issues);
  const placed = Object.entries(clusters).map(([name, cluster]) => {
    const address = gateways[name];
    return [name, address === undefined ? cluster : { ...cluster, gateway: { address } }] as const;
  });
  const { description, workloads } = shopMesh({ clusters: Object.fromEntries(placed) });
  const plan = planMesh(parseMesh(description), { workloads });
  const traces = tracePlan(plan);
  const issues = traceIssues(traces);
  if (issues.length > 0) throw new MeshError(issues);
  return { description, plan, traces };
}

const header =
  "# The mesh of the demo shop, as `meshspan demo` wrote it; its next run writes it again. To go on from\n# here, copy it into a project such as examples/cdk8s-gitops.\n";

/** Writes manifests and Helm values per cluster, the description, and the topology. */
export async function writeShop(
  directory: string,
  { description, plan, traces }: PlannedShop,
  certificates: CaFilesByCluster,
  signal: AbortSignal,
): Promise<WriteResult> {
  const files = async () => [
    ...renderPlan(plan, certificates),
    { path: "mesh.yaml", content: header + formatYaml([description]) },
    { path: "topology.svg", content: await renderSvg(toDot(topologyOf(plan, traces))) },
  ];
  // The workloads follow from the description.
  return writeFiles(directory, files, { madeOf: digestOf(description, certificates), signal });
}
