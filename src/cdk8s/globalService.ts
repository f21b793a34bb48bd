import type { Chart } from "cdk8s";
import { Construct } from "constructs";
import { type GlobalService as CoreService, type Mesh } from "../core/mesh";
import { planGlobalService } from "../core/objects/globalService";
import {
  checkUnclaimed,
  type DescribedService,
  describedService,
  requireService,
} from "../core/standAlone";
import { type ClusterCharts, placedIn, placeObjects } from "./placement";

/** What every `GlobalService` needs. */
interface CommonProps {
  /** From `parseMesh`: the clusters, the domain and the address pool. */
  readonly mesh: Mesh;
  /** A chart for each cluster that serves or consumes. */
  readonly charts: ClusterCharts;
}

/** A service that is described here. */
export interface DescribedServiceProps extends CommonProps, DescribedService {}

/** A service that the mesh's description has, by its key `<service>.<namespace>`. */
export interface NamedServiceProps extends CommonProps {
  /**
   * Its key in the description, such as "redis-cart.default"; one that it lacks is an error
   * (`unknown_service`).
   */
  readonly service: string;
}

/** Properties of `GlobalService`. */
export type GlobalServiceProps = DescribedServiceProps | NamedServiceProps;

/** Services of a mesh that constructs have put into a chart so far. */
export function placedServices(mesh: Mesh, chart: Chart): readonly CoreService[] {
  return [...placedIn(chart).services.values()]
    .filter((placed) => placed.mesh === mesh)
    .map(({ service }) => service);
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
    this.service = serviceOf(props);
    const { service } = this;
    const { mesh, charts } = props;
    const objects = planGlobalService(mesh, service);
    const placed = [...objects.keys()]
      .flatMap((cluster) => charts[cluster] ?? [])
      .map((chart) => placedIn(chart).services);
    for (const services of placed)
      checkUnclaimed(service, mesh, services.get(service.address)?.service.key);
    placeObjects(charts, id, objects);
    for (const services of placed) services.set(service.address, { mesh, service });
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

function serviceOf(props: GlobalServiceProps): CoreService {
  if ("service" in props) return requireService(props.mesh, props.service);
  const { mesh, charts: _, ...described } = props;
  return describedService(mesh, described);
}
