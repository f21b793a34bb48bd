/** Objects that `meshspan import` reads: of files, of clusters that run, or of both. */
import type { Manifest } from "../core/objects/manifest";
import { objectKey } from "../core/objects/manifest";
import { addTo } from "../core/once";
import { type ContextOptions, reachMesh } from "./contextOptions";
import { exitCodes, Failure, type Fault, usageFailure } from "./failure";
import { readText } from "./inputText";
import { findManifestFiles } from "./manifestFiles";

export type ClusterObjects = Readonly<Record<string, readonly Manifest[]>>;

/**
 * Every object by cluster. Of one that a file and the cluster both have, the cluster's counts.
 * @param mesh Its name, by which contexts may be called.
 * @throws Failure with all that can't be read: a part of a mesh would mislead
 */
export async function readClusters(
  paths: readonly string[],
  options: ContextOptions,
  mesh: string,
): Promise<ClusterObjects> {
  const names = liveClusters(options);
  if (paths.length === 0 && names.length === 0)
    throw usageFailure(
      "neither files nor clusters are named",
      "name files, such as east=east.yaml, or clusters, such as --context east=kind-east",
    );
  const objects = await readFiles(paths);
  for (const [name, live] of await readLive(mesh, names, options)) {
    const keys = new Set(live.map(objectKey));
    const given = (objects.get(name) ?? []).filter((one) => !keys.has(objectKey(one)));
    objects.set(name, [...given, ...live]);
  }
  if ([...objects.values()].some((list) => list.length > 0)) return Object.fromEntries(objects);
  const message = `there are no Kubernetes objects in ${[...paths, ...names].join(", ")}`;
  const hint = "name what kubectl get -o yaml printed, or a cluster that has a mesh";
  throw new Failure([{ code: "file_not_found", path: [], message, hint }], exitCodes.failure);
}

/** Clusters that `--context` or a kubeconfig of their own names. */
function liveClusters({ context, kubeconfig = [] }: ContextOptions): readonly string[] {
  const own = kubeconfig.flatMap((text) => /^([a-z0-9-]+)=./.exec(text)?.[1] ?? []);
  return [...new Set([...(context?.keys() ?? []), ...own])];
}

async function readFiles(paths: readonly string[]): Promise<Map<string, Manifest[]>> {
  const { readManifests } = await import("../core/manifestYaml.js");
  const objects = new Map<string, Manifest[]>();
  const faults: Fault[] = [];
  for (const path of paths) {
    for (const { file, cluster = "stdin", isNamed } of await findManifestFiles(path)) {
      const { text } = await readText(file);
      if (!isNamed && !/apiVersion|kind/.test(text)) continue;
      const read = readManifests(text);
      for (const { manifest } of read.manifests) addTo(objects, cluster, manifest as Manifest);
      faults.push(
        ...read.faults.map(({ message, hint, position }): Fault => ({
          ...{ code: "yaml_syntax", path: [], message, hint },
          ...{ file: file === "-" ? "stdin" : file, ...position },
        })),
      );
    }
  }
  if (faults.length > 0) throw new Failure(faults, exitCodes.faulty);
  return objects;
}

async function readLive(
  mesh: string,
  names: readonly string[],
  options: ContextOptions,
): Promise<ReadonlyMap<string, readonly Manifest[]>> {
  if (names.length === 0) return new Map();
  const { readObjects } = await import("../live/readObjects.js");
  const clusters = await reachMesh({ name: mesh, clusters: [] }, options, names);
  const read = await Promise.all(
    [...clusters].map(async ([name, live]) => ({ name, ...(await readObjects(live)) })),
  );
  const faults = read.flatMap((one) => one.faults);
  if (faults.length === 0) return new Map(read.map(({ name, objects }) => [name, objects]));
  throw new Failure(
    faults.map((fault): Fault => ({ code: "cluster_not_reached", path: [], ...fault })),
    exitCodes.failure,
  );
}
