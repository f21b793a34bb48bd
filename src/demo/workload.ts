/** What is said about each workload of the demo shop, and the words it is said in. */
import type { Protocol } from "../core/description";

/** The twelve workloads: upstream's eleven, the load generator among them, and the carts' Redis. */
export const workloadNames = [
  "frontend",
  "adservice",
  "cartservice",
  "checkoutservice",
  "currencyservice",
  "emailservice",
  "paymentservice",
  "productcatalogservice",
  "recommendationservice",
  "shippingservice",
  "redis-cart",
  "loadgenerator",
] as const;

/** Name of a workload: of its Deployment, its ServiceAccount and, where it has one, its Service. */
export type WorkloadName = (typeof workloadNames)[number];

/** A workload that is called by others. Nobody calls the load generator. */
export type ServiceName = Exclude<WorkloadName, "loadgenerator">;

/** The services in the order of `workloadNames`. */
export const serviceNames: readonly ServiceName[] = workloadNames.filter(
  (name) => name !== "loadgenerator",
);

/** One workload of the shop: a Deployment of one container and, before it, perhaps another. */
export interface ShopWorkload {
  readonly name: WorkloadName;
  /** The one port of its Service; `undefined` for a workload without Service. */
  readonly port: ShopPort | undefined;
  readonly container: ShopContainer;
  /** Runs to its end before `container` starts. */
  readonly initContainer?: ShopContainer;
  /** Directory of `container` that is an empty volume; everything else is read-only. */
  readonly volume?: { readonly name: string; readonly mountPath: string };
  /** Annotations of its pods. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Seconds that a pod gets to end. @default 30, which is Kubernetes' own */
  readonly terminationGracePeriodSeconds?: number;
  /** @default 1, which is Kubernetes' own */
  readonly replicas?: number;
}

/** A workload with a Service. */
export interface ShopService extends ShopWorkload {
  readonly name: ServiceName;
  readonly port: ShopPort;
}

/** Port of a Service. */
export interface ShopPort {
  /** Istio reads the protocol inside the cluster from the name's first part. */
  readonly name: "grpc" | "http" | "tcp-redis";
  readonly port: number;
  /** Port of the container. */
  readonly targetPort: number;
  /** Protocol as the global service of that name has it. */
  readonly protocol: Extract<Protocol, "HTTP" | "GRPC" | "TCP">;
}

/** One container. */
export interface ShopContainer {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly containerPort?: { readonly name?: string; readonly containerPort: number };
  /** Environment that is the same wherever the workload runs. */
  readonly environment: Readonly<Record<string, string>>;
  /** Services that it calls; the environment tells it where they are. */
  readonly calls: readonly ServiceCall[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly resources?: Resources;
}

/** A service that a container calls, and the environment variable that holds its `<host>:<port>`. */
export interface ServiceCall {
  readonly service: ServiceName;
  readonly env: string;
}

/** A probe, as Kubernetes writes it. */
export type Probe = ProbeTiming &
  (
    | { readonly grpc: { readonly port: number } }
    | { readonly tcpSocket: { readonly port: number } }
    | {
        readonly httpGet: {
          readonly path: string;
          readonly port: number;
          readonly httpHeaders: readonly { readonly name: string; readonly value: string }[];
        };
      }
  );

/** When a probe is made, in seconds. */
export interface ProbeTiming {
  /** @default 0 */
  readonly initialDelaySeconds?: number;
  /** @default 10 */
  readonly periodSeconds?: number;
}

/** What a container asks for and how far it may go. */
export interface Resources {
  readonly requests: { readonly cpu: string; readonly memory: string };
  readonly limits: { readonly cpu: string; readonly memory: string };
}

/** Every service that a workload calls, each variable once, in the order of its containers. */
export function shopCallsOf(workload: ShopWorkload): readonly ServiceCall[] {
  const containers = [workload.initContainer, workload.container];
  const calls = containers.flatMap((container) => container?.calls ?? []);
  return [...new Map(calls.map((call) => [call.env, call])).values()];
}
