import { Chart } from "cdk8s";
import { Construct } from "constructs";
import type { MeshDescription } from "../core/description";
import { type Issue, MeshError } from "../core/issues";
import { type CaFilesByCluster, planIssues } from "../core/literals";
import type { Mesh as CoreMesh } from "../core/mesh";
import { parseMesh } from "../core/parse";
import { type HelmValues, type Plan, planMesh, type PlanOptions } from "../core/plan";
import { requireCluster } from "../core/standAlone";
import { GlobalDns } from "./globalDns";
import { GlobalService } from "./globalService";
import { Hub } from "./hub";
import { MultiClusterGateway } from "./multiClusterGateway";
import { placeObjects } from "./placement";
import { RemoteSecrets } from "./remoteSecrets";
import { SharedRootCA } from "./sharedRootCA";

/** What every `Mesh` may have. */
interface CommonProps extends PlanOptions {
  /**
   * CA files of each cluster, as `ensureCertificates` of `meshspan/pki` makes or reads them.
   * @default none: `trust.issuer` is cert-manager or existing
   */
  readonly certificates?: CaFilesByCluster;
  /**
   * Where the charts with the secrets go: an App of its own writes them to a folder of their own.
   * @default beside the other charts
   */
  readonly trustScope?: Construct;
}

/** Properties of `Mesh`: a description, or the mesh that `parseMesh` made of one. */
export type MeshProps = CommonProps &
  (
    | {
        /** As in `mesh.yaml`; every fault of it is in the one MeshError. */
        readonly description: MeshDescription;
      }
    | {
        /** From `parseMesh`, for programs that look at it first. */
        readonly mesh: CoreMesh;
      }
  );

/**
 * A whole mesh: in its scope a Chart per cluster, named like it, and one more for what gives istiod its
 * CA (`<cluster>-cacerts`), since that has to be there first, and key material stays out of what is
 * committed.
 * @throws MeshError with every fault of the description at once.
 */
export class Mesh extends Construct {
  /** The mesh with all defaults. */
  readonly mesh: CoreMesh;
  /** What the charts are made of. */
  readonly plan: Plan;
  /** By cluster; add your own objects to them. */
  readonly charts: Readonly<Record<string, Chart>>;
  /** By cluster: what gives istiod its CA, to be applied before istiod starts. None where clusters have theirs. */
  readonly trustCharts: Readonly<Record<string, Chart>>;
  /** By `<service>.<namespace>`. */
  readonly services: Readonly<Record<string, GlobalService>>;

  constructor(scope: Construct, id: string, props: MeshProps) {
    super(scope, id);
    const { certificates } = props;
    this.mesh = "mesh" in props ? props.mesh : parseMesh(props.description);
    this.plan = planMesh(this.mesh, props);
    const names = this.mesh.clusters.map(({ name }) => name);
    const trustScope =
      this.mesh.trust.issuer === "existing" ? undefined : (props.trustScope ?? scope);
    const issues = [
      ...planIssues(this.plan, certificates),
      ...takenIn(scope, names),
      ...(trustScope === undefined ? [] : takenIn(trustScope, names.map(trustChartName))),
    ];
    if (issues.length > 0) throw new MeshError(issues);

    const chartsIn = (parent: Construct, nameOf: (cluster: string) => string) =>
      Object.fromEntries(names.map((name) => [name, new Chart(parent, nameOf(name))]));
    this.charts = chartsIn(scope, (name) => name);
    this.trustCharts = trustScope === undefined ? {} : chartsIn(trustScope, trustChartName);

    const { mesh, charts } = this;
    const trust = { mesh, charts: this.trustCharts };
    if (mesh.trust.issuer !== "existing")
      new SharedRootCA(
        this,
        "root-ca",
        certificates === undefined ? trust : { ...trust, certificates },
      );
    for (const { cluster, objects } of this.plan.clusters) {
      const { name } = cluster;
      new MultiClusterGateway(this, `gateway-${name}`, { mesh, charts, cluster: name });
      new RemoteSecrets(this, `remote-secrets-${name}`, { mesh, charts, cluster: name });
      new Hub(this, `hub-${name}`, { mesh, charts, cluster: name });
      new GlobalDns(this, `dns-${name}`, { mesh, charts, cluster: name });
      const own = objects.filter(({ component }) => component === "Mesh");
      placeObjects(charts, "workloads", new Map([[name, own]]));
    }
    this.services = Object.fromEntries(
      mesh.services.map(({ key }) => [
        key,
        new GlobalService(this, key, { mesh, charts, service: key }),
      ]),
    );
  }

  /**
   * Values for Istio's Helm charts `base` and `istiod` in a cluster; where there are hubs, also those of the second release of
   * `istiod`, which gateways have.
   * @throws MeshError when the mesh has no such cluster.
   */
  helmValues(cluster: string): HelmValues {
    const { name } = requireCluster(this.mesh, cluster);
    const planned = this.plan.clusters.find((candidate) => candidate.cluster.name === name);
    if (planned === undefined) throw new Error(`${name} is not planned`);
    return planned.helm;
  }
}

const trustChartName = (cluster: string) => `${cluster}-cacerts`;

/** A fault for each chart whose name something else has: constructs says which name, and not what to do. */
function takenIn(scope: Construct, charts: readonly string[]): readonly Issue[] {
  return charts
    .filter((name) => scope.node.tryFindChild(name) !== undefined)
    .map((name) => ({
      code: "conflicting_keys",
      path: ["charts", name],
      message: `there is a construct ${JSON.stringify(name)} beside the mesh already, and the chart would have its name`,
      hint: `give it another ID, or give each mesh a scope of its own: new Mesh(new Construct(app, "shop"), …)`,
    }));
}
