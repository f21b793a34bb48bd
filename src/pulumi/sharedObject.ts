import * as pulumi from "@pulumi/pulumi";
import { Late, type LateInput, mapLate } from "../core/late";
import type { Manifest } from "../core/objects/manifest";
import type { LiveMerge } from "../live/sharedObject";
import { type LateSource, toInputs } from "./lateOutputs";
import type { SharedObjectInputs } from "./sharedObjectProvider";

/** Arguments of `SharedObject`. */
interface SharedObjectArgs {
  /** Name of the mesh. */
  readonly mesh: string;
  /** Name of the cluster, for messages. */
  readonly cluster: string;
  readonly kubeconfig: pulumi.Input<string>;
  /** Which cluster it is: in another one it's another object. */
  readonly identifier: pulumi.Input<string>;
  /** What the mesh wants to be there. */
  readonly manifest: Manifest;
  readonly source: LateSource;
}

/**
 * Pulumi's Node provider keeps the text of a module in the state whose `handler` gives the resource's
 * operations. This one is a line: the code stays in the package, so that it's mended by an upgrade, the
 * state has none of it, and no compiler has to be loaded to serialise a closure.
 */
const providerModule =
  'exports.handler = () => require("meshspan/pulumi/shared-object").sharedObjectProvider;';

/**
 * An object that others own too: a Namespace, or a ConfigMap of the cluster's DNS. What the mesh needs is
 * merged into what is there and taken out again when the resource is deleted; an object that wasn't there
 * is made, and deleted again. The Kubernetes provider's Patch resources don't do it: they can't read what
 * they merge into, and deleting one removes a Corefile rather than restore it.
 */
export class SharedObject extends pulumi.CustomResource {
  /** What the mesh wants to be there, as it was applied. */
  declare readonly manifest: pulumi.Output<Manifest>;

  constructor(name: string, args: SharedObjectArgs, options: pulumi.CustomResourceOptions) {
    const { manifest, merges } = splitMerges(args.manifest, args.source);
    const inputs: { readonly [Key in keyof SharedObjectInputs]: pulumi.Input<unknown> } = {
      mesh: args.mesh,
      cluster: args.cluster,
      kubeconfig: pulumi.secret(args.kubeconfig),
      identifier: args.identifier,
      manifest,
      merges,
    };
    super(
      "pulumi-nodejs:dynamic/meshspan:SharedObject",
      name,
      { ...inputs, __provider: providerModule },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ["kubeconfig"] }),
    );
  }
}

/** Takes the values that are merged into what the cluster has out of the manifest's data. */
function splitMerges(
  manifest: Manifest,
  source: LateSource,
): { readonly manifest: unknown; readonly merges: pulumi.Input<LiveMerge>[] } {
  const { data, ...rest } = manifest;
  if (typeof data !== "object" || data === null)
    return { manifest: toInputs(manifest, source), merges: [] };
  const merges: pulumi.Input<LiveMerge>[] = [];
  const kept = Object.entries(data).filter(([key, value]) => {
    const merge = liveMergeOf(key, value, source);
    if (merge !== undefined) merges.push(merge);
    return merge === undefined;
  });
  const plain = kept.length === 0 ? rest : { ...rest, data: Object.fromEntries(kept) };
  return { manifest: mapLate(plain, (late) => toInputs(late, source)), merges };
}

function liveMergeOf(
  key: string,
  value: unknown,
  source: LateSource,
): pulumi.Input<LiveMerge> | undefined {
  if (!(value instanceof Late)) return undefined;
  const { expression } = value;
  if (expression.use !== "mergedCorefile" && expression.use !== "mergedStubDomains")
    return undefined;
  const { use, domain, address } = expression;
  const resolved = (part: string | LateInput) =>
    pulumi.output(typeof part === "string" ? part : source(part));
  return { key, use, domain, address: resolved(address) } as unknown as pulumi.Input<LiveMerge>;
}
