/** Containers without a container runtime: bubblewrap gives a program its own root, mounts and user. */
import type { ApiClient } from "../engine/apiClient";
import { imageOf } from "./images";
import { Process } from "./process";
import { fieldOf, resourceOf } from "./volumes";

/** Where a pod's containers run. */
export interface Sandbox {
  readonly cluster: string;
  /** Name of its network namespace. */
  readonly network: string;
  /** Folder of each volume, by name. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Files of /etc that the kubelet writes, by name. */
  readonly etc: Readonly<Record<string, string>>;
  readonly api: ApiClient;
}

/** A container that was started. */
export interface RunningContainer {
  readonly process: Process;
  /** Pid of the program itself. */
  readonly pid: Promise<number>;
}

/** Starts a container of a pod; `pod` has its address already. */
export async function startContainer(
  sandbox: Sandbox,
  pod: any,
  container: any,
  log: string,
): Promise<RunningContainer> {
  const env = await environmentOf(sandbox, pod, container);
  const command = [...commandOf(pod, container, env)];
  const mounts = mountsOf(sandbox, pod, container);
  let heard = "";
  let tell: (pid: number) => void;
  const pid = new Promise<number>((resolve) => (tell = resolve));
  const process = new Process(
    `${sandbox.cluster}/${pod.metadata.namespace}/${pod.metadata.name}/${container.name}`,
    [
      ...["nsenter", `--net=/run/netns/${sandbox.network}`, "--"],
      // The program is the first process of its own, and takes all others with it when it ends.
      ...["bwrap", "--die-with-parent", "--unshare-pid", "--as-pid-1", "--info-fd", "3"],
      ...[...mounts, "--", ...command],
    ],
    {
      log,
      env,
      onInfo: (text) => {
        heard += text;
        const found = /"child-pid":\s*(\d+)/.exec(heard)?.[1];
        if (found !== undefined) tell(Number(found));
      },
    },
  );
  void process.exit.then(() => tell(-1));
  return { process, pid };
}

/** Command line that runs a command beside a running container and where it works, as `kubectl exec` does. */
export function execCommand(pid: number, user: number, command: readonly string[]): string[] {
  return [
    ...["nsenter", `--target=${pid}`, "--net", "--mount", "--uts", "--pid", "--root", "--wd"],
    "--",
    ...asUser(user, command),
  ];
}

/** The user that a container runs as. */
export function userOf(pod: any, container: any): number {
  return (
    container.securityContext?.runAsUser ??
    pod.spec.securityContext?.runAsUser ??
    imageOf(container.image).user ??
    0
  );
}

function asUser(user: number, command: readonly string[]): readonly string[] {
  if (user === 0) return command;
  const id = String(user);
  return ["setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--", ...command];
}

async function environmentOf(
  { api }: Sandbox,
  pod: any,
  container: any,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOSTNAME: pod.metadata.name,
    KUBERNETES_SERVICE_HOST: "10.96.0.1",
    KUBERNETES_SERVICE_PORT: "443",
  };
  for (const { name, value, valueFrom } of container.env ?? [])
    env[name] =
      valueFrom === undefined
        ? expanded(value ?? "", env)
        : await valueOf(api, pod, container, valueFrom);
  return env;
}

async function valueOf(
  api: ApiClient,
  pod: any,
  container: any,
  { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef }: any,
): Promise<string> {
  if (fieldRef !== undefined) return fieldOf(pod, fieldRef.fieldPath);
  if (resourceFieldRef !== undefined)
    return resourceOf(pod, { containerName: container.name, ...resourceFieldRef });
  const { name, key } = configMapKeyRef ?? secretKeyRef;
  const plural = configMapKeyRef === undefined ? "secrets" : "configmaps";
  const object = await api.find(`/api/v1/namespaces/${pod.metadata.namespace}/${plural}/${name}`);
  const value = object?.data?.[key] ?? "";
  return configMapKeyRef === undefined ? Buffer.from(value, "base64").toString() : value;
}

/** `$(NAME)` stands for a variable that was set before. */
function expanded(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\(([\w.-]+)\)/g, (whole, name: string) => env[name] ?? whole);
}

function commandOf(
  pod: any,
  container: any,
  env: Readonly<Record<string, string>>,
): readonly string[] {
  const image = imageOf(container.image);
  const { command, args = [] } = container;
  const words = [...(command ?? image.entrypoint), ...args].map((word) => expanded(word, env));
  return asUser(userOf(pod, container), words);
}

/** Of this machine a container sees its programs and libraries, and nothing else. */
function mountsOf({ volumes, etc }: Sandbox, pod: any, container: any): readonly string[] {
  const isReadOnly = container.securityContext?.readOnlyRootFilesystem === true;
  const mounts: readonly (readonly [how: string, source: string, path: string])[] = [
    ...["alternatives", "ld.so.cache", "nsswitch.conf", "passwd", "group", "ssl"].map(
      (name) => ["--ro-bind-try", `/etc/${name}`, `/etc/${name}`] as const,
    ),
    ...Object.entries(etc).map(([name, file]) => ["--ro-bind", file, `/etc/${name}`] as const),
    ...Object.entries(imageOf(container.image).files).map(
      ([path, source]) => ["--ro-bind", source, path] as const,
    ),
    ...(container.volumeMounts ?? []).map(({ name, mountPath, readOnly, subPath }: any) => {
      const folder = volumes[name]!;
      const source = subPath === undefined ? folder : `${folder}/${subPath}`;
      return [readOnly === true ? "--ro-bind" : "--bind", source, mountPath] as const;
    }),
  ];
  // Folders that bubblewrap makes by itself are root's alone.
  const folders = new Set(mounts.flatMap(([, , path]) => parentsOf(path)));
  return [
    ...["--ro-bind", "/usr", "/usr", "--tmpfs", "/usr/local"],
    ...["bin", "sbin", "lib", "lib64"].flatMap((name) => ["--symlink", `usr/${name}`, `/${name}`]),
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run"],
    ...(isReadOnly ? [] : ["--perms", "1777", "--tmpfs", "/tmp"]),
    ...[...folders].filter((path) => path !== "/usr").flatMap((path) => ["--dir", path]),
    ...mounts.flat(),
    ...(isReadOnly ? ["--remount-ro", "/"] : []),
    ...["--unshare-uts", "--hostname", pod.metadata.name, "--chdir", "/"],
  ];
}

/** `/a`, `/a/b` of `/a/b/c`. */
function parentsOf(path: string): readonly string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}
