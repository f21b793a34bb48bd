/** Manifests of the demo shop's workloads, as upstream deploys them. */
import type { Manifest } from "../core/objects/manifest";
import type { ServiceName, ShopContainer, ShopService, ShopWorkload } from "./workload";

/** Where a workload's manifests go and what they find there. */
export interface WorkloadContext {
  readonly namespace: string;
  /** `<host>:<port>` at which a service is called. */
  readonly addressOf: (service: ServiceName) => string;
  /** Whether a service is called by its global name. */
  readonly isGlobal: (service: ServiceName) => boolean;
}

/** ServiceAccount, Service where it has one, and Deployment of a workload, in the order they are needed. */
export function workloadManifests(
  workload: ShopWorkload,
  context: WorkloadContext,
): readonly Manifest[] {
  const { namespace } = context;
  return [
    serviceAccount(workload, namespace),
    ...(isService(workload) ? services(workload, context) : []),
    deployment(workload, context),
  ];
}

function isService(workload: ShopWorkload): workload is ShopService {
  return workload.port !== undefined;
}

function serviceAccount({ name }: ShopWorkload, namespace: string): Manifest {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } };
}

/**
 * The Service and, for the frontend, upstream's load balancer beside it. A global service takes mutual
 * TLS from its callers only, so that a load balancer in front of it would get no answer: then it is
 * left out, and the shop is looked at through `kubectl port-forward`.
 */
function services(workload: ShopService, context: WorkloadContext): readonly Manifest[] {
  const own = service(workload, workload.name, "ClusterIP", context.namespace);
  if (workload.name !== "frontend" || context.isGlobal("frontend")) return [own];
  return [own, service(workload, "frontend-external", "LoadBalancer", context.namespace)];
}

function service(
  { name: app, port }: ShopService,
  name: string,
  type: "ClusterIP" | "LoadBalancer",
  namespace: string,
): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels: { app } },
    spec: {
      type,
      selector: { app },
      ports: [{ name: port.name, port: port.port, targetPort: port.targetPort }],
    },
  };
}

function deployment(workload: ShopWorkload, context: WorkloadContext): Manifest {
  const { name, initContainer, volume, replicas, terminationGracePeriodSeconds } = workload;
  const labels = { app: name };
  const annotations = podAnnotations(workload, context);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: context.namespace, labels },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
        spec: {
          serviceAccountName: name,
          // None of the shop's programs asks the API server for anything.
          automountServiceAccountToken: false,
          ...(terminationGracePeriodSeconds === undefined ? {} : { terminationGracePeriodSeconds }),
          securityContext: {
            fsGroup: 1000,
            runAsGroup: 1000,
            runAsNonRoot: true,
            runAsUser: 1000,
            seccompProfile: { type: "RuntimeDefault" },
          },
          ...(initContainer === undefined
            ? {}
            : { initContainers: [container(initContainer, undefined, context)] }),
          containers: [container(workload.container, volume, context)],
          ...(volume === undefined ? {} : { volumes: [{ name: volume.name, emptyDir: {} }] }),
        },
      },
    },
  };
}

/**
 * Init containers run before an ordinary sidecar does, and without one a global name leads nowhere.
 * Kubernetes starts a native sidecar first; Istio's default wherever nodes can, and asked for here
 * where it isn't (the annotation is of Istio 1.24, Kubernetes has such sidecars since 1.29).
 */
function podAnnotations(
  workload: ShopWorkload,
  context: WorkloadContext,
): Readonly<Record<string, string>> {
  const needsEarlyProxy = workload.initContainer?.calls.some((call) =>
    context.isGlobal(call.service),
  );
  return {
    ...workload.annotations,
    ...(needsEarlyProxy === true ? { "sidecar.istio.io/nativeSidecar": "true" } : {}),
  };
}

function container(
  facts: ShopContainer,
  volume: ShopWorkload["volume"],
  { addressOf }: WorkloadContext,
): object {
  const { name, image, command, containerPort, readinessProbe, livenessProbe, resources } = facts;
  const env = [
    ...Object.entries(facts.environment).map(([key, value]) => ({ name: key, value })),
    ...facts.calls.map((call) => ({ name: call.env, value: addressOf(call.service) })),
  ];
  return {
    name,
    image,
    ...(command === undefined ? {} : { command }),
    ...(containerPort === undefined ? {} : { ports: [containerPort] }),
    ...(env.length === 0 ? {} : { env }),
    ...(readinessProbe === undefined ? {} : { readinessProbe }),
    ...(livenessProbe === undefined ? {} : { livenessProbe }),
    ...(resources === undefined ? {} : { resources }),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      privileged: false,
      readOnlyRootFilesystem: true,
    },
    ...(volume === undefined
      ? {}
      : { volumeMounts: [{ name: volume.name, mountPath: volume.mountPath }] }),
  };
}
