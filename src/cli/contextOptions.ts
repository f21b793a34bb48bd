/** Options of commands that talk to clusters: which kubeconfig and context reach each of them. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Mesh } from "../core/mesh";
import type { ContextChoice } from "../live/contexts";
import type { LiveCluster } from "../live/liveCluster";
import { exitCodes, Failure, usageFailure } from "./failure";

export interface ContextOptions {
  readonly kubeconfig?: readonly string[];
  readonly context?: ReadonlyMap<string, string>;
}

/** Adds them to a command. */
export function addContextOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--kubeconfig <[cluster=]file>",
        "a kubeconfig with contexts of clusters, or that of one cluster; can be repeated (default: $KUBECONFIG, ~/.kube/config)",
      ).argParser((text: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        text,
      ]),
    )
    .addOption(
      new Option(
        "--context <cluster=context>",
        "the context of a cluster; can be repeated (default: the one of its name, also after kind-, <mesh>- or kind-<mesh>-)",
      ).argParser((text: string, before: ReadonlyMap<string, string> | undefined) => {
        const [, cluster, context] = /^([^=]+)=(.+)$/.exec(text) ?? [];
        if (cluster === undefined || context === undefined)
          throw new InvalidArgumentError("Write cluster=context.");
        return new Map(before).set(cluster, context);
      }),
    );
}

/**
 * How each cluster of the mesh is reached; nothing is dialled yet.
 * @param names @default all of its clusters
 * @throws Failure with a fault for each cluster that has no context, before anything is done.
 */
export async function reachMesh(
  mesh: Pick<Mesh, "name" | "clusters">,
  options: ContextOptions,
  names: readonly string[] = mesh.clusters.map(({ name }) => name),
): Promise<ReadonlyMap<string, LiveCluster>> {
  const known = new Set([...names, ...mesh.clusters.map(({ name }) => name)]);
  for (const name of options.context?.keys() ?? []) {
    if (known.has(name)) continue;
    const { suggest } = await import("../core/shape.js");
    throw usageFailure(
      `--context names the cluster ${name}, which the mesh doesn't have`,
      suggest(name, [...known]),
      "unknown_name",
    );
  }
  const { reachClusters } = await import("../live/contexts.js");
  const { clusters, faults } = await reachClusters(mesh.name, names, choiceOf(options, known));
  if (faults.length === 0) return clusters;
  throw new Failure(
    faults.map(({ message, hint }) => ({ code: "cluster_not_reached", path: [], message, hint })),
    exitCodes.usage,
  );
}

/** The clusters of the mesh that are reached; those that have no context are left out. */
export async function findMesh(
  mesh: Pick<Mesh, "name" | "clusters">,
  options: ContextOptions,
): Promise<ReadonlyMap<string, LiveCluster>> {
  const names = mesh.clusters.map(({ name }) => name);
  const { reachClusters } = await import("../live/contexts.js");
  return (await reachClusters(mesh.name, names, choiceOf(options, new Set(names)))).clusters;
}

/** `east=FILE` is the file of one cluster where the mesh has one of that name; any other text is a file. */
function choiceOf(options: ContextOptions, known: ReadonlySet<string>): ContextChoice {
  const kubeconfigOf = new Map<string, string>();
  const shared: string[] = [];
  for (const text of options.kubeconfig ?? []) {
    const [cluster = "", ...rest] = text.split("=");
    if (rest.length > 0 && known.has(cluster)) kubeconfigOf.set(cluster, rest.join("="));
    else shared.push(text);
  }
  return {
    kubeconfigOf,
    ...(shared.length === 0 ? {} : { kubeconfigs: shared }),
    ...(options.context === undefined ? {} : { contextOf: options.context }),
  };
}
