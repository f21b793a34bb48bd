import * as pulumi from "@pulumi/pulumi";
import type { ListedAuthority, RevocationListsInputs } from "./revocationListsProvider";

/** Arguments of `RevocationLists`. */
interface RevocationListsArgs {
  readonly roots: pulumi.Input<string>;
  readonly authorities: pulumi.Input<readonly ListedAuthority[]>;
  readonly revoked: readonly string[];
  readonly others: pulumi.Input<string>;
}

/** A line in the state; the code stays in the package. See `SharedObject`. */
const providerModule =
  'exports.handler = () => require("meshspan/pulumi/revocation-lists").revocationListsProvider;';

/**
 * The revocation lists of a mesh's CAs. A resource, since a signature is another one each time: lists are signed once and kept
 * in the state. The tls provider makes certificates and no lists.
 */
export class RevocationLists extends pulumi.CustomResource {
  /** All of them, PEM. */
  declare readonly lists: pulumi.Output<string>;

  constructor(name: string, args: RevocationListsArgs, options: pulumi.CustomResourceOptions) {
    const inputs: { readonly [Key in keyof RevocationListsInputs]: pulumi.Input<unknown> } = {
      roots: args.roots,
      authorities: pulumi.secret(args.authorities),
      revoked: args.revoked,
      others: args.others,
    };
    super(
      "pulumi-nodejs:dynamic/meshspan:RevocationLists",
      name,
      { ...inputs, lists: undefined, __provider: providerModule },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ["authorities"] }),
    );
  }
}
