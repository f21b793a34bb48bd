/** Stand-in for Pulumi's Kubernetes provider: real objects on a real API server, by server-side apply. */
import { isDeepStrictEqual } from "node:util";
import { differences, replacedBy, type Difference, type PathElement } from "./differences";
import { KubeApi, Unreachable, loadKubeconfig } from "./kubeApi";
import {
  createObject,
  deleteObject,
  diffObject,
  objectOf,
  readObject,
  unreachable,
  updateObject,
  type ObjectOptions,
} from "./kubeObjects";
import {
  checkRelease,
  diffRelease,
  installRelease,
  releaseType,
  uninstallRelease,
} from "./kubeReleases";
import { serve, type StandIn } from "./service";
import { hasUnknown, unknown, type Properties } from "./values";

let api = new KubeApi(undefined, undefined);
let kubeconfig: string | undefined;
let defaultNamespace = "default";
let options: ObjectOptions = {
  upsert: false,
  force: false,
  mutableSecrets: false,
  mutableConfigMaps: false,
};

/** A failure of the connection in the real provider's words. */
async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Unreachable ? unreachable(error) : error;
  }
}

const kubernetes: StandIn = {
  plugin: "kubernetes",
  version: "4.34.2",
  configure(config) {
    kubeconfig = contents(config.kubeconfig);
    api = new KubeApi(kubeconfig, text(config.context));
    defaultNamespace = text(config.namespace) ?? "default";
    options = {
      upsert: isTrue(config.upsertExistingObjects),
      force: isTrue(config.enablePatchForce),
      mutableSecrets: isTrue(config.enableSecretMutable),
      mutableConfigMaps: isTrue(config.enableConfigMapMutable),
    };
  },
  diffConfig: diffProvider,
  async check({ type, name }, inputs) {
    if (type === releaseType) return checkRelease(name, inputs);
    const object = objectOf(type, inputs);
    if (object.metadata.namespace === undefined && !hasUnknown([object.apiVersion, object.kind])) {
      // Where the cluster can't be asked, the inputs are taken as they are.
      const namespaced = await api.isNamespaced(object).catch(() => false);
      if (namespaced === true) object.metadata.namespace = defaultNamespace;
    }
    return object;
  },
  diff({ type }, old, inputs) {
    if (type === releaseType) return diffRelease(old, inputs);
    return diffObject(type, old, inputs, options);
  },
  create: (call, inputs) =>
    call.type === releaseType
      ? reaching(() => installRelease(api, kubeconfig, call, inputs, 1))
      : createObject(api, call, inputs, options),
  async update(call, old, inputs) {
    if (call.type !== releaseType) return updateObject(api, call, old, inputs, options);
    const revision = Number(old.outputs.status?.revision ?? 0) + 1;
    return (await reaching(() => installRelease(api, kubeconfig, call, inputs, revision))).outputs;
  },
  delete: (call, old) =>
    call.type === releaseType
      ? reaching(() => uninstallRelease(api, kubeconfig, old))
      : deleteObject(api, call, old),
  read: async (call, old) => (call.type === releaseType ? old : readObject(api, call, old)),
};

/**
 * What the real provider replaces for: another `clusterIdentifier`; another cluster in the kubeconfig, or one that isn't known
 * yet, unless an identifier says that it's the same cluster.
 */
export async function diffProvider(olds: Properties, news: Properties): Promise<Difference> {
  const changes = differences(olds, news);
  const [before, after] = [text(olds.clusterIdentifier), text(news.clusterIdentifier)];
  if (before !== undefined && before === after) return { changes };
  const replacing: PathElement[][] = [];
  if (before !== undefined && after !== undefined) replacing.push(["clusterIdentifier"]);
  const connection: PathElement[][] = [["kubeconfig"], ["context"], ["cluster"]];
  if ([news.kubeconfig, news.context].includes(unknown)) replacing.push(...connection);
  else {
    const [oldCluster, newCluster] = await Promise.all([clusterOf(olds), clusterOf(news)]);
    if (
      oldCluster !== undefined &&
      newCluster !== undefined &&
      !isDeepStrictEqual(oldCluster, newCluster)
    )
      replacing.push(...connection);
  }
  return { changes: replacedBy(changes, replacing) };
}

async function clusterOf(config: Properties): Promise<unknown> {
  try {
    const kubeconfig = await loadKubeconfig(contents(config.kubeconfig), text(config.context));
    return kubeconfig.getCurrentCluster() ?? undefined;
  } catch {
    return undefined;
  }
}

function contents(kubeconfig: unknown): string | undefined {
  return typeof kubeconfig === "object" ? JSON.stringify(kubeconfig) : text(kubeconfig);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isTrue(value: unknown): boolean {
  return value === true || value === "true";
}

if (require.main === module) void serve(kubernetes);
