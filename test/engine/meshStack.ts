/** A stack with one mesh over API servers of its own. */
import type { Manifest, MeshDescription, Plan, Workloads } from "../../src";
import { toLiteral } from "../../src/core/literals";
import { ExistingCluster, Mesh, type MeshArgs } from "../../src/pulumi";
import { type ClusterOptions, startCluster, type TestCluster } from "./cluster";
import { TestStack } from "./stack";

/** What the program makes a mesh of; a test changes it between operations. */
export interface Settings {
  description: MeshDescription;
  workloads?: Workloads;
  /** Names of clusters that are in the mesh. @default all that the description has */
  clusters?: readonly string[];
  /** A kubeconfig in a cluster's own one's place. */
  kubeconfigs?: Readonly<Record<string, string>>;
  /** @default the server's URL */
  identifiers?: Readonly<Record<string, string>>;
  /** Whether clusters' objects are taken over. @default false */
  adopt?: boolean;
  args?: Partial<Omit<MeshArgs, "description" | "mesh" | "workloads" | "clusters">>;
}

export interface MeshStack {
  readonly stack: TestStack;
  readonly clusters: Readonly<Record<string, TestCluster>>;
  readonly settings: Settings;
  /** The plan of the last run. */
  plan(): Plan;
  stop(): Promise<void>;
}

/** Starts a cluster for each of the names, and a stack whose program is one mesh. */
export async function startMesh(
  names: readonly string[],
  settings: Settings,
  options: Readonly<Record<string, ClusterOptions>> | ClusterOptions = {},
  env: Readonly<Record<string, string>> = {},
): Promise<MeshStack> {
  const optionsOf = (name: string): ClusterOptions =>
    (options as Readonly<Record<string, ClusterOptions>>)[name] ?? options;
  const started = await Promise.all(names.map((name) => startCluster(name, optionsOf(name))));
  const clusters = Object.fromEntries(started.map((cluster) => [cluster.name, cluster]));
  let plan: Plan | undefined;
  const stack = await TestStack.create(() => {
    const { description, workloads, kubeconfigs = {}, identifiers = {}, adopt } = settings;
    const given = Object.fromEntries(
      Object.keys(description.clusters).map((name) => {
        const kubeconfig = kubeconfigs[name] ?? clusters[name]?.kubeconfig;
        if (kubeconfig === undefined) throw new Error(`no cluster ${name} was started`);
        const clusterIdentifier = identifiers[name];
        const identity = clusterIdentifier === undefined ? {} : { clusterIdentifier };
        return [
          name,
          new ExistingCluster(name, {
            kubeconfig,
            ...identity,
            ...(adopt === undefined ? {} : { adopt }),
          }),
        ];
      }),
    );
    const mesh = new Mesh(description.name, {
      description,
      ...(workloads === undefined ? {} : { workloads }),
      clusters: given,
      ...settings.args,
    });
    plan = mesh.plan;
    return Promise.resolve({
      rootCertificate: mesh.rootCertificate,
      gatewayAddresses: mesh.gatewayAddresses,
      services: mesh.services,
      kubeconfigs: mesh.kubeconfigs,
    });
  }, env);
  return {
    stack,
    clusters,
    settings,
    plan: () => {
      if (plan === undefined) throw new Error("nothing ran yet");
      return plan;
    },
    stop: async () => {
      await Promise.all(started.map((cluster) => cluster.stop()));
      stack.remove();
    },
  };
}

/** Fields that the live object has otherwise than the wanted one, by path; what the API server adds is not asked about. */
export function deviations(wanted: unknown, live: unknown, path = ""): readonly string[] {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live) || live.length !== wanted.length) return [path];
    return wanted.flatMap((item, index) => deviations(item, live[index], `${path}[${index}]`));
  }
  if (typeof wanted === "object" && wanted !== null) {
    if (typeof live !== "object" || live === null) return [path];
    return Object.entries(wanted).flatMap(([key, value]) =>
      value === undefined
        ? []
        : deviations(value, (live as Record<string, unknown>)[key], `${path}.${key}`),
    );
  }
  return wanted === live ? [] : [`${path}: ${JSON.stringify(wanted)} is ${JSON.stringify(live)}`];
}

/** How the objects of a cluster differ from those planned for it: missing, changed, and left over. */
export async function differencesFromPlan(
  plan: Plan,
  cluster: TestCluster,
  beside: readonly RegExp[] = [],
): Promise<readonly string[]> {
  const planned = plan.clusters.find((candidate) => candidate.cluster.name === cluster.name);
  const live = new Map(
    (await cluster.api.objects()).map((object) => [
      `${object.group}/${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`,
      object,
    ]),
  );
  const objects = planned?.objects ?? [];
  const keys = new Set(objects.map(({ key }) => key));
  const over = (await cluster.leftovers()).filter(
    (key) => !keys.has(key) && !beside.some((pattern) => pattern.test(key)),
  );
  return [
    ...objects.flatMap(({ key, manifest }) => {
      const found = live.get(key);
      if (found === undefined) return [`${key} is missing`];
      return deviations(known(manifest), found).map((what) => `${key}${what}`);
    }),
    ...over.map((key) => `${key} is left over`),
  ];
}

/** The manifest without what isn't known before the cluster is. */
function known(manifest: Manifest): unknown {
  try {
    return toLiteral(manifest);
  } catch {
    const { data: _, spec: _spec, ...rest } = manifest;
    return rest;
  }
}

/** What Istio's chart `base` brings, and helm's own record. */
export const fromCharts = [/^apiextensions\.k8s\.io\//, /sh\.helm\.release/];
