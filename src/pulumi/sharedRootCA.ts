import * as pulumi from "@pulumi/pulumi";
import type { CaFileName, LateInput } from "../core/late";
import type { Issue } from "../core/issues";
import type { Mesh } from "../core/mesh";
import type { PlannedObject } from "../core/objects/manifest";
import { planRootNamespace } from "../core/objects/namespaces";
import { planRootOfTrust } from "../core/objects/rootOfTrust";
import { inputPropertiesError, withInputErrors } from "./inputErrors";
import { checkCaFiles, type IssuedCa, issueWithTls, type Root } from "./issuing";
import { nothingLate } from "./lateOutputs";
import type { MeshClusters } from "./meshCluster";
import { checkPlaceable, placeObjects, takesHooks } from "./placement";
import { rootChangeHook, type RootChangePolicy } from "./rootChangeHook";

/** Arguments of `SharedRootCA`. */
export interface SharedRootCAArgs {
  /** From `parseMesh`; its `trust` says who issues, for how long and with which keys. */
  readonly mesh: Mesh;
  /** Every cluster of the mesh. */
  readonly clusters: MeshClusters;
  /**
   * A root of your own: with its key, or with a function that has intermediates signed elsewhere.
   * @default a root is made, and its key kept in the state as a secret
   */
  readonly root?: Root;
  /** The same for the root that follows, `trust.next`: it becomes `root` when its name does. */
  readonly nextRoot?: Root;
  /**
   * Whether a cluster's CA is changed only once every proxy of the mesh, of all clusters, is ready for it. The kubeconfigs then
   * have to allow listing pods and forwarding their ports; nothing is asked as long as the root stays.
   * @default "guarded"
   */
  readonly rootChange?: RootChangePolicy;
}

/**
 * The common root of trust: in each cluster the secret `istio-system/cacerts` with an intermediate below the
 * one root, or cert-manager's Certificate that makes it. Keys are secrets in the state.
 *
 * A root of your own, and what your function signs, is verified before it gets to a cluster: it has to be one
 * that istiod and every proxy accept. A change of the root that proxies aren't ready for fails that cluster's secret, which stays.
 * @throws InputPropertiesError when a cluster of the mesh is missing.
 */
export class SharedRootCA extends pulumi.ComponentResource {
  /** PEM of the root; `undefined` where others issue (`trust.issuer` is cert-manager or existing). */
  readonly rootCertificate: pulumi.Output<string> | undefined;

  constructor(name: string, args: SharedRootCAArgs, options: pulumi.ComponentResourceOptions = {}) {
    const { mesh, clusters } = args;
    const objects = new Map(
      mesh.clusters.map((cluster) => {
        const own = planRootOfTrust(mesh, cluster);
        const before = own.length > 0 ? [planRootNamespace(mesh, cluster)] : [];
        return [cluster.name, [...before, ...own]];
      }),
    );
    withInputErrors(name, () => checkPlaceable(clusters, objects));
    super("meshspan:index:SharedRootCA", name, {}, options);
    const issued = mesh.trust.issuer === "files" ? this.#issue(name, args) : undefined;
    this.rootCertificate = issued?.rootCertificate;
    const source = issued === undefined ? nothingLate : sourceOf(issued.files);
    const { rootChange = "guarded" } = args;
    const isGuarded = issued !== undefined && rootChange === "guarded" && takesHooks();
    const guard = isGuarded ? { beforeUpdate: [rootChangeHook(mesh, clusters)] } : {};
    const hooksOf = ({ manifest }: PlannedObject) => (manifest.kind === "Secret" ? guard : {});
    const { dependsOn } = options;
    placeObjects({ mesh, clusters, parent: this, source, hooksOf, dependsOn }, objects);
    this.registerOutputs({ rootCertificate: this.rootCertificate });
  }

  #issue(name: string, { mesh, root, nextRoot }: SharedRootCAArgs): IssuedCa {
    const { trust } = mesh;
    const given = new Map<string, Root>();
    if (root !== undefined) given.set(trust.root, root);
    if (nextRoot !== undefined) {
      if (trust.next === undefined) throw inputPropertiesError(name, [nextRootUnused], []);
      given.set(trust.next.root, nextRoot);
    }
    const issued = issueWithTls(name, mesh, given, this);
    if (given.size === 0) return issued;
    const files = pulumi
      .all([issued.rootCertificate, issued.files])
      .apply(([certificate, clusters]) => checkCaFiles(name, certificate, clusters));
    return { ...issued, files };
  }
}

const nextRootUnused: Issue = {
  code: "missing_key",
  path: ["nextRoot"],
  message: "it is given, but the mesh has no trust.next",
  hint: "name it there, or pass it as root where its rotation is over",
};

function sourceOf(files: IssuedCa["files"]) {
  return (input: LateInput): pulumi.Input<string> =>
    input.kind === "caFile"
      ? files.apply((all) => fileOf(all, input.cluster, input.file))
      : nothingLate(input);
}

function fileOf(
  all: Readonly<Record<string, Readonly<Record<CaFileName, string>>>>,
  cluster: string,
  file: CaFileName,
): string {
  const found = all[cluster];
  if (found === undefined) throw new Error(`nothing was issued for ${cluster}`);
  return found[file];
}
