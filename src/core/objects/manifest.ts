/** What every planned object has: its manifest, a stable key, its place in the order, its owner. */
import type { Mesh } from "../mesh";

/** A Kubernetes object. Leaves may be late values. */
export interface Manifest {
  /** `<group>/<version>`, or the version alone for Kubernetes' core group. */
  readonly apiVersion: string;
  /** What it is in that API, such as `ServiceEntry`. */
  readonly kind: string;
  /**
   * Without a namespace for what belongs to the whole cluster; of anything else, that is `default`.
   */
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  /** `spec`, `data` and whatever else the kind has, late values included. */
  readonly [field: string]: unknown;
}

/** Stages in the order in which they are applied. */
export const stages = [
  "namespaces",
  "trust",
  "gateway",
  "services",
  "dns",
  "workloads",
  "observability",
] as const;
/**
 * A step of applying objects. Files and the command line go stage by stage, Pulumi by what each
 * object depends on.
 */
export type Stage = (typeof stages)[number];

/** The component that makes an object, in both front ends. */
export type ComponentName =
  | "SharedRootCA"
  | "MultiClusterGateway"
  | "Hub"
  | "RemoteSecrets"
  | "GlobalService"
  | "GlobalDns"
  | "Mesh";

/** An object of the plan. Objects that are the same in several clusters are one and the same in memory. */
export interface PlannedObject {
  /** `<group>/<kind>/<namespace>/<name>`: the same object has the same key in every plan. */
  readonly key: string;
  /** Where it stands in the order of applying. */
  readonly stage: Stage;
  /** The component that makes it, and that has it below itself in Pulumi and cdk8s. */
  readonly component: ComponentName;
  /** The global service that it belongs to, `<service>.<namespace>`. */
  readonly service: string | undefined;
  /** Keys of objects of the same cluster that have to be there before; one that isn't planned is there already. */
  readonly dependsOn: readonly string[];
  /** True where others own parts of the object: it is merged when applied, and stays when the mesh goes. */
  readonly shared: boolean;
  /** True where only live clusters know what is in it, such as a token: it is in no file. */
  readonly live: boolean;
  /** The object itself, as it is applied once its late values are known. */
  readonly manifest: Manifest;
}

/** `networking.istio.io/ServiceEntry/default/redis-cart`; without a namespace, that part is empty. */
export function objectKey(manifest: Manifest): string {
  const [group, version] = manifest.apiVersion.split("/");
  const { name, namespace = "" } = manifest.metadata;
  return `${version === undefined ? "core" : (group ?? "")}/${manifest.kind}/${namespace}/${name}`;
}

/**
 * Labels that say whose an object is: `kubectl get -l app.kubernetes.io/part-of=<mesh>` finds all that
 * belong to the mesh alone. Shared objects don't have them.
 */
export function ownerLabels(mesh: Pick<Mesh, "name">): Readonly<Record<string, string>> {
  return { ...managedByMeshspan, "app.kubernetes.io/part-of": mesh.name };
}

/** Label of what belongs to a mesh alone, whichever it is. */
export const managedByMeshspan = { "app.kubernetes.io/managed-by": "meshspan" } as const;

/** Whether an object has it. */
export function isOwned({ metadata: { labels = {} } }: Pick<Manifest, "metadata">): boolean {
  return Object.entries(managedByMeshspan).every(([key, value]) => labels[key] === value);
}

/**
 * Annotations of objects that others own too: GitOps tools that take the mesh away leave them there
 * (Argo CD's sync options, Flux's kustomize-controller).
 */
export const keptAnnotations: Readonly<Record<string, string>> = {
  "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
  "kustomize.toolkit.fluxcd.io/prune": "disabled",
};

/**
 * Name of an object of a service: `<service>.<part>`. Service names have no dots, so it is no object of
 * another service, nor one that somebody named after the service by hand.
 */
export function nameOfPart(service: { readonly name: string }, part: string): string {
  return `${service.name}.${part}`;
}

/** Makes a planned object of a manifest. */
export function planned(
  stage: Stage,
  component: ComponentName,
  manifest: Manifest,
  options: {
    readonly service?: string;
    readonly dependsOn?: readonly Manifest[];
    readonly shared?: boolean;
    readonly live?: boolean;
  } = {},
): PlannedObject {
  return {
    key: objectKey(manifest),
    stage,
    component,
    service: options.service,
    dependsOn: (options.dependsOn ?? []).map(objectKey),
    shared: options.shared ?? false,
    live: options.live ?? false,
    manifest,
  };
}
