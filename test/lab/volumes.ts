/** Volumes of pods: folders of this machine, filled from the API server and kept up to date. */
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { ApiClient } from "../engine/apiClient";

/** Contents by path; `undefined` where an object that may be missing is. */
type Files = Readonly<Record<string, Buffer>>;

/** Makes a volume's folder, and fills it. @throws Error when an object that it needs isn't there. */
export async function makeVolume(
  api: ApiClient,
  pod: any,
  volume: any,
  folder: string,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  // What fsGroup would do: the container's user may write.
  if (volume.emptyDir !== undefined) chmodSync(folder, 0o777);
  else await fillVolume(api, pod, volume, folder);
}

/** ConfigMaps and Secrets that a volume is made of. */
export function sourcesOf({
  configMap,
  secret,
  projected,
}: any): readonly { readonly kind: "configMaps" | "secrets"; readonly name: string }[] {
  return [
    ...(configMap === undefined ? [] : [{ kind: "configMaps" as const, name: configMap.name }]),
    ...(secret === undefined
      ? []
      : [{ kind: "secrets" as const, name: secret.secretName ?? secret.name }]),
    ...(projected?.sources ?? []).flatMap(sourcesOf),
  ];
}

/** Brings a volume up to date, as the kubelet does. */
export async function fillVolume(
  api: ApiClient,
  pod: any,
  volume: any,
  folder: string,
): Promise<void> {
  if (volume.emptyDir !== undefined) return;
  writeAtomically(folder, await filesOf(api, pod, volume));
}

async function filesOf(api: ApiClient, pod: any, volume: any): Promise<Files> {
  if (volume.configMap !== undefined)
    return objectFiles(api, pod, "configmaps", volume.configMap.name, volume.configMap);
  if (volume.secret !== undefined)
    return objectFiles(api, pod, "secrets", volume.secret.secretName, volume.secret);
  if (volume.downwardAPI !== undefined) return downwardFiles(pod, volume.downwardAPI.items);
  if (volume.projected !== undefined) {
    const sources = await Promise.all(
      volume.projected.sources.map((source: any) => sourceFiles(api, pod, source)),
    );
    return Object.assign({}, ...sources) as Files;
  }
  throw new Error(`volume ${volume.name}: the lab has no such volumes`);
}

async function sourceFiles(api: ApiClient, pod: any, source: any): Promise<Files> {
  if (source.serviceAccountToken !== undefined) {
    const { path, audience, expirationSeconds } = source.serviceAccountToken;
    return { [path]: Buffer.from(await token(api, pod, audience, expirationSeconds)) };
  }
  if (source.configMap !== undefined)
    return objectFiles(api, pod, "configmaps", source.configMap.name, source.configMap);
  if (source.secret !== undefined)
    return objectFiles(api, pod, "secrets", source.secret.name, source.secret);
  if (source.downwardAPI !== undefined) return downwardFiles(pod, source.downwardAPI.items);
  throw new Error(`a projected volume of ${Object.keys(source).join()}: the lab has none`);
}

async function objectFiles(
  api: ApiClient,
  pod: any,
  plural: "configmaps" | "secrets",
  name: string,
  { items, optional }: { items?: readonly { key: string; path: string }[]; optional?: boolean },
): Promise<Files> {
  const { namespace } = pod.metadata;
  const object = await api.find(`/api/v1/namespaces/${namespace}/${plural}/${name}`);
  if (object === undefined) {
    if (optional === true) return {};
    throw new Error(`${plural}/${name} isn't there`);
  }
  const encoding = plural === "secrets" ? "base64" : "utf8";
  const all = Object.entries((object.data ?? {}) as Record<string, string>).map(
    ([key, value]): [string, Buffer] => [key, Buffer.from(value, encoding)],
  );
  const wanted = items?.flatMap(({ key, path }) => {
    const found = all.find(([name]) => name === key);
    return found === undefined ? [] : [[path, found[1]] as const];
  });
  return Object.fromEntries(wanted ?? all);
}

function downwardFiles(pod: any, items: readonly any[]): Files {
  return Object.fromEntries(
    items.map(({ path, fieldRef, resourceFieldRef }) => [
      path,
      Buffer.from(
        fieldRef === undefined
          ? resourceOf(pod, resourceFieldRef)
          : fieldOf(pod, fieldRef.fieldPath),
      ),
    ]),
  );
}

/** A token of the pod's account, bound to the pod. */
async function token(
  api: ApiClient,
  { metadata, spec }: any,
  audience: string | undefined,
  expirationSeconds = 3600,
): Promise<string> {
  const account = spec.serviceAccountName ?? "default";
  const path = `/api/v1/namespaces/${metadata.namespace}/serviceaccounts/${account}/token`;
  const { body } = await api.post(path, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {
      ...(audience === undefined ? {} : { audiences: [audience] }),
      expirationSeconds,
      boundObjectRef: { apiVersion: "v1", kind: "Pod", name: metadata.name, uid: metadata.uid },
    },
  });
  return body.status.token as string;
}

/** A field of a pod, as `fieldRef` names it. */
export function fieldOf(pod: any, path: string): string {
  const key = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (key !== null) return pod.metadata[key[1]!]?.[key[2]!] ?? "";
  if (path === "metadata.labels" || path === "metadata.annotations") {
    const entries = Object.entries((pod.metadata[path.split(".")[1]!] ?? {}) as object);
    return entries.map(([name, value]) => `${name}=${JSON.stringify(value)}\n`).join("");
  }
  const value = path.split(".").reduce((object: any, part) => object?.[part], pod);
  return value === undefined ? "" : String(value);
}

/** A limit or a request of a container, in whole units: what a node has where there is none. */
export function resourceOf(pod: any, { containerName, resource, divisor }: any): string {
  const [kind, name] = resource.split(".") as ["limits" | "requests", string];
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const container = containers.find((candidate) => candidate.name === containerName);
  const quantity = container?.resources?.[kind]?.[name] ?? (name === "cpu" ? "2" : "4Gi");
  const unit = divisor === undefined || divisor === "0" ? 1 : amountOf(String(divisor));
  return String(Math.ceil(amountOf(String(quantity)) / unit));
}

const units: Readonly<Record<string, number>> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

function amountOf(quantity: string): number {
  const [, number = "0", unit = ""] = /^([\d.]+)([a-zA-Z]*)$/.exec(quantity) ?? [];
  return Number(number) * (units[unit] ?? 1);
}

/**
 * What the kubelet does (its AtomicWriter): contents are in a folder of their own, `..data` is a link to it that is moved
 * into place, and each file is a link through `..data`. So all files change at once, and whoever watches for a file of its
 * name to be moved there sees nothing.
 */
function writeAtomically(folder: string, files: Files): void {
  const data = join(folder, "..data");
  const before = existsSync(data) ? readlinkSync(data) : undefined;
  const isSame =
    before !== undefined &&
    Object.keys(files).length === filesBelow(data).length &&
    Object.entries(files).every(([path, content]) => content.equals(contentOf(join(data, path))));
  if (isSame) return;
  const now = `..${new Date().toISOString().replace(/[-:]/g, "_")}${randomUUID().slice(0, 8)}`;
  mkdirSync(join(folder, now));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, now, path)), { recursive: true });
    writeFileSync(join(folder, now, path), content);
    chmodSync(join(folder, now, path), 0o644);
  }
  symlinkSync(now, `${data}_tmp`);
  renameSync(`${data}_tmp`, data);
  const names = new Set(Object.keys(files).map((path) => path.split("/")[0]!));
  for (const name of names)
    if (!isThere(join(folder, name))) symlinkSync(join("..data", name), join(folder, name));
  for (const name of readdirSync(folder))
    if (!name.startsWith("..") && !names.has(name)) rmSync(join(folder, name));
  if (before !== undefined) rmSync(join(folder, before), { recursive: true });
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

/** Also a link that leads nowhere. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.from("\0not there");
  }
}
