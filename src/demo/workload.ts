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
  /** Name of its Deployment, ServiceAccount and Service, and value of its pods' label `app`. */
  readonly name: WorkloadName;
  /** The one port of its Service; `undefined` for a workload without Service. */
  readonly port: ShopPort | undefined;
  /** The program itself; Istio's proxy is injected beside it. */
  readonly container: ShopContainer;
  /** Runs to its end before `container` starts. */
  readonly initContainer?: ShopContainer;
  /** Directory of `container` that is an empty volume; everything else is read-only. */
  readonly volume?: {
    /** Name of the volume in the pod. */
    readonly name: string;
    /** Path of the directory in the container. */
    readonly mountPath: string;
  };
  /** Annotations of its pods. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Seconds that a pod gets to end. @default 30, which is Kubernetes' own */
  readonly terminationGracePeriodSeconds?: number;
  /**
   * How many pods its Deployment has, in each cluster that runs it.
   * @default 1, which is Kubernetes' own
   */
  readonly replicas?: number;
}

/** A workload with a Service. */
export interface ShopService extends ShopWorkload {
  /** First part of the host that callers write, global or not. */
  readonly name: ServiceName;
  /** The one port of its Service, and of its global service where it has one. */
  readonly port: ShopPort;
}

/** Port of a Service. */
export interface ShopPort {
  /** Istio reads the protocol inside the cluster from the name's first part. */
  readonly name: "grpc" | "http" | "tcp-redis";
  /** The port that callers dial, the same by the short name and by the global one. */
  readonly port: number;
  /** Port of the container. */
  readonly targetPort: number;
  /** Protocol as the global service of that name has it. */
  readonly protocol: Extract<Protocol, "HTTP" | "GRPC" | "TCP">;
}

/** One container. */
export interface ShopContainer {
  /** Name of the container in its pod, as upstream has it: "server" for most. */
  readonly name: string;
  /**
   * Reference of the image, with a tag or a digest: upstream's, at `onlineBoutiqueVersion`, for all
   * but Redis and busybox.
   */
  readonly image: string;
  /** What is run in place of the image's entry point. @default the image's own */
  readonly command?: readonly string[];
  /**
   * The port that it listens at, as its pod declares it: the `targetPort` of the Service.
   * @default none
   */
  readonly containerPort?: {
    /** @default none */
    readonly name?: string;
    /** The number, TCP. */
    readonly containerPort: number;
  };
  /** Environment that is the same wherever the workload runs. */
  readonly environment: Readonly<Record<string, string>>;
  /** Services that it calls; the environment tells it where they are. */
  readonly calls: readonly ServiceCall[];
  /**
   * While it fails, the pod gets no calls: they go to others, of other clusters too where the
   * service is global.
   * @default none
   */
  readonly readinessProbe?: Probe;
  /** Where it fails, Kubernetes starts the container anew. @default none */
  readonly livenessProbe?: Probe;
  /** What it asks for, and its limits. @default none is asked for, and there is no limit */
  readonly resources?: Resources;
}

/** A service that a container calls, and the environment variable that holds its `<host>:<port>`. */
export interface ServiceCall {
  /** The service that is called, wherever it runs. */
  readonly service: ServiceName;
  /** Name of the variable, which the program dictates, such as "REDIS_ADDR". */
  readonly env: string;
}

/**
 * A probe, as Kubernetes writes it: of gRPC's health service, of a connection, or of a GET that is
 * answered with 200 to 399. Ports are the container's.
 */
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
  /** From the start of the container to the first probe. @default 0, which is Kubernetes' own */
  readonly initialDelaySeconds?: number;
  /** From one probe to the next. @default 10, which is Kubernetes' own */
  readonly periodSeconds?: number;
}

/** What a container asks for and how far it may go. */
export interface Resources {
  /**
   * What the node has to have left: Kubernetes' quantities, such as "100m" of CPU and "64Mi" of
   * memory.
   */
  readonly requests: { readonly cpu: string; readonly memory: string };
  /** With more CPU it is slowed down, with more memory it is ended. */
  readonly limits: { readonly cpu: string; readonly memory: string };
}

/** Every service that a workload calls, each variable once, in the order of its containers. */
export function shopCallsOf(workload: ShopWorkload): readonly ServiceCall[] {
  const containers = [workload.initContainer, workload.container];
  const calls = containers.flatMap((container) => container?.calls ?? []);
  return [...new Map(calls.map((call) => [call.env, call])).values()];
}
