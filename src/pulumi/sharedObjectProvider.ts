/**
 * The operations of `SharedObject`. They run in Pulumi's Node provider, a process of its own, and keep no
 * state but what the cluster has: who manages an object's fields says whether the mesh made it, so that an
 * interrupted run goes on where it stopped.
 */
import type { KubernetesObject, KubernetesObjectApi } from "@kubernetes/client-node";
import { type Merged, mergeCorefile, unmergeCorefile } from "../core/corefile";
import type { Manifest } from "../core/objects/manifest";
import { mergeStubDomains, unmergeStubDomains } from "../core/stubDomains";
import { connect, describeFailure, isConflict, isNotFound, within } from "../live/kubeClient";

/** Merges a stub domain into a text of the live ConfigMap. */
export interface LiveMerge {
  /** Key of the ConfigMap's data. */
  readonly key: string;
  readonly use: "mergedCorefile" | "mergedStubDomains";
  readonly domain: string;
  readonly address: string;
}

/** What the mesh wants of an object, and how its cluster is reached. */
export interface SharedObjectInputs {
  /** Name of the mesh: several may share an object, and each manages fields of its own. */
  readonly mesh: string;
  /** Name of the cluster, for messages. */
  readonly cluster: string;
  /** Contents of a kubeconfig, not a path. */
  readonly kubeconfig: string;
  /** Which cluster it is, whatever credentials reach it. */
  readonly identifier: string;
  /** The fields that the mesh needs. */
  readonly manifest: Manifest;
  readonly merges: readonly LiveMerge[];
}

/** Manager of fields in objects that were there before (server-side apply). */
const managerOf = ({ mesh }: SharedObjectInputs) => `meshspan-${mesh}`;
/** Manager of fields in objects that the mesh made. */
const makerOf = ({ mesh }: SharedObjectInputs) => `meshspan-made-${mesh}`;

type ConfigMap = KubernetesObject & { data?: Record<string, string> };

/** See https://www.pulumi.com/docs/iac/concepts/providers/dynamic-providers/ for what each has to give. */
export const sharedObjectProvider = {
  async create(inputs: SharedObjectInputs) {
    await reporting(inputs, "made", () => apply(inputs));
    return { id: idOf(inputs), outs: inputs };
  },

  async read(id: string, inputs: SharedObjectInputs) {
    const live = await reporting(inputs, "read", async () => find(await connectTo(inputs), inputs));
    // An import has nothing but an ID.
    if (live === undefined) return { id: "", props: {} };
    return { id, props: { ...inputs, ...liveView(inputs, live) } };
  },

  async diff(_id: string, before: SharedObjectInputs, after: SharedObjectInputs) {
    const isSame = (key: keyof SharedObjectInputs) =>
      JSON.stringify(canonical(before[key])) === JSON.stringify(canonical(after[key]));
    const keys = ["mesh", "cluster", "kubeconfig", "identifier", "manifest", "merges"] as const;
    const isAnother = idOf(before) !== idOf(after) || !isSame("mesh") || !isSame("identifier");
    return Promise.resolve({
      changes: !keys.every(isSame),
      replaces: isAnother ? ["manifest"] : [],
      deleteBeforeReplace: true,
    });
  },

  async update(_id: string, before: SharedObjectInputs, after: SharedObjectInputs) {
    await reporting(after, "changed", async () => {
      const kept = new Set(after.merges.map(mergeId));
      const dropped = before.merges.filter((merge) => !kept.has(mergeId(merge)));
      if (dropped.length > 0) await unmerge(await connectTo(after), { ...after, merges: dropped });
      await apply(after);
    });
    return { outs: after };
  },

  async delete(_id: string, inputs: SharedObjectInputs) {
    await reporting(inputs, "taken back", () => remove(inputs));
  },
};

/** A Corefile's block is replaced where it stands; an entry of kube-dns' map is ours by its address alone. */
function mergeId({ key, use, domain, address }: LiveMerge): string {
  return [use, key, domain, ...(use === "mergedCorefile" ? [] : [address])].join(" ");
}

/** `v1/Namespace/istio-system`, `v1/ConfigMap/kube-system/coredns`. */
function idOf({ manifest: { apiVersion, kind, metadata } }: SharedObjectInputs): string {
  return [apiVersion, kind, metadata.namespace, metadata.name].filter(Boolean).join("/");
}

/** Runs an operation; what fails says in which cluster, on what, and what to do. */
async function reporting<T>(
  inputs: SharedObjectInputs,
  done: string,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const { kind, metadata } = inputs.manifest;
    const name = [metadata.namespace, metadata.name].filter(Boolean).join("/");
    throw new Error(
      `${kind} ${name} of cluster ${inputs.cluster} can't be ${done}: ${describeFailure(error)}`,
      { cause: error },
    );
  }
}

async function connectTo({ kubeconfig }: SharedObjectInputs): Promise<KubernetesObjectApi> {
  return connect(kubeconfig);
}

async function find(
  api: KubernetesObjectApi,
  { manifest }: SharedObjectInputs,
): Promise<ConfigMap | undefined> {
  const { apiVersion, kind, metadata } = manifest;
  const header = { apiVersion, kind, metadata: { namespace: "", ...metadata } };
  try {
    return await within(api.read(header));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function apply(inputs: SharedObjectInputs): Promise<void> {
  const api = await connectTo(inputs);
  const live = await find(api, inputs);
  if (live === undefined && inputs.merges.some(({ use }) => use === "mergedCorefile")) {
    throw new Error(
      'it is missing, so the cluster doesn\'t resolve by this CoreDNS: set dns to "proxy", or to { mode: coredns, extension: coredns-custom }',
    );
  }
  const isMade = live === undefined || isMadeByMesh(inputs, live);
  await applyFields(api, inputs.manifest, isMade ? makerOf(inputs) : managerOf(inputs));
  await merge(api, inputs, (text, { use, domain, address }) =>
    use === "mergedCorefile"
      ? mergeCorefile(text, domain, address)
      : mergeStubDomains(text, domain, address),
  );
}

/** Fields that somebody else set to another value are a conflict, never overwritten. */
async function applyFields(
  api: KubernetesObjectApi,
  manifest: Manifest,
  fieldManager: string,
): Promise<void> {
  const { PatchStrategy } = await import("@kubernetes/client-node");
  const spec = manifest as unknown as KubernetesObject;
  await within(
    api.patch(spec, undefined, undefined, fieldManager, undefined, PatchStrategy.ServerSideApply),
  );
}

type Change = (text: string, merge: LiveMerge) => Merged;

/** Changes texts of the live object; tried again when somebody else changed it in between. */
async function merge(
  api: KubernetesObjectApi,
  inputs: SharedObjectInputs,
  change: Change,
): Promise<void> {
  for (let attempt = 1; inputs.merges.length > 0; attempt++) {
    const live = await find(api, inputs);
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
      if (attempt === 5 || !isConflict(error)) throw error;
    }
  }
}

function unmerge(api: KubernetesObjectApi, inputs: SharedObjectInputs): Promise<void> {
  return merge(api, inputs, (text, { use, domain, address }) => ({
    text:
      use === "mergedCorefile"
        ? unmergeCorefile(text, domain)
        : unmergeStubDomains(text, domain, address),
  }));
}

async function remove(inputs: SharedObjectInputs): Promise<void> {
  const api = await connectTo(inputs);
  const live = await find(api, inputs);
  if (live === undefined) return;
  await unmerge(api, inputs);
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
  inputs: SharedObjectInputs,
  live: ConfigMap,
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
async function gone(api: KubernetesObjectApi, inputs: SharedObjectInputs): Promise<void> {
  const deadline = Date.now() + 10 * 60_000;
  while ((await find(api, inputs)) !== undefined) {
    if (Date.now() > deadline)
      throw new Error(
        "it is still being deleted after 10 minutes: see its finalizers and contents",
      );
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function isMadeByMesh(inputs: SharedObjectInputs, live: KubernetesObject): boolean {
  const maker = makerOf(inputs);
  return live.metadata?.managedFields?.some((entry) => entry.manager === maker) === true;
}

/** What is left of the mesh's fields in the live object, for a refresh to compare. */
function liveView(
  { manifest, merges }: SharedObjectInputs,
  live: ConfigMap,
): Pick<SharedObjectInputs, "manifest" | "merges"> {
  const kept = (
    wanted: Readonly<Record<string, string>> | undefined,
    found: Readonly<Record<string, string>> | undefined,
  ) =>
    Object.fromEntries(
      Object.keys(wanted ?? {}).flatMap((key) => {
        const value = found?.[key];
        return value === undefined ? [] : [[key, value]];
      }),
    );
  const { labels, annotations } = manifest.metadata;
  const data = manifest.data as Readonly<Record<string, string>> | undefined;
  return {
    manifest: {
      ...manifest,
      metadata: {
        ...manifest.metadata,
        ...(labels === undefined ? {} : { labels: kept(labels, live.metadata?.labels) }),
        ...(annotations === undefined
          ? {}
          : { annotations: kept(annotations, live.metadata?.annotations) }),
      },
      ...(data === undefined ? {} : { data: kept(data, live.data) }),
    },
    // One that isn't there any more has no address: it's merged again, or taken out where parts of it are left.
    merges: merges.map((merge) => {
      const { key, use, domain, address } = merge;
      const text = live.data?.[key] ?? "";
      const merged =
        use === "mergedCorefile"
          ? mergeCorefile(text, domain, address)
          : mergeStubDomains(text, domain, address);
      return merged.text === text ? merge : { ...merge, address: "" };
    }),
  };
}

/** The same value with every map's keys in one order: the engine sorts those that it keeps. */
function canonical(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(canonical);
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, canonical(item)]),
  );
}
