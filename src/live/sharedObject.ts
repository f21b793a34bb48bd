/**
 * Objects that others own too, in a live cluster: what the mesh needs is merged into what is there, and taken out again.
 * No state is kept but what the cluster has: who manages an object's fields says whether the mesh made it, so that
 * what was interrupted goes on where it stopped.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { KubernetesObject, KubernetesObjectApi } from "@kubernetes/client-node";
import { type Merged, mergeCorefile, unmergeCorefile } from "../core/corefile";
import type { Manifest } from "../core/objects/manifest";
import { mergeStubDomains, unmergeStubDomains } from "../core/stubDomains";
import { isConflict, isNotFound, within } from "./kubeClient";

/** Merges a stub domain into a text of the live ConfigMap. */
export interface LiveMerge {
  /** Key of the ConfigMap's data. */
  readonly key: string;
  readonly use: "mergedCorefile" | "mergedStubDomains";
  readonly domain: string;
  readonly address: string;
}

/** What a mesh wants of an object that others own too. */
export interface SharedSpec {
  /** Name of the mesh: several may share an object, and each manages fields of its own. */
  readonly mesh: string;
  /** The fields that the mesh needs. */
  readonly manifest: Manifest;
  readonly merges: readonly LiveMerge[];
}

/** Manager of fields in objects that were there before (server-side apply). */
export const managerOf = ({ mesh }: Pick<SharedSpec, "mesh">) => `meshspan-${mesh}`;
/** Manager of fields in objects that the mesh made. */
const makerOf = ({ mesh }: SharedSpec) => `meshspan-made-${mesh}`;

/** The objects are Namespaces and ConfigMaps. */
export type SharedLive = KubernetesObject & { data?: Record<string, string> };

/** The live object; `undefined` where there is none. */
export async function findShared(
  api: KubernetesObjectApi,
  { manifest }: SharedSpec,
): Promise<SharedLive | undefined> {
  const { apiVersion, kind, metadata } = manifest;
  const header = { apiVersion, kind, metadata: { namespace: "", ...metadata } };
  try {
    return await within(api.read(header));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Makes the object where it isn't there, and merges into it what the mesh needs.
 * @throws Error where somebody else set such a field to another value, or what is there can't be merged into.
 */
export async function applyShared(api: KubernetesObjectApi, inputs: SharedSpec): Promise<void> {
  const live = await findShared(api, inputs);
  if (live === undefined && inputs.merges.some(({ use }) => use === "mergedCorefile")) {
    throw new Error(
      'it is missing, so the cluster doesn\'t resolve by this CoreDNS: set dns to "proxy", or to { mode: coredns, extension: coredns-custom }',
    );
  }
  const isMade = live === undefined || isMadeByMesh(inputs, live);
  await applyFields(api, inputs.manifest, isMade ? makerOf(inputs) : managerOf(inputs));
  await merge(api, inputs, mergeInto);
}

/** A text with the stub domain in it. */
export function mergeInto(text: string, { use, domain, address }: LiveMerge): Merged {
  return use === "mergedCorefile"
    ? mergeCorefile(text, domain, address)
    : mergeStubDomains(text, domain, address);
}

/** Fields that somebody else set to another value are a conflict, never overwritten. */
async function applyFields(
  api: KubernetesObjectApi,
  manifest: Manifest,
  fieldManager: string,
): Promise<void> {
  const { PatchStrategy } = await import("@kubernetes/client-node");
  const spec = structuredClone(manifest) as unknown as KubernetesObject;
  await within(
    api.patch(spec, undefined, undefined, fieldManager, undefined, PatchStrategy.ServerSideApply),
  );
}

/** A cluster may have many meshes, whose objects are applied at the same time. */
const attempts = 30;

type Change = (text: string, merge: LiveMerge) => Merged;

/** Changes texts of the live object; tried again when somebody else changed it in between. */
async function merge(api: KubernetesObjectApi, inputs: SharedSpec, change: Change): Promise<void> {
  for (let attempt = 1; inputs.merges.length > 0; attempt++) {
    const live = await findShared(api, inputs);
    if (live === undefined) return;
    const data = { ...live.data };
    for (const each of inputs.merges) {
      const result = change(data[each.key] ?? "", each);
      if (result.fault !== undefined)
        throw new Error(`${result.fault.message}: ${result.fault.hint}`);
      data[each.key] = result.text;
      // kube-dns' map is optional: an empty text was no text.
      if (data[each.key] === "") Reflect.deleteProperty(data, each.key);
    }
    if (JSON.stringify(data) === JSON.stringify(live.data ?? {})) return;
    try {
      await within(api.replace({ ...live, data }, undefined, undefined, managerOf(inputs)));
      return;
    } catch (error) {
      if (attempt === attempts || !isConflict(error)) throw error;
      // Those who were refused at the same moment come back at different ones.
      await wait(Math.random() * Math.min(1000, 20 * 2 ** attempt));
    }
  }
}

/** Takes stub domains out of the live texts. */
export function unmergeShared(api: KubernetesObjectApi, inputs: SharedSpec): Promise<void> {
  return merge(api, inputs, (text, { use, domain, address }) => ({
    text:
      use === "mergedCorefile"
        ? unmergeCorefile(text, domain)
        : unmergeStubDomains(text, domain, address),
  }));
}

/** Gives the object back: what the mesh made and nobody else uses goes, of all else its fields alone. */
export async function releaseShared(api: KubernetesObjectApi, inputs: SharedSpec): Promise<void> {
  const live = await findShared(api, inputs);
  if (live === undefined) return;
  await unmergeShared(api, inputs);
  const isMade = isMadeByMesh(inputs, live);
  if (isMade && !(await isUsedByOthers(api, inputs, live))) {
    await within(api.delete(live));
    await gone(api, inputs);
    return;
  }
  // Applying nothing gives up every field that nobody else manages.
  const { apiVersion, kind, metadata } = inputs.manifest;
  const { name, namespace } = metadata;
  await applyFields(
    api,
    { apiVersion, kind, metadata: namespace === undefined ? { name } : { name, namespace } },
    isMade ? makerOf(inputs) : managerOf(inputs),
  );
}

/** Kinds in a namespace that somebody would miss; what belongs to the mesh is deleted before its namespace. */
const missed = [
  "apps/v1 Deployment",
  "apps/v1 StatefulSet",
  "apps/v1 DaemonSet",
  "batch/v1 CronJob",
  "batch/v1 Job",
  "v1 PersistentVolumeClaim",
  "v1 Service",
];

/**
 * Whether an object that the mesh made serves others by now: another mesh has fields in it, a ConfigMap has data that
 * aren't ours, or a namespace has workloads in it. Then it stays.
 */
async function isUsedByOthers(
  api: KubernetesObjectApi,
  inputs: SharedSpec,
  live: SharedLive,
): Promise<boolean> {
  const own = [makerOf(inputs), managerOf(inputs)];
  const managers = live.metadata?.managedFields?.flatMap(({ manager }) => manager ?? []) ?? [];
  if (managers.some((name) => name.startsWith("meshspan-") && !own.includes(name))) return true;
  if (inputs.manifest.kind === "ConfigMap") {
    const { data = {} } = inputs.manifest as { readonly data?: Record<string, string> };
    const ours = [...Object.keys(data), ...inputs.merges.map(({ key }) => key)];
    return Object.keys(live.data ?? {}).some((key) => !ours.includes(key));
  }
  const lists = await Promise.all(
    missed.map((kind) => {
      const [apiVersion = "", name = ""] = kind.split(" ");
      return within(api.list(apiVersion, name, inputs.manifest.metadata.name));
    }),
  );
  return lists.some(({ items }) =>
    items.some(({ metadata }) => metadata?.deletionTimestamp === undefined),
  );
}

/** Namespaces end when everything in them has. */
async function gone(api: KubernetesObjectApi, inputs: SharedSpec): Promise<void> {
  const deadline = Date.now() + 10 * 60_000;
  while ((await findShared(api, inputs)) !== undefined) {
    if (Date.now() > deadline)
      throw new Error(
        "it is still being deleted after 10 minutes: see its finalizers and contents",
      );
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function isMadeByMesh(inputs: SharedSpec, live: KubernetesObject): boolean {
  const maker = makerOf(inputs);
  return live.metadata?.managedFields?.some((entry) => entry.manager === maker) === true;
}
