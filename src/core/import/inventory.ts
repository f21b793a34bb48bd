/** Objects of a cluster by what an import asks of them. */
import type { Issue } from "../issues";
import type { Manifest } from "../objects/manifest";
import { addTo } from "../once";
import { readObject, withoutNull } from "../policy/readObject";

/** One cluster's objects. */
export interface ClusterInventory {
  readonly name: string;
  readonly objects: readonly Manifest[];
  readonly byKind: ReadonlyMap<string, readonly Manifest[]>;
  /** Those that an API server would refuse, each with the first fault: nothing is read of them. */
  readonly malformed: readonly { readonly manifest: Manifest; readonly issue: Issue }[];
}

/** Sorts out which objects can be read. */
export function takeInventory(name: string, given: readonly Manifest[]): ClusterInventory {
  const objects: Manifest[] = [];
  const byKind = new Map<string, Manifest[]>();
  const malformed: { manifest: Manifest; issue: Issue }[] = [];
  for (const manifest of withoutNull(given) as readonly Manifest[]) {
    const read = readObject({ manifest });
    if (read.state === "unknown") continue;
    const faults = hasName(manifest) ? [] : [nameless];
    const [issue] = read.state === "malformed" ? read.issues : faults;
    if (issue !== undefined) malformed.push({ manifest: read.manifest, issue });
    else {
      objects.push(manifest);
      addTo(byKind, manifest.kind, manifest);
    }
  }
  return { name, objects, byKind, malformed };
}

const nameless: Issue = {
  code: "missing_key",
  path: ["metadata", "name"],
  message: "it is missing",
  hint: "add the object's name",
};

/** As it stands in a file, where anything may be missing. */
function hasName({ metadata }: { readonly metadata?: { readonly name?: unknown } }): boolean {
  return typeof metadata?.name === "string" && metadata.name !== "";
}

/** An object, and whose it is. */
export interface InCluster<T> {
  readonly cluster: string;
  readonly manifest: T;
}

/** Objects of a kind in every cluster, each with its cluster. */
export function ofKind(
  clusters: readonly ClusterInventory[],
  kind: string,
): readonly InCluster<Manifest>[] {
  return clusters.flatMap((cluster) =>
    objectsOf(cluster, kind).map((manifest) => ({ cluster: cluster.name, manifest })),
  );
}

/** Objects of a kind in one cluster. */
export function objectsOf({ byKind }: ClusterInventory, kind: string): readonly Manifest[] {
  return byKind.get(kind) ?? [];
}

/** Whether Meshspan made it for a gateway. */
export function isOwnGateway({ metadata }: Manifest): boolean {
  return metadata.labels?.["meshspan.dev/gateway"] !== undefined;
}

/** Data of a ConfigMap, as far as it is text. */
export function textsOf(configMap: Manifest | undefined): Readonly<Record<string, string>> {
  const { data = {} } = (configMap ?? {}) as { readonly data?: Readonly<Record<string, unknown>> };
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) =>
      typeof value === "string" ? [[key, value]] : [],
    ),
  );
}
