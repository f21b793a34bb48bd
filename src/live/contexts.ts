/** Which kubeconfig and context reach each cluster of a mesh. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { KubeConfig } from "@kubernetes/client-node";
import { show } from "../core/issues";
import { suggest } from "../core/shape";
import { endingPlugins } from "./credentialPlugins";
import { readKubeconfig } from "./kubeClient";
import { LiveCluster } from "./liveCluster";

/** What a person says about how clusters are reached. */
export interface ContextChoice {
  /**
   * Files that are searched for contexts, in this order.
   * @default those of the environment variable KUBECONFIG; where that is empty, ~/.kube/config
   */
  readonly kubeconfigs?: readonly string[];
  /** A file by the cluster's name: its current context is the cluster's. @default none */
  readonly kubeconfigOf?: ReadonlyMap<string, string>;
  /**
   * A context by the cluster's name.
   * @default the one that has the cluster's name, else `kind-<cluster>`, `<mesh>-<cluster>` or `kind-<mesh>-<cluster>`
   */
  readonly contextOf?: ReadonlyMap<string, string>;
}

/** Why a cluster can't be reached by what was said. */
export interface ContextFault {
  /** `undefined` for a file that concerns all of them. */
  readonly cluster: string | undefined;
  readonly message: string;
  readonly hint: string;
}

/** The clusters that were found, by name, and a fault for each that wasn't. */
export interface ReachedClusters {
  readonly clusters: ReadonlyMap<string, LiveCluster>;
  readonly faults: readonly ContextFault[];
}

/**
 * Finds how each cluster is reached; nothing is dialled yet. Contexts aren't merged as kubectl does it:
 * the first file that has one of that name has it.
 * @param names Of clusters of the mesh.
 */
export async function reachClusters(
  mesh: string,
  names: readonly string[],
  choice: ContextChoice = {},
): Promise<ReachedClusters> {
  const client = await import("@kubernetes/client-node");
  const faults: ContextFault[] = [];
  const read = (file: string, cluster?: string): readonly KubeConfig[] => {
    const config = new client.KubeConfig();
    try {
      config.loadFromFile(file);
      endingPlugins(config);
      return [config];
    } catch (error) {
      faults.push({ cluster, ...unreadable(file, error) });
      return [];
    }
  };
  const shared = (choice.kubeconfigs ?? defaultKubeconfigs()).flatMap((file) => read(file));
  const clusters = new Map<string, LiveCluster>();
  for (const name of names) {
    const file = choice.kubeconfigOf?.get(name);
    const configs = file === undefined ? shared : read(file, name);
    if (file !== undefined && configs.length === 0) continue;
    const given = choice.contextOf?.get(name);
    const wanted =
      file === undefined
        ? [name, `kind-${name}`, `${mesh}-${name}`, `kind-${mesh}-${name}`]
        : configs.map((config) => config.getCurrentContext());
    const found = findContext(name, configs, given === undefined ? wanted : [given]);
    if (found === undefined) {
      faults.push({ cluster: name, ...unknownContext(name, given, configs) });
      continue;
    }
    const other = [...clusters.values()].find((one) => isSame(one, found));
    if (other === undefined) clusters.set(name, found);
    else faults.push({ cluster: name, ...sameCluster(found, other) });
  }
  return { clusters, faults };
}

/**
 * The cluster of a kubeconfig's current context.
 * @param kubeconfig Its contents.
 * @throws Error where it has no such context.
 */
export async function clusterOf(name: string, kubeconfig: string): Promise<LiveCluster> {
  const config = await readKubeconfig(kubeconfig);
  const found = findContext(name, [config], [config.getCurrentContext()]);
  if (found !== undefined) return found;
  throw new Error(`the kubeconfig of cluster ${name} has no current context`);
}

/** The first of these contexts that is whole. */
function findContext(
  name: string,
  configs: readonly KubeConfig[],
  contexts: readonly string[],
): LiveCluster | undefined {
  for (const context of contexts) {
    for (const config of configs) {
      const entry = config.getContextObject(context);
      const cluster = entry === null ? null : config.getCluster(entry.cluster);
      if (cluster === null) continue;
      return new LiveCluster(name, context, cluster.server, withContext(config, context));
    }
  }
  return undefined;
}

/** As kubectl finds them. */
function defaultKubeconfigs(): readonly string[] {
  const listed = (process.env.KUBECONFIG ?? "").split(delimiter).filter((file) => file !== "");
  // Of several, kubectl passes over those that aren't there.
  if (listed.length > 1) return listed.filter((file) => existsSync(file));
  if (listed.length === 1) return listed;
  const file = join(homedir(), ".kube", "config");
  return existsSync(file) ? [file] : [];
}

/** Clusters may share a file; each has a current context of its own. */
function withContext(config: KubeConfig, context: string): KubeConfig {
  const own = Object.assign(
    Object.create(Object.getPrototypeOf(config) as object),
    config,
  ) as KubeConfig;
  own.setCurrentContext(context);
  return own;
}

/**
 * Whether two contexts lead to one cluster beyond doubt. A server's URL alone doesn't tell: behind proxies, private clusters may
 * have the same, and some gateways tell clusters apart by credentials.
 */
function isSame(one: LiveCluster, other: LiveCluster): boolean {
  const target = ({ config }: LiveCluster) => ({
    cluster: { ...config.getCurrentCluster(), name: "" },
    user: { ...config.getCurrentUser(), name: "" },
  });
  return isDeepStrictEqual(target(one), target(other));
}

/** What is one cluster's would be overwritten by what is the other's, its CA among it. */
function sameCluster(
  { name, context, server }: LiveCluster,
  other: LiveCluster,
): Pick<ContextFault, "message" | "hint"> {
  const contexts =
    context === other.context
      ? `the context ${context} is`
      : `the contexts ${other.context} and ${context} are`;
  return {
    message: `${other.name} and ${name} would be the same cluster: ${contexts} of ${server}`,
    hint: `name the context of each, such as --context ${name}=CONTEXT`,
  };
}

function unknownContext(
  cluster: string,
  given: string | undefined,
  configs: readonly KubeConfig[],
): Pick<ContextFault, "message" | "hint"> {
  const known = [...new Set(configs.flatMap((config) => config.contexts.map(({ name }) => name)))];
  const there = known.length === 0 ? "there are no contexts" : suggest(given ?? cluster, known);
  if (given !== undefined) {
    return { message: `there is no context ${show(given)} for cluster ${cluster}`, hint: there };
  }
  return {
    message: `no context is known for cluster ${cluster}`,
    hint: `name it with --context ${cluster}=CONTEXT (${there}), or give a kubeconfig of its own with --kubeconfig ${cluster}=FILE`,
  };
}

/** Doesn't quote the file: its lines may be credentials. */
function unreadable(file: string, error: unknown): Pick<ContextFault, "message" | "hint"> {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") {
    return {
      message: `there is no kubeconfig ${file}`,
      hint: "name another, or make it as your provider says",
    };
  }
  return code === undefined
    ? {
        message: `${file} is no kubeconfig`,
        hint: "give one such as kubectl config view --raw --flatten prints",
      }
    : { message: `the kubeconfig ${file} can't be read (${code})`, hint: "change its permissions" };
}
