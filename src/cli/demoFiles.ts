/** What the demo makes: the shop's mesh, its plan, its traces, and the files of all that. */
import type { MeshDescription } from "../core/description";
import { MeshError } from "../core/issues";
import type { CaFilesByCluster } from "../core/literals";
import { parseMesh } from "../core/parse";
import { type Plan, planMesh } from "../core/plan";
import { toDot } from "../core/topology/dot";
import { topologyOf } from "../core/topology/topology";
import { type Trace, traceIssues, tracePlan } from "../core/trace/trace";
import { formatYaml } from "../core/yaml";
import { shopClusters, shopMesh } from "../demo";
import { renderPlan } from "../render/renderPlan";
import { renderSvg } from "../render/svg";
import { writeFiles, type WriteResult } from "../render/writeFiles";

/** The demo shop, planned and traced. */
export interface PlannedShop {
  readonly description: MeshDescription;
  readonly plan: Plan;
  readonly traces: readonly Trace[];
}

/** @throws MeshError when a call of the shop would not arrive. */
export function planShop(clusterCount: number): PlannedShop {
  const { description, workloads } = shopMesh({ clusters: shopClusters(clusterCount) });
  const plan = planMesh(parseMesh(description), { workloads });
  const traces = tracePlan(plan);
  const issues = traceIssues(traces);
  if (issues.length > 0) throw new MeshError(issues);
  return { description, plan, traces };
}

const header =
  "# The mesh of the demo shop. Everything beside this file was made of it;\n# the schema for editors is schema/mesh.schema.json of the package.\n";

/** Writes manifests and Helm values per cluster, the description, and the topology. */
export async function writeShop(
  directory: string,
  { description, plan, traces }: PlannedShop,
  certificates: CaFilesByCluster,
): Promise<WriteResult> {
  const svg = await renderSvg(toDot(topologyOf(plan, traces)));
  return writeFiles(directory, [
    ...renderPlan(plan, certificates),
    { path: "mesh.yaml", content: header + formatYaml([description]) },
    { path: "topology.svg", content: svg },
  ]);
}
