import * as pulumi from "@pulumi/pulumi";
import type { MeshDescription } from "../core/description";
import { MeshError } from "../core/issues";
import type { Cluster, Mesh as CoreMesh } from "../core/mesh";
import { liveDns } from "../core/objects/globalDns";
import { parseMesh } from "../core/parse";
import { type Plan, planMesh, type PlanOptions } from "../core/plan";
import { childOptions } from "./childOptions";
import { GkeCluster } from "./clusters/gke";
import { clusterIssues, type GivenClusters, meshClusters } from "./clusters/meshClusters";
import { GlobalDns } from "./globalDns";
import { GlobalService } from "./globalService";
import { withInputErrors } from "./inputErrors";
import { Hub } from "./hub";
import { IstioControlPlane, type IstioControlPlaneArgs } from "./istioControlPlane";
import type { MeshClusters } from "./meshCluster";
import { MultiClusterGateway, type MultiClusterGatewayArgs } from "./multiClusterGateway";
import { placeObjects } from "./placement";
import { RemoteSecrets } from "./remoteSecrets";
import { SharedRootCA, type TrustArgs, trustArgsOf, trustIssues } from "./sharedRootCA";

/** How Istio itself gets into the clusters. */
export interface IstioInstallation extends Pick<IstioControlPlaneArgs, "repository" | "values"> {
  /** False where it's there already. @default true */
  readonly install?: boolean;
}

/** What every `Mesh` may have. Beside the leaves that say so, arguments are plain: they decide which resources there are. */
interface CommonArgs
  extends PlanOptions, Pick<MultiClusterGatewayArgs, "gatewayTimeout">, TrustArgs {
  /**
   * The clusters, by the names that they have in the description; arguments of an `ExistingCluster` stand for one that is made
   * along, as a part of the mesh.
   * @default for `provider: kind` a `KindCluster`, for `provider: gke` a `GkeCluster` at its locality; others have to be given
   */
  readonly clusters?: GivenClusters;
  /**
   * Addresses of gateways that neither the description nor the clusters know, by cluster.
   * @default the clusters' own, or those of the gateways' load balancers
   */
  readonly gatewayAddresses?: Readonly<Record<string, pulumi.Input<string>>>;
  /** How Istio gets into the clusters, or that it's there. @default Istio's charts are installed */
  readonly istio?: IstioInstallation;
}

/** Arguments of `Mesh`: a description, or the mesh that `parseMesh` made of one. */
export type MeshArgs = CommonArgs &
  (
    | {
        /** As in `mesh.yaml`; every fault of it is an error before anything is registered. */
        readonly description: MeshDescription;
      }
    | {
        /** From `parseMesh`, for programs that look at it first. */
        readonly mesh: CoreMesh;
      }
  );

/** Where a global service is reached. */
export interface GlobalServiceOutputs {
  /** `<service>.<namespace>.<domain>` */
  readonly host: pulumi.Output<string>;
  /** The virtual IPv4 address. */
  readonly address: pulumi.Output<string>;
}

/**
 * A whole mesh: its clusters, Istio in each, the common root of trust, the gateways, the global services with
 * their routes, and the DNS. Number and names of its resources follow from plain arguments alone, so a preview
 * shows all of them before any cluster exists.
 * @throws InputPropertiesError with every fault of the description at once, before anything is registered.
 */
export class Mesh extends pulumi.ComponentResource {
  /** The mesh with all defaults. */
  readonly mesh: CoreMesh;
  /** What the resources are made of. */
  readonly plan: Plan;
  /** Every cluster of the mesh: those that were given, and those that were made along. */
  readonly clusters: MeshClusters;
  /** PEM of the root; `undefined` where others issue. */
  readonly rootCertificate: pulumi.Output<string> | undefined;
  /** Where peers reach each cluster's gateway, by cluster. */
  readonly gatewayAddresses: Readonly<Record<string, pulumi.Output<string>>>;
  /** Credentials by cluster. Secrets. */
  readonly kubeconfigs: Readonly<Record<string, pulumi.Output<string>>>;
  /** By `<service>.<namespace>`. */
  readonly services: Readonly<Record<string, GlobalServiceOutputs>>;

  constructor(name: string, args: MeshArgs, options: pulumi.ComponentResourceOptions = {}) {
    const { mesh, plan } = planned(name, args);
    super("meshspan:index:Mesh", name, {}, options);
    this.mesh = mesh;
    this.plan = plan;
    const { dependsOn } = options;
    const parent = childOptions(this, options);
    const clusters = meshClusters(mesh, args.clusters ?? {}, parent);
    this.clusters = clusters;
    const common = { mesh, clusters };

    const own = (stage: "namespaces" | "workloads" | "observability") =>
      new Map(
        plan.clusters.map(({ cluster, objects }) => [
          cluster.name,
          objects.filter((object) => object.component === "Mesh" && object.stage === stage),
        ]),
      );
    placeObjects({ ...common, parent: this, dependsOn }, own("namespaces"));
    const trust = new SharedRootCA(
      `${name}-root-ca`,
      {
        ...common,
        ...trustArgsOf(args),
      },
      parent,
    );
    this.rootCertificate = trust.rootCertificate;
    const { install = true, ...charts } = args.istio ?? {};
    const each = <T>(make: (cluster: Cluster) => T) =>
      Object.fromEntries(mesh.clusters.map((cluster) => [cluster.name, make(cluster)]));
    const controlPlanes = install
      ? mesh.clusters.map(
          ({ name: cluster }) =>
            new IstioControlPlane(
              `${name}-istio-${cluster}`,
              {
                ...common,
                ...charts,
                cluster,
                ...(args.gatewayAddresses === undefined
                  ? {}
                  : { gatewayAddresses: args.gatewayAddresses }),
              },
              parent,
            ),
        )
      : [];
    const gateways = each(({ name: cluster }) => {
      const address = args.gatewayAddresses?.[cluster];
      return new MultiClusterGateway(
        `${name}-gateway-${cluster}`,
        {
          ...common,
          cluster,
          ...(address === undefined ? {} : { address }),
          ...(args.gatewayTimeout === undefined ? {} : { gatewayTimeout: args.gatewayTimeout }),
        },
        parent,
      );
    });
    this.gatewayAddresses = each(({ name: cluster }) => gatewayOf(gateways, cluster).address);
    const { gatewayAddresses } = this;
    if (mesh.distribution === "endpoints")
      new RemoteSecrets(`${name}-remote-secrets`, common, parent);
    if (mesh.hubs.length > 0)
      each(
        ({ name: cluster }) =>
          new Hub(`${name}-hub-${cluster}`, { ...common, gatewayAddresses, cluster }, parent),
      );
    for (const controlPlane of controlPlanes) controlPlane.installIstiod();
    const services: Record<string, GlobalServiceOutputs> = {};
    for (const { key } of mesh.services) {
      const named = { ...common, gatewayAddresses, service: key };
      const { host, address } = new GlobalService(`${name}-${key}`, named, parent);
      services[key] = { host, address };
    }
    this.services = services;
    each(
      ({ name: cluster }) =>
        new GlobalDns(`${name}-dns-${cluster}`, { ...common, cluster }, parent),
    );
    placeObjects({ ...common, parent: this, dependsOn }, own("workloads"));
    placeObjects({ ...common, parent: this, dependsOn }, own("observability"));
    admitPeers(mesh, clusters);

    this.kubeconfigs = Object.fromEntries(
      Object.entries(clusters).map(([cluster, { kubeconfig }]) => [cluster, kubeconfig]),
    );
    this.registerOutputs({
      rootCertificate: this.rootCertificate,
      gatewayAddresses,
      kubeconfigs: this.kubeconfigs,
      services: Object.fromEntries(
        mesh.services.map(({ key, host, address }) => [key, { host, address }]),
      ),
    });
  }
}

/** Everything that can be wrong with the description is found here, before the component itself is registered. */
function planned(name: string, args: MeshArgs): { readonly mesh: CoreMesh; readonly plan: Plan } {
  const described =
    "mesh" in args
      ? args.mesh
      : withInputErrors(name, () => parseMesh(args.description), ["description"]);
  const mesh = { ...described, clusters: described.clusters.map(liveDns) };
  return withInputErrors(name, () => {
    const plan = planMesh(mesh, args);
    const issues = [
      ...clusterIssues(mesh, args.clusters ?? {}, args.gatewayAddresses ?? {}),
      ...trustIssues(mesh, args),
    ];
    if (issues.length > 0) throw new MeshError(issues);
    return { mesh, plan };
  });
}

function gatewayOf(
  gateways: Readonly<Record<string, MultiClusterGateway>>,
  cluster: string,
): MultiClusterGateway {
  const gateway = gateways[cluster];
  if (gateway === undefined) throw new Error(`${cluster} has no gateway`);
  return gateway;
}

/** Firewalls of GKE clusters admit the peers, where it's known from where they come. */
function admitPeers(mesh: CoreMesh, clusters: MeshClusters): void {
  for (const { name, gateway } of mesh.clusters) {
    const cluster = clusters[name];
    if (!(cluster instanceof GkeCluster)) continue;
    const peers = mesh.clusters.filter((peer) => peer.name !== name);
    const ranges = peers.map((peer) => clusters[peer.name]?.egressRanges);
    const known = ranges.filter((range) => range !== undefined);
    if (gateway.allowFrom.length > 0) cluster.admitPeers([...gateway.allowFrom], gateway.port);
    else if (known.length === ranges.length && peers.length > 0)
      cluster.admitPeers(
        pulumi.all(known).apply((all) => all.flat()),
        gateway.port,
      );
    else if (peers.length > 0)
      void pulumi.log.warn(
        `The gateway of ${name} can be reached from anywhere: it isn't known from where ${peers.map((peer) => peer.name).join(", ")} call. Set clusters.${name}.gateway.allowFrom, or egressRanges of those clusters.`,
        cluster,
      );
  }
}
