import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { childOptions, withMore } from "../childOptions";
import { MeshCluster } from "../meshCluster";
import { optionalPeer } from "../optionalPeer";
import { shortName } from "../shortName";
import { clusterProvider } from "./kubeconfig";

/** Arguments of `GkeCluster`. */
export interface GkeClusterArgs {
  /** A region ("us-east1") for a regional cluster, a zone ("us-east1-b") for a zonal one. */
  readonly location: string;
  /** ID of the Google Cloud project. @default the gcp provider's */
  readonly project?: pulumi.Input<string>;
  /** A VPC network of yours, by name or self link. @default one is made */
  readonly network?: pulumi.Input<string>;
  /** Range of the nodes. @default 10.0.0.0/20 */
  readonly nodeRange?: string;
  /** Range of the pods (VPC-native). @default 10.4.0.0/14 */
  readonly podRange?: string;
  /** Range of the Services. @default 10.8.0.0/20 */
  readonly serviceRange?: string;
  /** Range of the control plane, a /28. @default 172.16.0.0/28 */
  readonly controlPlaneRange?: string;
  /** Who may reach the API server. @default anywhere, with credentials */
  readonly authorizedRanges?: readonly {
    /** Range of addresses, such as "203.0.113.0/24". */
    readonly cidr: string;
    /** What the console shows beside it. */
    readonly name: string;
  }[];
  /** GKE's release channel, which decides when it upgrades the cluster. @default REGULAR */
  readonly releaseChannel?: "RAPID" | "REGULAR" | "STABLE" | "EXTENDED";
  /** Compute Engine's type of the nodes. @default e2-standard-4 */
  readonly machineType?: string;
  /** Nodes in each zone: a regional cluster has several zones, mostly three. @default 2 */
  readonly nodesPerZone?: number;
  /** Keeps `pulumi destroy` from deleting the cluster. @default false */
  readonly deletionProtection?: boolean;
}

/** Roles that nodes need, and nothing else (GKE, "Harden your cluster": least-privilege node accounts). */
const nodeRoles = ["roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader"];

/**
 * A private, VPC-native GKE cluster with workload identity that enforces NetworkPolicies: nodes have no public addresses, and reach the
 * internet, and peers, from one address of Cloud NAT, which peers' firewalls can name.
 */
export class GkeCluster extends MeshCluster {
  /**
   * Has no credentials itself: `gke-gcloud-auth-plugin` has to be on PATH where it's used. Still a
   * secret.
   */
  readonly kubeconfig: pulumi.Output<string>;
  /** GKE's own: `projects/<project>/locations/<location>/clusters/<name>`. */
  readonly identifier: pulumi.Output<string>;
  /**
   * Applies objects server-side, once nodes and the way to istiod's webhooks are there; fields that
   * others manage are never overwritten.
   */
  readonly provider: kubernetes.Provider;
  /** The one address of Cloud NAT, as a /32. */
  override readonly egressRanges: pulumi.Output<string[]>;
  /** Name of the VPC network. */
  readonly network: pulumi.Output<string>;
  readonly #name: string;
  readonly #project: { readonly project?: pulumi.Input<string> };
  readonly #nodeTag: string;
  /** Ranges of nodes and pods: what a load balancer sends on from node to node comes from there. */
  readonly #own: readonly string[];
  /** Options of all that it is made of. */
  readonly #child: pulumi.CustomResourceOptions;
  #admits = false;

  constructor(name: string, args: GkeClusterArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("meshspan:index:GkeCluster", name, {}, options);
    const gcp = optionalPeer("@pulumi/gcp", "GkeCluster");
    const child = childOptions(this, options);
    this.#child = child;
    const project = args.project === undefined ? {} : { project: args.project };
    // A zone is its region and a letter.
    const region = args.location.replace(/-[a-z]$/, "");
    this.#name = name;
    this.#project = project;
    this.#nodeTag = `${name}-node`;
    const nodeRange = args.nodeRange ?? "10.0.0.0/20";
    const podRange = args.podRange ?? "10.4.0.0/14";
    const controlPlaneRange = args.controlPlaneRange ?? "172.16.0.0/28";
    this.#own = [nodeRange, podRange];

    const network =
      args.network ??
      new gcp.compute.Network(name, { ...project, autoCreateSubnetworks: false }, child).selfLink;
    this.network = pulumi.output(network);
    const subnetwork = new gcp.compute.Subnetwork(
      name,
      {
        ...project,
        region,
        network,
        ipCidrRange: nodeRange,
        privateIpGoogleAccess: true,
        secondaryIpRanges: [
          { rangeName: "pods", ipCidrRange: podRange },
          { rangeName: "services", ipCidrRange: args.serviceRange ?? "10.8.0.0/20" },
        ],
      },
      child,
    );
    const egress = new gcp.compute.Address(`${name}-egress`, { ...project, region }, child);
    const router = new gcp.compute.Router(name, { ...project, region, network }, child);
    const nat = new gcp.compute.RouterNat(
      name,
      {
        ...project,
        region,
        router: router.name,
        natIpAllocateOption: "MANUAL_ONLY",
        natIps: [egress.selfLink],
        sourceSubnetworkIpRangesToNat: "LIST_OF_SUBNETWORKS",
        subnetworks: [{ name: subnetwork.id, sourceIpRangesToNats: ["ALL_IP_RANGES"] }],
      },
      child,
    );
    this.egressRanges = egress.address.apply((address) => [`${address}/32`]);

    const account = new gcp.serviceaccount.Account(
      name,
      { ...project, accountId: shortName(`${name}-nodes`, 30) },
      child,
    );
    const roles = nodeRoles.map(
      (role) =>
        new gcp.projects.IAMMember(
          `${name}-${role.split("/")[1] ?? role}`,
          {
            project: args.project ?? account.project,
            role,
            member: pulumi.interpolate`serviceAccount:${account.email}`,
          },
          child,
        ),
    );
    const cluster = new gcp.container.Cluster(
      name,
      {
        ...project,
        location: args.location,
        network,
        subnetwork: subnetwork.selfLink,
        networkingMode: "VPC_NATIVE",
        // Dataplane V2 enforces NetworkPolicies; without it, nobody does.
        datapathProvider: "ADVANCED_DATAPATH",
        ipAllocationPolicy: {
          clusterSecondaryRangeName: "pods",
          servicesSecondaryRangeName: "services",
        },
        privateClusterConfig: {
          enablePrivateNodes: true,
          enablePrivateEndpoint: false,
          masterIpv4CidrBlock: controlPlaneRange,
        },
        ...(args.authorizedRanges === undefined
          ? {}
          : {
              masterAuthorizedNetworksConfig: {
                cidrBlocks: args.authorizedRanges.map(({ cidr, name: displayName }) => ({
                  cidrBlock: cidr,
                  displayName,
                })),
              },
            }),
        workloadIdentityConfig: {
          workloadPool: pulumi.interpolate`${args.project ?? account.project}.svc.id.goog`,
        },
        releaseChannel: { channel: args.releaseChannel ?? "REGULAR" },
        // The default pool can't be changed without replacing the cluster: it's removed at once.
        removeDefaultNodePool: true,
        initialNodeCount: 1,
        nodeConfig: { serviceAccount: account.email, tags: [this.#nodeTag] },
        deletionProtection: args.deletionProtection ?? false,
      },
      // A cluster that was made without Dataplane V2 would be replaced.
      {
        ...child,
        dependsOn: withMore([nat, ...roles], options.dependsOn),
        ignoreChanges: ["nodeConfig", "datapathProvider"],
      },
    );
    const nodes = new gcp.container.NodePool(
      name,
      {
        ...project,
        location: args.location,
        cluster: cluster.name,
        nodeCount: args.nodesPerZone ?? 2,
        nodeConfig: {
          machineType: args.machineType ?? "e2-standard-4",
          serviceAccount: account.email,
          oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"],
          tags: [this.#nodeTag],
          workloadMetadataConfig: { mode: "GKE_METADATA" },
          shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
        },
      },
      child,
    );
    // GKE opens ports 443 and 10250 to a private control plane; istiod's webhooks, which inject sidecars, are at 15017.
    const webhooks = new gcp.compute.Firewall(
      `${name}-webhooks`,
      {
        ...project,
        network,
        direction: "INGRESS",
        allows: [{ protocol: "tcp", ports: ["15017"] }],
        sourceRanges: [controlPlaneRange],
        targetTags: [this.#nodeTag],
      },
      child,
    );
    this.kubeconfig = pulumi.secret(
      // Without nodes, or webhooks that are reached, nothing would get ready.
      pulumi
        .all([cluster.name, cluster.endpoint, cluster.masterAuth, nodes.id, webhooks.id])
        .apply(([clusterName, endpoint, auth]) =>
          gkeKubeconfig(clusterName, endpoint, auth.clusterCaCertificate),
        ),
    );
    this.identifier = cluster.id;
    this.provider = clusterProvider(name, this.kubeconfig, this.identifier, child);
    this.registerOutputs({ kubeconfig: this.kubeconfig, egressRanges: this.egressRanges });
  }

  /**
   * Lets the mesh's gateway be reached from these ranges only. GKE opens load balancers' ports to everybody
   * unless their Services say otherwise, so peers are admitted and all others refused, ahead of that rule. `Mesh` calls
   * this; a second call changes nothing.
   * @param ranges CIDRs of the peers; those of the cluster's own nodes and pods are admitted with them.
   * @param port Port of the gateway, TCP.
   */
  admitPeers(ranges: pulumi.Input<pulumi.Input<string>[]>, port: number): void {
    if (this.#admits) return;
    this.#admits = true;
    const gcp = optionalPeer("@pulumi/gcp", "GkeCluster");
    const rule = (
      what: string,
      priority: number,
      verdict: "allows" | "denies",
      sourceRanges: pulumi.Input<pulumi.Input<string>[]>,
    ) =>
      new gcp.compute.Firewall(
        `${this.#name}-gateway-${what}`,
        {
          ...this.#project,
          network: this.network,
          direction: "INGRESS",
          priority,
          [verdict]: [{ protocol: "tcp", ports: [String(port)] }],
          sourceRanges,
          targetTags: [this.#nodeTag],
        },
        this.#child,
      );
    rule(
      "peers",
      800,
      "allows",
      pulumi.output(ranges).apply((peers) => [...peers, ...this.#own]),
    );
    rule("others", 900, "denies", ["0.0.0.0/0"]);
  }
}

/** A kubeconfig whose credentials come from gcloud's plugin when they are needed; it has none itself. */
export function gkeKubeconfig(
  name: string,
  endpoint: string,
  clusterCaCertificate: string | undefined,
): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [
      {
        name,
        cluster: {
          server: `https://${endpoint}`,
          "certificate-authority-data": clusterCaCertificate ?? "",
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
    users: [
      {
        name,
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1beta1",
            command: "gke-gcloud-auth-plugin",
            installHint:
              "Install gke-gcloud-auth-plugin: gcloud components install gke-gcloud-auth-plugin",
            interactiveMode: "Never",
            provideClusterInfo: true,
          },
        },
      },
    ],
  });
}
