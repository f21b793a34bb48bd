import { Construct } from "constructs";
import type { ServiceDescription } from "../core/description";
import { MeshError } from "../core/issues";
import { type GlobalService as CoreService, type Mesh } from "../core/mesh";
import { planGlobalService } from "../core/objects/globalService";
import { once } from "../core/once";
import { parseService } from "../core/parse";
import { suggest } from "../core/shape";
import { type ClusterCharts, placeObjects } from "./placement";

/** What every `GlobalService` needs. */
interface CommonProps {
  /** From `parseMesh`: the clusters, the domain and the address pool. */
  readonly mesh: Mesh;
  /** A chart for each cluster that serves or consumes. */
  readonly charts: ClusterCharts;
}

/** A service that is described here. */
export interface DescribedServiceProps extends CommonProps, ServiceDescription {
  /** Name of the Kubernetes Service. */
  readonly name: string;
  /** @default default */
  readonly namespace?: string;
}

/** A service that the mesh's description has, by its key `<service>.<namespace>`. */
export interface NamedServiceProps extends CommonProps {
  readonly service: string;
}

/** Properties of `GlobalService`. */
export type GlobalServiceProps = DescribedServiceProps | NamedServiceProps;

/** The services of each mesh that have a construct, by address. */
const servicesOf = once((_mesh: Mesh) => new Map<string, CoreService>());

/** Services of a mesh that constructs were made for so far. */
export function placedServices(mesh: Mesh): readonly CoreService[] {
  return [...servicesOf(mesh).values()];
}

/**
 * A service that is called across clusters as `<service>.<namespace>.<domain>`: ServiceEntries, a
 * DestinationRule and routes where it is consumed; versions, STRICT mutual TLS and an allow-list where
 * it is served. Its namespace has to exist in each of these clusters, and to have sidecars injected.
 * @throws MeshError with every fault of the service at once.
 */
export class GlobalService extends Construct {
  /** The service with all defaults. */
  readonly service: CoreService;

  constructor(scope: Construct, id: string, props: GlobalServiceProps) {
    super(scope, id);
    this.service = "service" in props ? findService(props) : describeService(props);
    const placed = servicesOf(props.mesh);
    checkAddress(this.service, props.mesh, placed.get(this.service.address)?.key);
    placeObjects(props.charts, id, planGlobalService(props.mesh, this.service));
    placed.set(this.service.address, this.service);
  }

  /** `<service>.<namespace>.<domain>`: what callers write. */
  get host(): string {
    return this.service.host;
  }

  /** Its virtual IPv4 address, the same in every cluster. */
  get address(): string {
    return this.service.address;
  }
}

function describeService(props: DescribedServiceProps): CoreService {
  const { mesh, charts: _, name, namespace = "default", ...description } = props;
  return parseService(mesh, `${name}.${namespace}`, description);
}

function findService({ mesh, service: key }: NamedServiceProps): CoreService {
  const service = mesh.services.find((candidate) => candidate.key === key);
  if (service !== undefined) return service;
  throw new MeshError([
    {
      code: "unknown_service",
      path: ["service"],
      message: `the mesh's description has no service ${JSON.stringify(key)}`,
      hint: suggest(
        key,
        mesh.services.map((candidate) => candidate.key),
      ),
    },
  ]);
}

/** Services that are described one by one are checked against each other as those of a whole description are. */
function checkAddress({ key, address }: CoreService, mesh: Mesh, owner: string | undefined): void {
  if (owner === undefined) return;
  throw new MeshError([
    owner === key
      ? {
          code: "conflicting_keys",
          path: ["services", key],
          message: `${JSON.stringify(key)} is described twice`,
          hint: "make one GlobalService for all of its clusters",
        }
      : {
          code: "address_conflict",
          path: ["services", key, "address"],
          message: `${JSON.stringify(key)} and ${JSON.stringify(owner)} both have ${address}`,
          hint: `pin another address of ${mesh.pool} for one of them`,
        },
  ]);
}
