import * as pulumi from "@pulumi/pulumi";
import { crossingsOf } from "../core/crossings";
import type { Mesh } from "../core/mesh";
import type { PlannedObject } from "../core/objects/manifest";
import { dnsServerName, liveDns, planGlobalDns } from "../core/objects/globalDns";
import { planRootNamespace } from "../core/objects/namespaces";
import { requireCluster } from "../core/standAlone";
import type { GlobalService } from "./globalService";
import { withInputErrors } from "./inputErrors";
import { nothingLate } from "./lateOutputs";
import type { MeshClusters } from "./meshCluster";
import { checkPlaceable, placedIn, placeObjects, requireMeshCluster } from "./placement";

/** Arguments of `GlobalDns`. */
export interface GlobalDnsArgs {
  /** From `parseMesh`; its cluster says which DNS mode there is. */
  readonly mesh: Mesh;
  /** The cluster, by its name; others are left alone. */
  readonly clusters: MeshClusters;
  /** Name of the cluster. */
  readonly cluster: string;
  /**
   * The services whose names resolve.
   * @default those that the mesh's description lets this cluster consume
   */
  readonly services?: readonly GlobalService[];
}

/**
 * Names for pods of one cluster: a DNS server for the domain with a generated zone, and the stub domain that
 * leads to it, merged into the cluster's live DNS configuration and taken out again on destroy. With
 * `dns: proxy` there is nothing to make: istiod's values switch it on.
 * @throws InputPropertiesError when the mesh has no such cluster.
 */
export class GlobalDns extends pulumi.ComponentResource {
  /** Cluster IP of the domain's DNS server; `undefined` with `dns: proxy`. */
  readonly address: pulumi.Output<string> | undefined = undefined;

  constructor(name: string, args: GlobalDnsArgs, options: pulumi.ComponentResourceOptions = {}) {
    const { mesh, clusters } = args;
    const { cluster, objects } = withInputErrors(name, () => planned(args));
    super("meshspan:index:GlobalDns", name, {}, options);
    if (objects.length > 0) {
      const { objects: placed } = placedIn(requireMeshCluster(clusters, cluster));
      const server = `core/Service/${mesh.istio.namespace}/${dnsServerName}`;
      const address = () => clusterIp(placed.get(server)?.resource);
      placeObjects(
        {
          mesh,
          clusters,
          parent: this,
          // Objects are placed in order, and the server's Service comes before what names its address.
          source: (input) => (input.kind === "dnsAddress" ? address() : nothingLate(input)),
          dependsOn: options.dependsOn,
        },
        new Map([[cluster, objects]]),
      );
      this.address = address();
    }
    this.registerOutputs({ address: this.address });
  }
}

/** What there is to make, and what can be wrong with it. */
function planned({ mesh, clusters, cluster: name, services }: GlobalDnsArgs): {
  readonly cluster: string;
  readonly objects: readonly PlannedObject[];
} {
  const cluster = liveDns(requireCluster(mesh, name));
  const consumed = services?.map(({ service }) => service) ?? mesh.services;
  const crossings = crossingsOf({ clusters: [cluster], services: consumed }).get(cluster.name);
  const own = planGlobalDns(mesh, cluster, crossings?.records ?? []);
  const objects = own.length > 0 ? [planRootNamespace(mesh, cluster), ...own] : [];
  checkPlaceable(clusters, new Map([[cluster.name, objects]]));
  return { cluster: cluster.name, objects };
}

function clusterIp(service: pulumi.Resource | undefined): pulumi.Output<string> {
  const { spec } = service as pulumi.Resource & {
    readonly spec: pulumi.Output<{ readonly clusterIP: string }>;
  };
  return spec.clusterIP;
}
