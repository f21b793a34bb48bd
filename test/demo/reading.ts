/** Typed views of the manifests that tests look into. */
import type { Manifest } from "../../src/core/objects/manifest";
import type { Workloads } from "../../src/core/plan";

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly readinessProbe?: Readonly<Record<string, unknown>>;
  readonly livenessProbe?: Readonly<Record<string, unknown>>;
  readonly resources?: unknown;
  readonly securityContext?: unknown;
  readonly volumeMounts?: unknown;
}

export interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly terminationGracePeriodSeconds?: number;
    readonly automountServiceAccountToken?: boolean;
    readonly securityContext: unknown;
    readonly initContainers?: readonly Container[];
    readonly containers: readonly Container[];
    readonly volumes?: unknown;
  };
}

export interface ServiceSpec {
  readonly type: string;
  readonly selector: unknown;
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly targetPort: number;
  }[];
}

/** The manifest of that kind and name in a cluster, or `undefined`. */
export function find(
  workloads: Workloads,
  cluster: string,
  kind: string,
  name: string,
): Manifest | undefined {
  return workloads[cluster]?.find(
    (manifest) => manifest.kind === kind && manifest.metadata.name === name,
  );
}

/** The pod template of a workload that runs in a cluster. */
export function podOf(workloads: Workloads, cluster: string, name: string): PodTemplate {
  const deployment = find(workloads, cluster, "Deployment", name);
  if (deployment === undefined) throw new Error(`${cluster} runs no ${name}`);
  return (deployment.spec as { readonly template: PodTemplate }).template;
}

/** The spec of a Service in a cluster. */
export function serviceOf(
  workloads: Workloads,
  cluster: string,
  name: string,
): ServiceSpec | undefined {
  return find(workloads, cluster, "Service", name)?.spec as ServiceSpec | undefined;
}

/** Every container of a pod, those that run first included. */
export function containersOf(pod: PodTemplate): readonly Container[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
}
