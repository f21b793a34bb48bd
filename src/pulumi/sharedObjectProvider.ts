/** The operations of `SharedObject`. They run in Pulumi's Node provider, a process of its own. */
import type { KubernetesObjectApi } from "@kubernetes/client-node";
import { connect, describeFailure, isUnreachable } from "../live/kubeClient";
import {
  applyShared,
  findShared,
  type LiveMerge,
  mergeInto,
  releaseShared,
  type SharedLive,
  type SharedSpec,
  unmergeShared,
} from "../live/sharedObject";

/** What the mesh wants of an object, and how its cluster is reached. */
export interface SharedObjectInputs extends SharedSpec {
  /** Name of the cluster, for messages. */
  readonly cluster: string;
  /** Contents of a kubeconfig, not a path. */
  readonly kubeconfig: string;
  /** Which cluster it is, whatever credentials reach it. */
  readonly identifier: string;
}

/** See https://www.pulumi.com/docs/iac/concepts/providers/dynamic-providers/ for what each has to give. */
export const sharedObjectProvider = {
  async create(inputs: SharedObjectInputs) {
    await reporting(inputs, "made", async () => applyShared(await connectTo(inputs), inputs));
    return { id: idOf(inputs), outs: inputs };
  },

  async read(id: string, inputs: SharedObjectInputs) {
    const live = await unlessGone(() =>
      reporting(inputs, "read", async () => findShared(await connectTo(inputs), inputs)),
    );
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
      const api = await connectTo(after);
      if (dropped.length > 0) await unmergeShared(api, { ...after, merges: dropped });
      await applyShared(api, after);
    });
    return { outs: after };
  },

  async delete(_id: string, inputs: SharedObjectInputs) {
    await unlessGone(() =>
      reporting(inputs, "taken back", async () => releaseShared(await connectTo(inputs), inputs)),
    );
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

/** By which users say that a cluster that can't be reached is gone: the Kubernetes provider's own variable, and its errors name it. */
const goneVariable = "PULUMI_K8S_DELETE_UNREACHABLE";

/** Runs an operation that reports; of a cluster that is gone, nothing is left to read or to take back. */
async function unlessGone<T>(operation: () => Promise<T>): Promise<T | undefined> {
  try {
    return await operation();
  } catch (error) {
    if (!(error instanceof Error) || !isUnreachable(error.cause)) throw error;
    if (process.env[goneVariable]?.toLowerCase() === "true") return undefined;
    throw new Error(
      `${error.message}; if the cluster is gone, set ${goneVariable}=true, and what was in it is forgotten`,
      { cause: error },
    );
  }
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

/** What is left of the mesh's fields in the live object, for a refresh to compare. */
function liveView(
  { manifest, merges }: SharedObjectInputs,
  live: SharedLive,
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
      const text = live.data?.[merge.key] ?? "";
      return mergeInto(text, merge).text === text ? merge : { ...merge, address: "" };
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
