import * as pulumi from "@pulumi/pulumi";
import { MeshError } from "../core/issues";
import { lateValuesIn } from "../core/late";
import type { GlobalService as CoreService, Mesh } from "../core/mesh";
import type { PlannedObject } from "../core/objects/manifest";
import { planGlobalService } from "../core/objects/globalService";
import {
  checkUnclaimed,
  type DescribedService,
  describedService,
  requireService,
} from "../core/standAlone";
import { withInputErrors } from "./inputErrors";
import { fromGatewayAddresses } from "./lateOutputs";
import type { MeshClusters } from "./meshCluster";
import { checkPlaceable, placedIn, placeObjects, requireMeshCluster } from "./placement";

/** What every `GlobalService` needs. */
interface CommonArgs {
  /** From `parseMesh`: the clusters, the domain and the address pool. */
  readonly mesh: Mesh;
  /** Each cluster that serves or consumes. */
  readonly clusters: MeshClusters;
  /**
   * Addresses of the serving clusters' gateways, by cluster, as `MultiClusterGateway` gives them.
   * @default those in the description
   */
  readonly gatewayAddresses?: Readonly<Record<string, pulumi.Input<string>>>;
}

/** A service that is described here. */
export interface DescribedServiceArgs extends CommonArgs, DescribedService {}

/** A service that the mesh's description has, by its key `<service>.<namespace>`. */
export interface NamedServiceArgs extends CommonArgs {
  /** Its key in the description, such as "redis-cart.default"; one that it lacks is an error. */
  readonly service: string;
}

/** Arguments of `GlobalService`. */
export type GlobalServiceArgs = DescribedServiceArgs | NamedServiceArgs;

/**
 * A service that is called across clusters as `<service>.<namespace>.<domain>`: ServiceEntries, a
 * DestinationRule and routes where it is consumed; versions, STRICT mutual TLS and an allow-list where it is
 * served. Its namespace has to exist in each of these clusters, and to have sidecars injected.
 * @throws InputPropertiesError with every fault of the service at once.
 */
export class GlobalService extends pulumi.ComponentResource {
  /** The service with all defaults. */
  readonly service: CoreService;
  /** `<service>.<namespace>.<domain>`: what callers write. */
  readonly host: pulumi.Output<string>;
  /** Its virtual IPv4 address, the same in every cluster. */
  readonly address: pulumi.Output<string>;

  constructor(
    name: string,
    args: GlobalServiceArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    const { service, objects } = withInputErrors(name, () => planned(args));
    super("meshspan:index:GlobalService", name, {}, options);
    const { mesh, clusters, gatewayAddresses = {} } = args;
    this.service = service;
    const source = fromGatewayAddresses(gatewayAddresses);
    placeObjects({ mesh, clusters, parent: this, source, dependsOn: options.dependsOn }, objects);
    for (const cluster of objects.keys()) {
      placedIn(requireMeshCluster(clusters, cluster)).services.set(service.address, service.key);
    }
    const { host, address } = service;
    this.host = pulumi.output(host);
    this.address = pulumi.output(address);
    // As they are: an Output costs as much as a resource's property.
    this.registerOutputs({ host, address });
  }
}

/** What there is to make, and what can be wrong with it. */
function planned(args: GlobalServiceArgs): {
  readonly service: CoreService;
  readonly objects: ReadonlyMap<string, readonly PlannedObject[]>;
} {
  const { mesh, clusters, gatewayAddresses = {} } = args;
  const service = serviceOf(args);
  const objects = planGlobalService(mesh, service);
  checkPlaceable(clusters, objects);
  checkGatewayAddresses(objects, gatewayAddresses);
  for (const name of objects.keys()) {
    const { services } = placedIn(requireMeshCluster(clusters, name));
    checkUnclaimed(service, mesh, services.get(service.address));
  }
  return { service, objects };
}

function serviceOf(args: GlobalServiceArgs): CoreService {
  if ("service" in args) return requireService(args.mesh, args.service);
  const { mesh, clusters: _clusters, gatewayAddresses: _addresses, ...described } = args;
  return describedService(mesh, described);
}

/** @throws MeshError when objects need the address of a gateway that nothing says. */
export function checkGatewayAddresses(
  objects: ReadonlyMap<string, readonly PlannedObject[]>,
  given: Readonly<Record<string, unknown>>,
): void {
  const inputs = [...new Set([...objects.values()].flat())]
    .flatMap(({ manifest }) => lateValuesIn(manifest))
    .flatMap((late) => late.inputs);
  const missing = new Set(
    inputs
      .map(({ cluster }) => cluster)
      .filter((cluster) => !Object.hasOwn(given, cluster) || given[cluster] === undefined),
  );
  if (missing.size === 0) return;
  throw new MeshError(
    [...missing].sort().map((cluster) => ({
      code: "gateway_address_needed" as const,
      path: ["gatewayAddresses", cluster],
      message: `nothing says where the gateway of ${JSON.stringify(cluster)} is reached`,
      hint: `add gatewayAddresses: { ${JSON.stringify(cluster)}: gateway.address }, or clusters.${cluster}.gateway.address to the description`,
    })),
  );
}
