import * as pulumi from "@pulumi/pulumi";
import { type LateInput, lateInputKey } from "../core/late";
import { clusterOf, type Mesh } from "../core/mesh";
import type { PlannedObject } from "../core/objects/manifest";
import { planReader, planRemoteSecrets, readerTokenName } from "../core/objects/remoteSecrets";
import { withInputErrors } from "./inputErrors";
import { nothingLate } from "./lateOutputs";
import type { MeshClusters } from "./meshCluster";
import { checkPlaceable, placedIn, placeObjects, requireMeshCluster } from "./placement";

/** Arguments of `RemoteSecrets`. */
export interface RemoteSecretsArgs {
  /** From `parseMesh`; its `distribution` says whether there is anything to make. */
  readonly mesh: Mesh;
  /** Each cluster of the mesh. */
  readonly clusters: MeshClusters;
}

/**
 * With `distribution: endpoints`, what control planes read each other by: in each serving cluster a ServiceAccount with its rights
 * and a token, and in each consuming cluster a secret with that token. Another `readerToken` in the description makes another
 * token; the one before goes once every consumer has the new one.
 * @throws InputPropertiesError when a cluster is missing.
 */
export class RemoteSecrets extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: RemoteSecretsArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    const { mesh, clusters } = args;
    const { readers, secrets } = withInputErrors(name, () => {
      const each = (plan: (of: (typeof mesh.clusters)[number]) => readonly PlannedObject[]) =>
        new Map(mesh.clusters.map((cluster) => [cluster.name, plan(cluster)]));
      const planned = {
        readers: each((cluster) => planReader(mesh, cluster)),
        secrets: each((cluster) => planRemoteSecrets(mesh, cluster)),
      };
      for (const objects of Object.values(planned)) checkPlaceable(clusters, objects);
      return planned;
    });
    super("meshspan:index:RemoteSecrets", name, {}, options);
    const common = { mesh, clusters, parent: this, dependsOn: options.dependsOn };
    placeObjects(common, readers);
    placeObjects({ ...common, source: (input) => readerInput(mesh, clusters, input) }, secrets);
    this.registerOutputs({});
  }
}

function readerInput(mesh: Mesh, clusters: MeshClusters, input: LateInput): pulumi.Input<string> {
  const cluster = requireMeshCluster(clusters, input.cluster);
  switch (input.kind) {
    case "apiServer":
      return cluster.apiServer;
    case "readerAuthority":
    case "readerToken": {
      const name = readerTokenName(clusterOf(mesh, input.cluster));
      const key = `core/Secret/${mesh.istio.namespace}/${name}`;
      const part = input.kind === "readerToken" ? "token" : "ca.crt";
      return secretPart(placedIn(cluster).objects.get(key)?.resource, part, input);
    }
    default:
      return nothingLate(input);
  }
}

/** What Kubernetes puts into the secret of a token. The provider waits for it (its untilCoreV1SecretInitialized). */
function secretPart(
  secret: pulumi.Resource | undefined,
  part: "token" | "ca.crt",
  input: LateInput,
): pulumi.Output<string> {
  const { data } = secret as pulumi.Resource & {
    readonly data: pulumi.Output<Readonly<Record<string, string>> | undefined>;
  };
  return pulumi.secret(data).apply((found) => {
    const value = found?.[part];
    if (value === undefined && pulumi.runtime.isDryRun())
      return pulumi.unknown as unknown as string;
    if (value === undefined)
      throw new pulumi.RunError(
        `${lateInputKey(input)} isn't there yet: Kubernetes has made no token. Run pulumi up again.`,
      );
    return Buffer.from(value, "base64").toString("utf8");
  });
}
