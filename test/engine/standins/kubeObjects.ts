/** Objects of a cluster as resources: made, changed by server-side apply, deleted and read. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { differences, replacedBy, type Difference, type PathElement } from "./differences";
import { StatusError, Unreachable, type KubeApi, type KubeObject } from "./kubeApi";
import { Failure, InitFailure, type Call, type Existing } from "./service";
import type { Properties } from "./values";

/** What of the provider's configuration concerns objects. */
export interface ObjectOptions {
  readonly upsert: boolean;
  /** Whether fields that others manage are taken over. */
  readonly force: boolean;
  readonly mutableSecrets: boolean;
  readonly mutableConfigMaps: boolean;
}

/** Fields that can't be changed in place, beside a name. */
const immutableFields: Record<string, readonly (readonly PathElement[])[]> = {
  ClusterRoleBinding: [["roleRef"]],
  DaemonSet: [["spec", "selector"]],
  Deployment: [["spec", "selector"]],
  RoleBinding: [["roleRef"]],
  Service: [["spec", "clusterIP"]],
  StatefulSet: [["spec", "selector"]],
};

/** The inputs as an object: kind and version are those of the type where the inputs have none. */
export function objectOf(type: string, inputs: Properties): KubeObject {
  const [, module = "", kind = ""] = type.split(":");
  return {
    ...inputs,
    apiVersion: (inputs.apiVersion as string | undefined) ?? module.replace(/^core\//, ""),
    kind: (inputs.kind as string | undefined) ?? kind,
    metadata: { ...(inputs.metadata as Properties | undefined) },
  };
}

/** New inputs against the live object, as far as the old inputs set it. */
export function diffObject(
  type: string,
  old: Existing,
  inputs: Properties,
  options: ObjectOptions,
): Difference {
  const shape = objectOf(type, old.inputs);
  const live = objectOf(type, pruned(old.outputs, shape) as Properties);
  // What is written as stringData is read as data.
  if (shape.stringData !== undefined) live.stringData = shape.stringData;
  const wanted = objectOf(type, inputs);
  const secretIsFixed =
    wanted.kind === "Secret" && (!options.mutableSecrets || wanted.immutable === true);
  const configMapIsFixed =
    wanted.kind === "ConfigMap" && (!options.mutableConfigMaps || wanted.immutable === true);
  const changes = replacedBy(differences(live, wanted), [
    ["apiVersion"],
    ["kind"],
    ["metadata", "name"],
    ["metadata", "namespace"],
    ...(immutableFields[wanted.kind] ?? []),
    ...(secretIsFixed ? [["type"], ["data"], ["stringData"]] : []),
    ...(configMapIsFixed ? [["data"], ["binaryData"]] : []),
  ]);
  const sameName =
    live.metadata.name === wanted.metadata.name &&
    live.metadata.namespace === wanted.metadata.namespace;
  return { changes, deleteBeforeReplace: sameName };
}

export async function createObject(
  api: KubeApi,
  call: Call,
  inputs: Properties,
  options: ObjectOptions,
): Promise<{ id: string; outputs: Properties }> {
  const object = objectOf(call.type, inputs);
  if (call.preview) return { id: "", outputs: object };
  const manager = managerOf(object, undefined);
  const what = `creation of resource "${call.urn}" with kind ${object.apiVersion}/${object.kind}`;
  const live = await explained(
    `resource "${call.urn}" was not successfully created by the Kubernetes API server`,
    () =>
      patiently(async () => {
        const path = await existingPath(api, object, what);
        if (options.upsert) return apply(api, path, object, manager, options);
        return api.request({
          method: "POST",
          path,
          query: { fieldManager: sharedManager },
          body: object,
        });
      }),
  );
  const made = { id: idOf(live), outputs: outputsOf(live, manager) };
  return {
    ...made,
    outputs: await ready(
      api,
      call,
      live,
      manager,
      `resource "${call.urn}" was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become live`,
    ),
  };
}

export async function updateObject(
  api: KubeApi,
  call: Call,
  old: Existing,
  inputs: Properties,
  options: ObjectOptions,
): Promise<Properties> {
  const object = objectOf(call.type, inputs);
  if (call.preview) return merged(old.outputs, object) as Properties;
  const manager = managerOf(object, old);
  const failed = `the Kubernetes API server reported that "${old.id}" failed to fully initialize or become live`;
  const path = await explained(`update of resource "${call.urn}" failed`, () =>
    existingPath(api, object, `update of resource "${call.urn}"`),
  );
  let live = await explained(`update of resource "${call.urn}" failed`, () =>
    api.request({ method: "GET", path: `${path}/${object.metadata.name}` }),
  );
  try {
    live = await explained(failed, async () => {
      await takeOver(api, path, live, manager);
      return apply(api, path, object, manager, options);
    });
  } catch (error) {
    // The object is there, as it was: the engine tries again next time.
    if (!(error instanceof Failure) || error.summary === "unreachable") throw error;
    const existing = { id: old.id, outputs: outputsOf(live, manager) };
    throw new InitFailure(error.message, existing, [error.message]);
  }
  return ready(api, call, live, manager, failed);
}

export async function deleteObject(api: KubeApi, call: Call, old: Existing): Promise<void> {
  const object = objectOf(call.type, { ...old.inputs, ...old.outputs });
  await explained(`deletion of resource "${call.urn}" failed`, async () => {
    const path = await api.pathOf(object);
    // A kind that isn't there any more has no objects.
    if (path === undefined) return;
    const one = `${path}/${object.metadata.name}`;
    const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Foreground" };
    try {
      await api.request({ method: "DELETE", path: one, body });
      const until = Date.now() + (call.timeout > 0 ? call.timeout : 60) * 1000;
      for (let pause = 0; ; pause = 100) {
        await sleep(pause);
        const left = await api.request({ method: "GET", path: one });
        if (left.metadata.uid !== object.metadata.uid && object.metadata.uid !== undefined) return;
        if (Date.now() > until || call.signal.aborted)
          throw new Failure(
            `'${object.metadata.name}' timed out waiting to be deleted`,
            "timed out",
          );
      }
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return;
      throw error;
    }
  });
}

export async function readObject(
  api: KubeApi,
  call: Call,
  old: Existing,
): Promise<Existing | undefined> {
  const [namespace, name] = old.id.includes("/")
    ? (old.id.split("/") as [string, string])
    : [undefined, old.id];
  const known = objectOf(call.type, { ...old.outputs, ...old.inputs });
  const { apiVersion, kind } = known;
  const live = await explained(`reading of resource "${call.urn}" failed`, async () => {
    const path = await api.pathOf({ apiVersion, kind, metadata: { namespace } });
    if (path === undefined) return undefined;
    try {
      return await api.request({ method: "GET", path: `${path}/${name}` });
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return undefined;
      throw error;
    }
  });
  if (live === undefined) return undefined;
  const outputs = outputsOf(live, old.outputs.__fieldManager as string | undefined);
  const inputs =
    Object.keys(old.inputs).length > 0 ? pruned(outputs, old.inputs) : importable(live);
  const existing = { id: idOf(live), inputs: inputs as Properties, outputs };
  const reason = unready(live);
  if (reason !== undefined && Object.keys(old.outputs).length > 0) {
    const message = `Resource '${name}' was created but failed to initialize`;
    throw new InitFailure(message, existing, [message, reason]);
  }
  return existing;
}

/** Who manages the object's fields: whom it says, whom the state says, or a name that is made up. */
function managerOf({ metadata }: KubeObject, old: Existing | undefined): string {
  return String(
    metadata.annotations?.["pulumi.com/patchFieldManager"] ??
      old?.outputs.__fieldManager ??
      `pulumi-kubernetes-${randomBytes(4).toString("hex")}`,
  );
}

/** The manager of objects that were created by a plain POST, until their first update. */
const sharedManager = "pulumi-kubernetes";

function apply(
  api: KubeApi,
  path: string,
  object: KubeObject,
  manager: string,
  options: Pick<ObjectOptions, "force">,
): Promise<KubeObject> {
  const force = options.force || object.metadata.annotations?.["pulumi.com/patchForce"] === "true";
  return api
    .request({
      method: "PATCH",
      path: `${path}/${object.metadata.name}`,
      query: { fieldManager: manager, force: String(force) },
      body: object,
      contentType: "application/apply-patch+yaml",
    })
    .catch((error: unknown) => {
      if (!(error instanceof StatusError) || error.code !== 409) throw error;
      throw new Failure(
        `server-side apply field conflict detected, see the provider's documentation for troubleshooting help\nThe resource managed by field manager "${manager}" had an apply conflict: ${error.message}`,
        "conflict",
      );
    });
}

/** Fields that this provider set without server-side apply become this resource's. */
async function takeOver(
  api: KubeApi,
  path: string,
  live: KubeObject,
  manager: string,
): Promise<void> {
  const fields = (live.metadata.managedFields ?? []) as Properties[];
  const isOurs = (entry: Properties): boolean =>
    entry.operation === "Update" && entry.manager === sharedManager;
  if (!fields.some(isOurs)) return;
  await api.request({
    method: "PATCH",
    path: `${path}/${live.metadata.name}`,
    contentType: "application/json-patch+json",
    body: [
      {
        op: "replace",
        path: "/metadata/managedFields",
        value: fields.map((entry) =>
          isOurs(entry) ? { ...entry, manager, operation: "Apply" } : entry,
        ),
      },
      { op: "replace", path: "/metadata/resourceVersion", value: live.metadata.resourceVersion },
    ],
  });
}

/** Waits for a load balancer's address; nothing else is waited for. */
async function ready(
  api: KubeApi,
  call: Call,
  made: KubeObject,
  manager: string,
  failed: string,
): Promise<Properties> {
  let live = made;
  const until = Date.now() + (call.timeout > 0 ? call.timeout : 600) * 1000;
  for (let reason = unready(live); reason !== undefined; reason = unready(live)) {
    const cause = call.signal.aborted
      ? `Resource operation was cancelled for "${made.metadata.name}"`
      : Date.now() > until
        ? `'${made.metadata.name}' timed out waiting to be Ready`
        : undefined;
    if (cause !== undefined) {
      const message = `${failed}: ${cause}`;
      const existing = { id: idOf(live), outputs: outputsOf(live, manager) };
      throw new InitFailure(message, existing, [message, reason]);
    }
    await sleep(250, undefined, { signal: call.signal }).catch(() => undefined);
    live = await api.request({
      method: "GET",
      path: `${await api.pathOf(made)}/${made.metadata.name}`,
    });
  }
  return outputsOf(live, manager);
}

function unready(live: KubeObject): string | undefined {
  const skipped = live.metadata.annotations?.["pulumi.com/skipAwait"] === "true";
  if (live.kind === "Secret" && live.type === "kubernetes.io/service-account-token" && !skipped)
    return live.data?.token === undefined ? "Secret has no token yet" : undefined;
  if (live.kind !== "Service" || live.apiVersion !== "v1" || skipped) return undefined;
  if (live.spec?.type !== "LoadBalancer") return undefined;
  if (((live.status?.loadBalancer?.ingress ?? []) as unknown[]).length > 0) return undefined;
  return "Service was not allocated an IP address; does your cloud provider support this?";
}

/** The API server doesn't know the object's kind. */
class NoMatch extends Failure {}

async function existingPath(api: KubeApi, object: KubeObject, what: string): Promise<string> {
  const path = await api.pathOf(object);
  if (path !== undefined) return path;
  throw new NoMatch(
    `${what} failed because the Kubernetes API server reported that the apiVersion for this resource does not exist. Verify that any required CRDs have been created: no matches for kind "${object.kind}" in version "${object.apiVersion}"`,
    "no match",
  );
}

/** Three tries in five seconds: a namespace or a definition may be on its way. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const mayCome =
        error instanceof NoMatch || (error instanceof StatusError && error.code === 404);
      if (!mayCome || attempt === 3) throw error;
      await sleep(2500);
    }
  }
}

/** Errors in the real provider's words. */
async function explained<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Unreachable) throw unreachable(error);
    if (error instanceof NoMatch) throw error;
    if (error instanceof Failure) throw new Failure(`${what}: ${error.message}`, error.summary);
    if (!(error instanceof StatusError)) throw error;
    const help = error.reason === "AlreadyExists" ? alreadyExists : "";
    throw new Failure(`${what}: ${error.message}${help}`, error.reason);
  }
}

export function unreachable(cause: Error): Failure {
  return new Failure(
    `configured Kubernetes cluster is unreachable: unable to load schema information from the API server: ${cause.message}`,
    "unreachable",
  );
}

const alreadyExists = `

The resource already exists in the cluster. This can happen when:

  - Renaming a Pulumi resource: use an alias to preserve the identity,
    or use deleteBeforeReplace if the resource needs replacement.
  - Managing an existing resource: use a Patch resource (e.g. NamespacePatch)
    to manage specific fields without owning the resource lifecycle.
  - Adopting a resource into Pulumi: use \`pulumi import\`. Note that
    protected resources (e.g. kube-system) cannot be deleted on destroy.
  - Intentional upsert: set upsertExistingObjects on the provider to allow
    server-side apply to update existing objects on create.`;

function idOf({ metadata }: KubeObject): string {
  const { name, namespace } = metadata;
  return namespace === undefined ? String(name) : `${namespace}/${name}`;
}

function outputsOf(live: KubeObject, manager: string | undefined): Properties {
  const { managedFields: _managedFields, ...metadata } = live.metadata;
  return {
    ...live,
    metadata,
    __initialApiVersion: live.apiVersion,
    ...(manager === undefined ? {} : { __fieldManager: manager }),
  };
}

/** What of an object that others made can be inputs. */
function importable(live: KubeObject): Properties {
  const { status: _status, ...rest } = live;
  const { name, namespace, labels, annotations } = live.metadata;
  return { ...rest, metadata: { name, namespace, labels, annotations } };
}

/** The value, of objects only what the shape has too. */
function pruned(value: unknown, shape: unknown): unknown {
  if (Array.isArray(value))
    return Array.isArray(shape) && shape.length === value.length
      ? value.map((element, index) => pruned(element, shape[index]))
      : value;
  if (typeof value !== "object" || value === null) return value;
  if (typeof shape !== "object" || shape === null || Array.isArray(shape)) return value;
  return Object.fromEntries(
    Object.entries(shape)
      .filter(([key]) => key in value)
      .map(([key, inner]) => [key, pruned((value as Properties)[key], inner)]),
  );
}

function merged(base: unknown, over: unknown): unknown {
  const isObject = (value: unknown): value is Properties =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject(base) || !isObject(over)) return over;
  return {
    ...base,
    ...Object.fromEntries(
      Object.entries(over).map(([key, value]) => [key, merged(base[key], value)]),
    ),
  };
}
