import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { MeshError } from "../core/issues";
import { type LateInput, lateValuesIn } from "../core/late";
import type { Cluster, Mesh } from "../core/mesh";
import { baseValues, gatewayIstiodValues, istiodValues } from "../core/objects/helmValues";
import { hasHubs } from "../core/objects/hubService";
import { planRootNamespace } from "../core/objects/namespaces";
import { isMap } from "../core/rules/plainData";
import { requireCluster } from "../core/standAlone";
import { withMore } from "./childOptions";
import { withInputErrors } from "./inputErrors";
import { nothingLate, toInputs } from "./lateOutputs";
import type { MeshCluster, MeshClusters } from "./meshCluster";
import { nodeAddressNeeded } from "./multiClusterGateway";
import { checkPlaceable, hooksFor, placedIn, placeObjects, requireMeshCluster } from "./placement";

/** Where Istio publishes its Helm charts. */
export const istioChartRepository = "https://istio-release.storage.googleapis.com/charts";

/** Arguments of `IstioControlPlane`. */
export interface IstioControlPlaneArgs {
  /** From `parseMesh`; its `istio` says which version, revision and namespace. */
  readonly mesh: Mesh;
  /** The cluster, by its name; others are left alone. */
  readonly clusters: MeshClusters;
  /** Name of the cluster. */
  readonly cluster: string;
  /** Repository of the charts `base` and `istiod`, such as a mirror of yours. @default Istio's own */
  readonly repository?: pulumi.Input<string>;
  /**
   * Addresses of other clusters' gateways, by cluster, where `distribution` is endpoints and a gateway is a NodePort.
   * @default those in the description, else of the clusters' nodes
   */
  readonly gatewayAddresses?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Values for the chart `istiod` beside those that the mesh needs, which win. @default none */
  readonly values?: Readonly<Record<string, pulumi.Input<unknown>>>;
}

/**
 * Istio in one cluster: its Helm charts `base` and `istiod`, with what the mesh needs istiod to know. After
 * the cluster's CA, so that istiod finds it when it starts; before gateways, services and workloads that are
 * made after it. Where the mesh has hubs, there is a second release of `istiod` for gateways and hubs, and the first one follows
 * when these are made: `installIstiod`.
 * @throws InputPropertiesError when the mesh has no such cluster.
 */
export class IstioControlPlane extends pulumi.ComponentResource {
  /** Version of the chart `istiod` that is installed. */
  readonly version: pulumi.Output<string>;
  readonly #args: IstioControlPlaneArgs;
  readonly #options: pulumi.ComponentResourceOptions;
  readonly #cluster: Cluster;
  /** Without hubs, `istiod` is there already. */
  #isComplete: boolean;

  constructor(
    name: string,
    args: IstioControlPlaneArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    const { mesh, clusters } = args;
    const { cluster, target, root, needed } = withInputErrors(name, () => {
      const found = requireCluster(mesh, args.cluster);
      const namespace = planRootNamespace(mesh, found);
      checkPlaceable(clusters, new Map([[found.name, [namespace]]]));
      checkOrder(mesh, found.name, requireMeshCluster(clusters, found.name));
      const ownValues = istiodValues(mesh, found);
      const unknown = lateValuesIn(ownValues)
        .flatMap(({ inputs }) => inputs)
        .filter((input) => nodeAddressOf(args, input) === undefined);
      if (unknown.length > 0)
        throw new MeshError(unknown.map((input) => nodeAddressNeeded(input.cluster)));
      return {
        needed: ownValues,
        cluster: found,
        target: requireMeshCluster(clusters, found.name),
        root: namespace,
      };
    });
    super("meshspan:index:IstioControlPlane", name, {}, options);
    const source = (input: LateInput) => nodeAddressOf(args, input) ?? nothingLate(input);
    const namespaces = placeObjects(
      { mesh, clusters, parent: this, dependsOn: options.dependsOn },
      new Map([[cluster.name, [root]]]),
    );
    this.#args = args;
    this.#options = options;
    this.#cluster = cluster;
    this.#isComplete = !hasHubs(mesh);
    const placed = placedIn(target);
    const trust = placed.stages.get("trust") ?? [];
    const base = this.#release("base", "base", baseValues(mesh), [
      ...(namespaces.get(cluster.name)?.values() ?? []),
    ]);
    const values = gatewayIstiodValues(mesh, cluster);
    const istiod =
      values === undefined
        ? this.#release("istiod", "istiod", this.#with(toInputs(needed, source)), [base, ...trust])
        : this.#release("istiod-gateways", "istiod", this.#with(values), [base, ...trust]);
    placed.controlPlane.push(base, istiod);
    this.version = istiod.status.version;
    this.registerOutputs({ version: this.version });
  }

  /**
   * Installs the istiod of all other pods, where the mesh has hubs: it's ready once it has read one, by the cluster's gateway, so
   * that `MultiClusterGateway` and `Hub` of this cluster and of those with hubs come before it. Services and workloads that are
   * made after this call wait for it. Nothing is left to do where the mesh has none.
   */
  installIstiod(): void {
    if (this.#isComplete) return;
    this.#isComplete = true;
    const { mesh, clusters } = this.#args;
    const own = placedIn(requireMeshCluster(clusters, this.#cluster.name));
    const needed = new Set([this.#cluster.name, ...mesh.hubs]);
    const gateways = [...needed].flatMap(
      (name) => placedIn(requireMeshCluster(clusters, name)).stages.get("gateway") ?? [],
    );
    const values = this.#with(istiodValues(mesh, this.#cluster));
    own.controlPlane.push(
      this.#release("istiod", "istiod", values, [...own.controlPlane, ...gateways]),
    );
  }

  /** Values of the program, and those that the mesh needs, which win. */
  #with(values: object): object {
    return withValues(this.#args.values, values);
  }

  #release(
    what: "base" | "istiod" | "istiod-gateways",
    chart: "base" | "istiod",
    values: object,
    dependsOn: readonly pulumi.Resource[],
  ): kubernetes.helm.v3.Release {
    const { mesh, clusters, repository } = this.#args;
    const { version, revision } = mesh.istio;
    const target = requireMeshCluster(clusters, this.#cluster.name);
    return new kubernetes.helm.v3.Release(
      `${mesh.name}/${this.#cluster.name}/${what}`,
      {
        // Names of releases as in Istio's own instructions, so that `helm list` shows what people know.
        name:
          what === "base" ? "istio-base" : revision === undefined ? what : `${what}-${revision}`,
        chart,
        namespace: mesh.istio.namespace,
        repositoryOpts: { repo: repository ?? istioChartRepository },
        ...(version === undefined ? {} : { version }),
        values,
      },
      {
        parent: this,
        provider: target.provider,
        dependsOn: withMore(dependsOn, this.#options.dependsOn),
        hooks: hooksFor(mesh, this.#cluster.name, target),
      },
    );
  }
}

/** Where a gateway is reached that is a NodePort; that of a load balancer would come after istiod. */
function nodeAddressOf(
  { clusters, gatewayAddresses = {} }: IstioControlPlaneArgs,
  { kind, cluster }: LateInput,
): pulumi.Input<string> | undefined {
  return kind === "gatewayAddress"
    ? (gatewayAddresses[cluster] ?? clusters[cluster]?.nodeAddress)
    : undefined;
}

/** What is made before can't wait for it, and what is made after it can't be there when it starts. */
function checkOrder(mesh: Mesh, name: string, cluster: MeshCluster): void {
  const { stages } = placedIn(cluster);
  const early = (["gateway", "services", "workloads"] as const).find((stage) => stages.has(stage));
  const lacksTrust = mesh.trust.issuer !== "existing" && !stages.has("trust");
  if (early === undefined && !lacksTrust) return;
  throw new MeshError([
    {
      code: "conflicting_keys",
      path: ["clusters", name],
      message: lacksTrust
        ? "the control plane is made before the cluster's CA, and would start with one of its own"
        : `${early ?? ""} objects are made before the control plane, and wouldn't wait for it`,
      hint: lacksTrust
        ? "make SharedRootCA first (name it in dependsOn in languages other than TypeScript), or set trust.issuer to existing where the CA is there"
        : "make IstioControlPlane first (name it in dependsOn in languages other than TypeScript)",
    },
  ]);
}

/**
 * Both sets of values, maps merged as Helm merges them; what the mesh needs wins. A map of the program's that is late is merged once
 * it's known.
 */
function withValues(own: unknown, needed: object): object {
  if (pulumi.Output.isInstance(own) || own instanceof Promise)
    return pulumi.all([own, needed]).apply(([known, all]) => withValues(known, all));
  const merged: Record<string, unknown> = isMap(own) ? { ...own } : {};
  for (const [key, value] of Object.entries(needed))
    merged[key] = isMap(value) ? withValues(merged[key], value) : value;
  return merged;
}
