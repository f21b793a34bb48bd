import * as pulumi from "@pulumi/pulumi";
import type { CaFiles, LateInput } from "../core/late";
import { type Issue, IssueCollector, MeshError, show } from "../core/issues";
import type { Mesh } from "../core/mesh";
import type { PlannedObject } from "../core/objects/manifest";
import { planRootNamespace } from "../core/objects/namespaces";
import { planRootOfTrust } from "../core/objects/rootOfTrust";
import { plainSerial } from "../pki/serialNumber";
import { childOptions } from "./childOptions";
import { withInputErrors } from "./inputErrors";
import { checkCaFiles, type IssuedCa, issueWithTls, type Root } from "./issuing";
import { nothingLate } from "./lateOutputs";
import type { MeshClusters } from "./meshCluster";
import { checkPlaceable, placeObjects, takesHooks } from "./placement";
import { rootChangeHook, type RootChangePolicy } from "./rootChangeHook";

/** What can be said of the root of trust beside the description. */
export interface TrustArgs {
  /**
   * A root of your own: with its key, or with a function that has intermediates signed elsewhere.
   * @default a root is made, and its key kept in the state as a secret
   */
  readonly root?: Root;
  /**
   * The same for the root that follows, `trust.next`: it becomes `root` when its name does.
   * @default a root is made where `trust.next` names one
   */
  readonly nextRoot?: Root;
  /**
   * With `trust.crl`: serial numbers, hexadecimal, of intermediates that the root takes back. It keeps them on its list for good.
   * @default none
   */
  readonly revoked?: readonly string[];
  /**
   * With `trust.crl`: revocation lists (PEM, `X509 CRL`) of CAs whose keys aren't here: of a root of your own without its key, and
   * of what stands between it and the intermediates.
   * @default none
   */
  readonly crl?: pulumi.Input<string>;
  /**
   * Whether a cluster's CA is changed only once every proxy of the mesh, of all clusters, is ready for it. The kubeconfigs then
   * have to allow listing pods and forwarding their ports; nothing is asked as long as the root stays.
   * @default "guarded"
   */
  readonly rootChange?: RootChangePolicy;
}

/** Arguments of `SharedRootCA`. */
export interface SharedRootCAArgs extends TrustArgs {
  /** From `parseMesh`; its `trust` says who issues, for how long and with which keys. */
  readonly mesh: Mesh;
  /** Every cluster of the mesh. */
  readonly clusters: MeshClusters;
}

/** Those of them that are given. */
export function trustArgsOf({ root, nextRoot, revoked, crl, rootChange }: TrustArgs): TrustArgs {
  return {
    ...(root === undefined ? {} : { root }),
    ...(nextRoot === undefined ? {} : { nextRoot }),
    ...(revoked === undefined ? {} : { revoked }),
    ...(crl === undefined ? {} : { crl }),
    ...(rootChange === undefined ? {} : { rootChange }),
  };
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
    withInputErrors(name, () => {
      checkPlaceable(clusters, objects);
      const issues = trustIssues(mesh, args);
      if (issues.length > 0) throw new MeshError(issues);
    });
    super("meshspan:index:SharedRootCA", name, {}, options);
    const child = childOptions(this, options);
    const issued = mesh.trust.issuer === "files" ? issue(name, args, child) : undefined;
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
}

function issue(
  name: string,
  { mesh, root, nextRoot, revoked = [], crl }: SharedRootCAArgs,
  options: pulumi.CustomResourceOptions,
): IssuedCa {
  const { trust } = mesh;
  const given = new Map<string, Root>();
  if (root !== undefined) given.set(trust.root, root);
  if (nextRoot !== undefined && trust.next !== undefined) given.set(trust.next.root, nextRoot);
  const issued = issueWithTls(
    name,
    mesh,
    given,
    { revoked: revoked.map(plainSerial), crl: crl ?? "" },
    options,
  );
  if (given.size === 0) return issued;
  const files = pulumi
    .all([issued.rootCertificate, issued.files])
    .apply(([certificate, clusters]) => checkCaFiles(name, certificate, clusters));
  return { ...issued, files };
}

/** A fault for each argument that says nothing in such a mesh, and for each serial number that is none. */
export function trustIssues(
  { trust }: Pick<Mesh, "trust">,
  { root, nextRoot, revoked = [], crl }: TrustArgs,
): readonly Issue[] {
  const issues = new IssueCollector();
  if (trust.issuer !== "files") {
    for (const [key, value] of Object.entries({ root, nextRoot, revoked: revoked[0], crl }))
      if (value !== undefined)
        issues
          .at(key)
          .add(
            "conflicting_keys",
            `it is given, but CAs are made by others: trust.issuer is ${trust.issuer}`,
            "leave it out, or set trust.issuer to files",
          );
    return issues.issues;
  }
  if (nextRoot !== undefined && trust.next === undefined)
    issues
      .at("nextRoot")
      .add(
        "missing_key",
        "it is given, but the mesh has no trust.next",
        "name it there, or pass it as root where its rotation is over",
      );
  for (const [key, isGiven] of [
    ["revoked", revoked.length > 0],
    ["crl", crl !== undefined],
  ] as const) {
    if (isGiven && !trust.crl)
      issues
        .at(key)
        .add(
          "missing_key",
          "it is given, but the mesh has no trust.crl",
          "set trust.crl, so that clusters get revocation lists",
        );
  }
  for (const [index, serial] of revoked.entries()) {
    if (/^(?:[0-9a-f]{2}:?)+$/i.test(serial)) continue;
    issues
      .at("revoked", index)
      .add(
        "unknown_value",
        `${show(serial)} is not a serial number`,
        "write it in hexadecimal digits, as openssl x509 -noout -serial does",
      );
  }
  return issues.issues;
}

function sourceOf(files: IssuedCa["files"]) {
  return (input: LateInput): pulumi.Input<string> =>
    input.kind === "caFile"
      ? files.apply((all) => fileOf(all, input.cluster, input.file))
      : nothingLate(input);
}

function fileOf(
  all: Readonly<Record<string, CaFiles>>,
  cluster: string,
  file: keyof CaFiles,
): string {
  const found = all[cluster]?.[file];
  if (found === undefined) throw new Error(`no ${file} was made for ${cluster}`);
  return found;
}
